//! What all kinds of types have in common.

use graphql_tools::{
    parser::query::Value,
    static_graphql::schema::{Directive, TypeDefinition},
};

const DEFAULT_REASON: &str = "No longer supported";

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

/// Why it should not be used any more.
pub(super) fn reason(directives: &[Directive]) -> Option<String> {
    let directive = directives.iter().find(|directive| directive.name == "deprecated")?;
    Some(string(directive, "reason").unwrap_or_else(|| DEFAULT_REASON.to_owned()))
}

/// An argument of a directive that is text.
pub(super) fn string(directive: &Directive, argument: &str) -> Option<String> {
    directive.arguments.iter().find_map(|(name, value)| match value {
        Value::String(text) if name == argument => Some(text.clone()),
        _ => None,
    })
}
