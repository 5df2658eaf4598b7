//! Where operations start in a document.

use apollo_compiler::{
    Name,
    ast::{Definition, Document, OperationType},
};

/// The root types a document declares, or those with the usual names.
pub(crate) fn roots(document: &Document) -> Vec<(OperationType, Name)> {
    let mut roots = Vec::new();
    let mut is_explicit = false;
    for definition in &document.definitions {
        match definition {
            Definition::SchemaDefinition(schema) => {
                is_explicit = true;
                roots.extend(schema.root_operations.iter().map(|root| (**root).clone()));
            }
            Definition::SchemaExtension(schema) => {
                roots.extend(schema.root_operations.iter().map(|root| (**root).clone()));
            }
            _ => {}
        }
    }
    if is_explicit {
        return roots;
    }
    for operation in [
        OperationType::Query,
        OperationType::Mutation,
        OperationType::Subscription,
    ] {
        let is_declared = roots.iter().any(|(other, _)| *other == operation);
        let usual = document.definitions.iter().find_map(|definition| {
            match definition {
                Definition::ObjectTypeDefinition(_) | Definition::ObjectTypeExtension(_) => definition.name(),
                _ => None,
            }
            .filter(|name| **name == operation.default_type_name())
        });
        if let (false, Some(name)) = (is_declared, usual) {
            roots.push((operation, name.clone()));
        }
    }
    roots
}
