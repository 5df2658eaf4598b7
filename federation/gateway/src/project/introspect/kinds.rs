//! What all kinds of types have in common, and how values are written.

use graphql_tools::static_graphql::schema::{Directive, TypeDefinition, Value};

use platform_graphql::strings;

use crate::supergraph::text;

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
    Some(
        text(&directive.arguments, "reason")
            .unwrap_or(DEFAULT_REASON)
            .to_owned(),
    )
}

/// A value as a schema writes it. The library's own printer writes other characters than it was given.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => strings::quoted(text),
        Value::List(items) => format!("[{}]", listed(items.iter().map(literal))),
        Value::Object(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(name, value)| format!("{name}: {}", literal(value)));
            format!("{{{}}}", listed(entries))
        }
        plain => plain.to_string(),
    }
}

fn listed(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
