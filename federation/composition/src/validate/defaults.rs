//! Defaults of arguments and input fields, and what may be deprecated of them.

use apollo_compiler::parser::SourceSpan;

use super::value;
use crate::{
    error::{Code, CompositionError},
    model::{Directives, Field, Kind},
    spec::Feature,
    subgraph::Schema,
};

/// Checks the arguments and input fields of a subgraph.
pub(super) fn check(schema: &Schema) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for ty in schema.types.values() {
        for field in ty.fields.values() {
            let coordinate = format!("{}.{}", ty.name, field.name);
            if ty.kind == Kind::Input {
                errors.extend(check_one(schema, &coordinate, field));
            }
            for argument in field.arguments.values() {
                errors.extend(check_one(
                    schema,
                    &format!("{coordinate}({}:)", argument.name),
                    argument,
                ));
            }
        }
    }
    for definition in schema.definitions.values() {
        for argument in definition.arguments.values() {
            let coordinate = format!("@{}({}:)", definition.name, argument.name);
            errors.extend(check_one(schema, &coordinate, argument));
        }
    }
    errors
}

fn check_one(schema: &Schema, coordinate: &str, field: &Field) -> Option<CompositionError> {
    let Some(default) = field.default.as_ref() else {
        let is_wrong = field.is_required() && field.directives.has(Feature::Deprecated);
        return is_wrong.then(|| deprecated(schema, coordinate, field.location));
    };
    if value::fits(default, &field.ty, schema) {
        return None;
    }
    let message = format!(
        "the default {} of \"{coordinate}\" is no value of type \"{}\"",
        default.serialize().no_indent(),
        field.ty
    );
    Some(schema.error(Code::InvalidGraphql, message, default.location()))
}

/// Nobody could stop giving it.
fn deprecated(schema: &Schema, coordinate: &str, location: Option<SourceSpan>) -> CompositionError {
    let message =
        format!("\"{coordinate}\" is required, so it cannot be deprecated: make it nullable or give it a default");
    schema.error(Code::InvalidGraphql, message, location)
}
