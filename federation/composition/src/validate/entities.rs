//! Keys on interfaces, and interfaces as objects.

use apollo_compiler::ast::Selection;

use crate::{
    error::{Code, CompositionError},
    model::{Directives, Kind, Type},
    spec::{Feature, Version},
    subgraph::{Schema, parse_selections},
};

/// Checks the entities of a subgraph.
pub(super) fn check(schema: &Schema) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for ty in schema.types.values() {
        if ty.kind == Kind::Interface && ty.is_entity() {
            errors.extend(check_interface(schema, ty));
        }
        if ty.is_interface_object() {
            errors.extend(check_interface_object(schema, ty));
        }
    }
    errors
}

fn check_interface(schema: &Schema, interface: &Type) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for key in interface.directives.all(Feature::Key) {
        if schema.version < Version::new(2, 3) {
            let message = format!(
                "@key cannot be used on interface \"{}\": that needs version v2.3 of Federation",
                interface.name
            );
            errors.push(schema.error(Code::KeyUnsupportedOnInterface, message, key.location));
            continue;
        }
        let wanted = normalized(key.fields());
        let implementations = schema.runtime_types(interface);
        for ty in implementations.into_iter().filter_map(|name| schema.types.get(name)) {
            let same = ty
                .directives
                .all(Feature::Key)
                .filter(|other| normalized(other.fields()) == wanted)
                .collect::<Vec<_>>();
            let fault = match same.as_slice() {
                [] => "is missing on",
                _ if key.is_resolvable() && !same.iter().any(|other| other.is_resolvable()) => "is not resolvable on",
                _ => continue,
            };
            let message = format!(
                "@key(fields: \"{}\") of interface \"{}\" {fault} \"{}\", which implements it",
                key.fields(),
                interface.name,
                ty.name
            );
            errors.push(schema.error(Code::InterfaceKeyNotOnImplementation, message, ty.location));
        }
    }
    errors
}

/// An interface that is an object here stands for all implementations, so none can be known.
fn check_interface_object(schema: &Schema, ty: &Type) -> Option<CompositionError> {
    if !ty.is_entity() {
        let message = format!(
            "\"{}\" is an @interfaceObject without a @key: only entities can be interface objects",
            ty.name
        );
        return Some(schema.error(Code::InterfaceObjectUsageError, message, ty.location));
    }
    None
}

/// A selection with its fields in one order, so that equal keys look the same.
fn normalized(text: &str) -> Vec<String> {
    fn print(selections: &[Selection]) -> Vec<String> {
        let mut all = selections
            .iter()
            .map(|selection| match selection {
                Selection::Field(field) => format!("{}{{{}}}", field.name, print(&field.selection_set).join(" ")),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref().map(|name| name.to_string());
                    format!(
                        "...{}{{{}}}",
                        condition.unwrap_or_default(),
                        print(&fragment.selection_set).join(" ")
                    )
                }
                Selection::FragmentSpread(spread) => format!("...{}", spread.fragment_name),
            })
            .collect::<Vec<_>>();
        all.sort();
        all.dedup();
        all
    }
    print(&parse_selections(text).unwrap_or_default())
}
