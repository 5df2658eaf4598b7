//! Extensions need something to extend, in whichever subgraph.

use super::Schema;
use crate::error::{Code, CompositionError};

/// Reports each extension of a type that no subgraph defines.
pub(crate) fn check(schemas: &[Schema]) -> Vec<CompositionError> {
    let is_defined = |name: &str| {
        let declared = schemas.iter().filter_map(|schema| schema.types.get(name));
        matches!(name, "Query" | "Mutation" | "Subscription") || declared.into_iter().any(|ty| !ty.is_extension)
    };
    let mut errors = Vec::new();
    for schema in schemas {
        for ty in schema.types.values().filter(|ty| !is_defined(&ty.name)) {
            let message = format!(
                "type \"{}\" is extended, but no subgraph defines it: define it in one of them",
                ty.name
            );
            errors.push(schema.error(Code::ExtensionWithNoBase, message, ty.location));
        }
    }
    errors
}
