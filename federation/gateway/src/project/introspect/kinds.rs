//! What all kinds of types have in common.

use graphql_tools::static_graphql::schema::TypeDefinition;

/// As `__TypeKind` calls it.
pub(super) fn kind(definition: &TypeDefinition) -> &'static str {
    match definition {
        TypeDefinition::Scalar(_) => "SCALAR",
        TypeDefinition::Object(_) => "OBJECT",
        TypeDefinition::Interface(_) => "INTERFACE",
        TypeDefinition::Union(_) => "UNION",
        TypeDefinition::Enum(_) => "ENUM",
        TypeDefinition::InputObject(_) => "INPUT_OBJECT",
    }
}

/// What its author says of it.
pub(super) fn description(definition: &TypeDefinition) -> Option<&String> {
    match definition {
        TypeDefinition::Scalar(definition) => definition.description.as_ref(),
        TypeDefinition::Object(definition) => definition.description.as_ref(),
        TypeDefinition::Interface(definition) => definition.description.as_ref(),
        TypeDefinition::Union(definition) => definition.description.as_ref(),
        TypeDefinition::Enum(definition) => definition.description.as_ref(),
        TypeDefinition::InputObject(definition) => definition.description.as_ref(),
    }
}
