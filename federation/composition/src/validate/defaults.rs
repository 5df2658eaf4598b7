//! Default values must be values of the types they stand for.

use super::value;
use crate::{
    error::{Code, CompositionError},
    model::Field,
    subgraph::Schema,
};

/// Checks the defaults of arguments and input fields.
pub(super) fn check(schema: &Schema) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for ty in schema.types.values() {
        for field in ty.fields.values() {
            let coordinate = format!("{}.{}", ty.name, field.name);
            errors.extend(check_one(schema, &coordinate, field));
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
        for argument in &definition.arguments {
            let coordinate = format!("@{}({}:)", definition.name, argument.name);
            errors.extend(check_one(schema, &coordinate, &Field::from(&**argument)));
        }
    }
    errors
}

fn check_one(schema: &Schema, coordinate: &str, field: &Field) -> Option<CompositionError> {
    let default = field.default.as_ref()?;
    if value::fits(default, &field.ty, schema) {
        return None;
    }
    let message = format!(
        "the default {default} of \"{coordinate}\" is no value of type \"{}\"",
        field.ty
    );
    Some(schema.error(Code::InvalidGraphql, message, default.location()))
}
