//! `@context` and `@fromContext`.

use apollo_compiler::{
    ast::{self, Selection},
    parser::SourceSpan,
};

use crate::{
    context::split,
    error::{Code, CompositionError},
    model::{Applied, Directives, Field, Kind, Type},
    spec::Feature,
    subgraph::{Schema, parse_selections},
};

/// Checks the contexts of a subgraph.
pub(super) fn check(schema: &Schema) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for ty in schema.types.values() {
        for context in ty.directives.all(Feature::Context) {
            errors.extend(check_name(schema, context));
        }
        for field in ty.fields.values() {
            for argument in field.arguments.values() {
                if let Some(from) = argument.directives.first(Feature::FromContext) {
                    let place = Place {
                        schema,
                        ty,
                        field,
                        argument,
                        span: from.location,
                    };
                    errors.extend(place.check(from.text("field").unwrap_or_default()));
                }
            }
        }
        errors.extend(check_key(schema, ty));
    }
    errors
}

fn check_name(schema: &Schema, context: &Applied) -> Option<CompositionError> {
    let name = context.text("name").unwrap_or_default();
    let is_valid = name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric());
    (!is_valid).then(|| {
        let message = format!("the context name \"{name}\" must be letters and digits only, and begin with a letter");
        schema.error(Code::ContextNameInvalid, message, context.location)
    })
}

/// A contextual argument is sent with an entity fetch, so there must be a key for one.
fn check_key(schema: &Schema, ty: &Type) -> Option<CompositionError> {
    let is_contextual = ty
        .fields
        .values()
        .flat_map(|field| field.arguments.values())
        .any(|argument| argument.directives.has(Feature::FromContext));
    let is_reachable = ty.directives.all(Feature::Key).any(Applied::is_resolvable);
    (ty.kind == Kind::Object && is_contextual && !is_reachable).then(|| {
        let message = format!(
            "\"{}\" has an argument from a context, so it needs a resolvable @key",
            ty.name
        );
        schema.error(Code::ContextNoResolvableKey, message, ty.location)
    })
}

/// An argument that a context fills.
struct Place<'a> {
    schema: &'a Schema,
    ty: &'a Type,
    field: &'a Field,
    argument: &'a Field,
    span: Option<SourceSpan>,
}

