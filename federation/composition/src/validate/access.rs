//! Access requirements stand where data is: on objects and their fields.

use crate::{
    error::{Code, CompositionError},
    model::{Applied, Kind},
    subgraph::Schema,
};

/// Checks that no interface carries access requirements.
pub(super) fn check(schema: &Schema) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    let abstracts = schema
        .types
        .values()
        .filter(|ty| ty.kind == Kind::Interface || ty.is_interface_object());
    for ty in abstracts {
        errors.extend(refuse(schema, &ty.name, &ty.directives));
        // What an interface object resolves is data of the types behind it.
        for field in ty.fields.values().filter(|_| ty.kind == Kind::Interface) {
            let coordinate = format!("{}.{}", ty.name, field.name);
            errors.extend(refuse(schema, &coordinate, &field.directives));
        }
    }
    errors
}

fn refuse(schema: &Schema, coordinate: &str, directives: &[Applied]) -> Vec<CompositionError> {
    let refused = directives
        .iter()
        .filter(|applied| applied.feature.is_some_and(|feature| feature.is_access_control()));
    refused
        .map(|applied| {
            let message = format!(
                "@{} cannot be used on \"{coordinate}\": interfaces and interface objects carry no access requirements, put it on the types behind them",
                applied.name
            );
            schema.error(Code::AuthRequirementsAppliedOnInterface, message, applied.location)
        })
        .collect()
}
