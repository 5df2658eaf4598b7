//! A subgraph may define federation directives itself, but only as their specification does.

use apollo_compiler::ast::{Definition, DirectiveDefinition, Document, Type};

use crate::{
    error::{Code, CompositionError},
    spec::{Feature, definition, types_of},
    subgraph::{Names, Schema},
};

/// What `for` of `@link` takes, in its specification.
const PURPOSE: &str = "Purpose";

/// Checks a subgraph's own definitions of federation directives and types.
pub(crate) fn definitions(document: &Document, names: &Names, schema: &Schema) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for found in &document.definitions {
        let Some(name) = found.name() else { continue };
        errors.extend(shared_twice(found, names, schema));
        if let Definition::DirectiveDefinition(directive) = found {
            errors.extend(contextual(directive, names, schema));
            let feature = names.feature(name).filter(|feature| is_checked(*feature));
            let fault = feature.and_then(|feature| fault(directive, feature, names));
            errors.extend(fault.map(|message| {
                let message = format!("@{name} is not defined as its specification says: {message}");
                schema.error(Code::DirectiveDefinitionInvalid, message, found.location())
            }));
        } else if names
            .spec_type(name)
            .is_some_and(|element| !is_as_specified(found, element))
        {
            let message =
                format!("type \"{name}\" belongs to Federation and must be defined as its specification says");
            errors.push(schema.error(Code::TypeDefinitionInvalid, message, found.location()));
        }
    }
    errors
}

/// A type and its extensions may each be shareable, but none of them twice.
fn shared_twice(found: &Definition, names: &Names, schema: &Schema) -> Option<CompositionError> {
    let applied = found.directives().0.iter();
    let mut shareable = applied.filter(|applied| names.feature(&applied.name) == Some(Feature::Shareable));
    let second = shareable.nth(1)?;
    let name = found.name()?;
    let message = format!("@{} stands twice on \"{name}\": remove one of them", second.name);
    Some(schema.error(Code::InvalidShareableUsage, message, second.location()))
}

/// Contexts fill arguments of fields only.
fn contextual(directive: &DirectiveDefinition, names: &Names, schema: &Schema) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for argument in &directive.arguments {
        let mut applied = argument.directives.0.iter();
        if let Some(from) = applied.find(|applied| names.feature(&applied.name) == Some(Feature::FromContext)) {
            let message = format!(
                "@{} cannot be used on \"@{}({}:)\", an argument of a directive",
                from.name, directive.name, argument.name
            );
            errors.push(schema.error(Code::ContextNotSet, message, from.location()));
        }
    }
    errors
}

fn is_checked(feature: Feature) -> bool {
    !matches!(feature, Feature::Deprecated | Feature::SpecifiedBy)
}

/// All types of the specifications are scalars, except what `for` of `@link` takes.
fn is_as_specified(found: &Definition, element: &str) -> bool {
    match found {
        Definition::EnumTypeDefinition(found) => {
            let is_known = |value: &str| matches!(value, "SECURITY" | "EXECUTION");
            element == PURPOSE && found.values.len() == 2 && found.values.iter().all(|it| is_known(it.value.as_str()))
        }
        Definition::ScalarTypeDefinition(_) | Definition::ScalarTypeExtension(_) => element != PURPOSE,
        _ => false,
    }
}

fn fault(found: &DirectiveDefinition, feature: Feature, names: &Names) -> Option<String> {
    let text = definition(feature, names.version.max(feature.since()), "spec", |element| {
        names.type_name(feature, element)
    });
    let parsed = Document::parse(text, "spec").unwrap_or_else(|partial| partial.partial);
    let expected = parsed.definitions.first()?.as_directive_definition()?;
    for argument in &found.arguments {
        let Some(known) = expected.arguments.iter().find(|known| known.name == argument.name) else {
            return Some(format!("it has no argument \"{}\"", argument.name));
        };
        if !is_compatible(&argument.ty, &known.ty, feature, names) {
            return Some(format!(
                "argument \"{}\" must have type \"{}\" but has type \"{}\"",
                argument.name, known.ty, argument.ty
            ));
        }
    }
    let missing = expected
        .arguments
        .iter()
        .find(|known| known.is_required() && found.arguments.iter().all(|argument| argument.name != known.name));
    if let Some(missing) = missing {
        return Some(format!("its argument \"{}\" is missing", missing.name));
    }
    let foreign = found
        .locations
        .iter()
        .find(|location| !expected.locations.contains(location));
    foreign.map(|location| format!("it cannot be applied to {location}"))
}

/// Older libraries write `String` for the types of the specification, and leave out that a value is required.
fn is_compatible(found: &Type, expected: &Type, feature: Feature, names: &Names) -> bool {
    match (found, expected) {
        (Type::List(found) | Type::NonNullList(found), Type::List(expected) | Type::NonNullList(expected)) => {
            is_compatible(found, expected, feature, names)
        }
        (Type::Named(found) | Type::NonNullNamed(found), Type::Named(expected) | Type::NonNullNamed(expected)) => {
            let mut elements = types_of(feature).iter();
            let scalar = elements.find(|element| names.type_name(feature, element) == expected.as_str());
            let scalar = scalar.filter(|element| **element != PURPOSE);
            found == expected || scalar.is_some_and(|element| found == "String" || found.ends_with(element))
        }
        _ => false,
    }
}