impl Place<'_> {
    fn coordinate(&self) -> String {
        format!("{}.{}({}:)", self.ty.name, self.field.name, self.argument.name)
    }

    fn error(&self, code: Code, message: &str) -> CompositionError {
        let message = format!("@fromContext on \"{}\" is not valid: {message}", self.coordinate());
        self.schema.error(code, message, self.span)
    }

    fn check(&self, value: &str) -> Vec<CompositionError> {
        if let Some(message) = self.misplaced() {
            return vec![self.error(Code::ContextNotSet, message)];
        }
        let found = split(value).filter(|(_, selection)| !selection.trim().is_empty());
        let Some((context, selection)) = found else {
            let message =
                format!("\"{value}\" must be the name of a context and a selection, like \"$name {{ field }}\"");
            return vec![self.error(Code::NoContextInSelection, &message)];
        };
        let sets = |ty: &&Type| {
            let mut contexts = ty.directives.all(Feature::Context);
            contexts.any(|applied| applied.text("name") == Some(context))
        };
        let setters = self.schema.types.values().filter(sets).collect::<Vec<_>>();
        if setters.is_empty() {
            let message = format!("no type sets the context \"{context}\"");
            return vec![self.error(Code::ContextNotSet, &message)];
        }
        if self.argument.ty.is_non_null() {
            let message = format!(
                "the argument's type \"{}\" cannot be null, and a context may have nothing for it: remove the last !",
                self.argument.ty
            );
            return vec![self.error(Code::ContextInvalidSelection, &message)];
        }
        let selections = match parse_selections(selection) {
            Ok(selections) => selections,
            Err(message) => return vec![self.error(Code::ContextInvalidSelection, &message)],
        };
        let faults = setters.iter().map(|setter| self.selection_fault(setter, &selections));
        let faults = faults.chain([self.conditions_fault(&setters, &selections)]).flatten();
        faults
            .map(|message| self.error(Code::ContextInvalidSelection, &message))
            .collect()
    }

    fn misplaced(&self) -> Option<&'static str> {
        if self.ty.kind != Kind::Object {
            return Some("a field of an interface cannot have it");
        }
        let implemented = self
            .ty
            .implements
            .iter()
            .any(|interface| self.schema.field(interface, &self.field.name).is_some());
        if implemented {
            return Some("a field that implements an interface's cannot have it");
        }
        let has_default = self.argument.default.is_some();
        has_default.then_some("the argument cannot have a default value")
    }

    /// Why a selection does not yield one fitting value on a type that sets the context.
    fn selection_fault(&self, setter: &Type, selections: &[Selection]) -> Option<String> {
        let has_conditions = selections
            .iter()
            .any(|selection| matches!(selection, Selection::InlineFragment(_)));
        if !has_conditions {
            return self.path_fault(setter, selections);
        }
        let possible = self.schema.runtime_types(setter);
        let mut is_matched = false;
        for selection in selections {
            let Selection::InlineFragment(fragment) = selection else {
                return Some("fields and type conditions cannot be mixed".to_owned());
            };
            if !fragment.directives.0.is_empty() {
                return Some("directives are not allowed in the selection".to_owned());
            }
            let condition = fragment.type_condition.as_ref();
            let Some(target) = condition.and_then(|name| self.schema.types.get(name)) else {
                return Some("each of its fragments must be on a type".to_owned());
            };
            if possible.contains(&&target.name) {
                is_matched = true;
                if let Some(fault) = self.path_fault(target, &fragment.selection_set) {
                    return Some(fault);
                }
            }
        }
        (!is_matched).then(|| format!("no type condition matches \"{}\"", setter.name))
    }

    /// Why type conditions make no sense for all types together that set the context.
    fn conditions_fault(&self, setters: &[&Type], selections: &[Selection]) -> Option<String> {
        let conditions = selections.iter().filter_map(|selection| match selection {
            Selection::InlineFragment(fragment) => fragment.type_condition.as_ref(),
            _ => None,
        });
        let conditions = conditions.collect::<Vec<_>>();
        let possible = setters.iter().flat_map(|setter| self.schema.runtime_types(setter));
        for (index, condition) in conditions.iter().enumerate() {
            if conditions[..index].contains(condition) {
                return Some(format!("two of its fragments are on \"{condition}\""));
            }
        }
        let unused = conditions
            .iter()
            .find(|condition| !possible.clone().any(|name| name == **condition));
        unused.map(|condition| format!("no type that sets the context can be \"{condition}\""))
    }

    fn path_fault(&self, ty: &Type, selections: &[Selection]) -> Option<String> {
        let (mut ty, mut selections) = (ty, selections);
        let mut depth = 0;
        loop {
            if ty.is_interface_object() {
                return Some(format!("\"{}\" is an @interfaceObject", ty.name));
            }
            let [Selection::Field(selected)] = selections else {
                return Some("it must select exactly one field".to_owned());
            };
            if selected.alias.is_some() {
                return Some("aliases are not allowed in the selection".to_owned());
            }
            if !selected.directives.0.is_empty() {
                return Some("directives are not allowed in the selection".to_owned());
            }
            let Some(field) = ty.fields.get(&selected.name) else {
                return Some(format!("\"{}\" has no field \"{}\"", ty.name, selected.name));
            };
            if selected.selection_set.is_empty() {
                let expected = unwrap_lists(&self.argument.ty, depth);
                let is_fitting = expected.is_some_and(|expected| fits(&field.ty, expected));
                return (!is_fitting).then(|| {
                    format!(
                        "the selected type \"{}\" does not fit the argument's type \"{}\"",
                        field.ty, self.argument.ty
                    )
                });
            }
            depth += list_depth(&field.ty);
            ty = self.schema.types.get(field.ty.inner_named_type())?;
            selections = &selected.selection_set;
        }
    }
}

fn list_depth(ty: &ast::Type) -> usize {
    match ty {
        ast::Type::List(item) | ast::Type::NonNullList(item) => 1 + list_depth(item),
        _ => 0,
    }
}

fn unwrap_lists(ty: &ast::Type, depth: usize) -> Option<&ast::Type> {
    match (depth, ty) {
        (0, ty) => Some(ty),
        (_, ast::Type::List(item) | ast::Type::NonNullList(item)) => unwrap_lists(item, depth - 1),
        _ => None,
    }
}

/// Whether a value of one type can be passed where another is expected.
fn fits(given: &ast::Type, expected: &ast::Type) -> bool {
    use ast::Type::{List, Named, NonNullList, NonNullNamed};
    match (given, expected) {
        (Named(a), Named(b)) | (NonNullNamed(a), Named(b) | NonNullNamed(b)) => a == b,
        (List(a), List(b)) | (NonNullList(a), List(b) | NonNullList(b)) => fits(a, b),
        _ => false,
    }
}
