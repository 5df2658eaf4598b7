//! What types are to all subgraphs together: extensions need something to extend, and a root is one everywhere.

use apollo_compiler::ast::OperationType;

use super::Schema;
use crate::{
    error::{Code, CompositionError},
    model::Kind,
};

/// Reports extensions of types that no subgraph defines.
pub(crate) fn check_bases(schemas: &[Schema]) -> Vec<CompositionError> {
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

/// Reports types with the name of a root that are one in another subgraph, but not in their own.
pub(crate) fn check_roots(schemas: &[Schema]) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for (operation, code) in [
        (OperationType::Mutation, Code::RootMutationUsed),
        (OperationType::Subscription, Code::RootSubscriptionUsed),
    ] {
        let is_root = |schema: &&Schema| schema.roots.contains(&operation);
        let Some(other) = schemas.iter().find(is_root) else {
            continue;
        };
        for schema in schemas.iter().filter(|schema| !is_root(schema)) {
            let name = operation.default_type_name();
            let ty = schema.types.get(&name).filter(|ty| ty.kind == Kind::Object);
            errors.extend(ty.map(|ty| {
                let message = format!(
                    "type \"{name}\" is no {operation} root here, but is in \"{}\": rename it, or name it in schema {{ {operation}: {name} }}",
                    other.name
                );
                schema.error(code, message, ty.location)
            }));
        }
    }
    errors
}
