//! What a strict server says of the documents that a subgraph is sent: most servers refuse one that breaks a rule.

use apollo_compiler::{ExecutableDocument, Schema, schema::ExtendedType, validation::Valid};
use serde_json::Value;

/// The schema of a subgraph, with the fields that federation adds to it.
pub(crate) struct Strict(Valid<Schema>);

impl Strict {
    /// The rules of a subgraph's schema.
    pub(crate) fn new(sdl: &str) -> Self {
        let own = schema(sdl, "");
        let root = own
            .schema_definition
            .query
            .as_ref()
            .map_or("Query", |query| query.as_str());
        let entities: Vec<String> = own.types.values().filter_map(entity).collect();
        let has_enough = entities.is_empty() || own.types.contains_key("_Any");
        let added = match has_enough {
            true => String::new(),
            false => format!(
                "scalar _Any union _Entity = {}
                 extend type {root} {{ _entities(representations: [_Any!]!): [_Entity]! }}",
                entities.join(" | ")
            ),
        };
        Self(Valid::assume_valid(schema(sdl, &added)))
    }

    /// What is wrong with a document, if anything is.
    pub(crate) fn refusal(&self, document: &str) -> Option<String> {
        let refused = ExecutableDocument::parse_and_validate(&self.0, document, "document").err()?;
        let faults: Vec<String> = refused.errors.iter().map(|fault| fault.error.to_string()).collect();
        Some(format!("{}: {document}", faults.join("; ")))
    }
}

/// The documents of a plan, each with the subgraph that gets it.
pub(crate) fn documents(plan: &Value) -> Vec<(&str, &str)> {
    let of = |key: &str| plan[key].as_str();
    let own = of("subgraph").zip(of("document"));
    let below = match plan {
        Value::Object(parts) => parts.values().flat_map(documents).collect(),
        Value::Array(parts) => parts.iter().flat_map(documents).collect(),
        _ => Vec::new(),
    };
    own.into_iter().chain(below).collect()
}

fn schema(sdl: &str, added: &str) -> Schema {
    let text = format!("{sdl} {added}");
    let built = Schema::builder()
        .adopt_orphan_extensions()
        .parse(text, "subgraph")
        .build();
    built.unwrap_or_else(|errors| panic!("{errors}"))
}

/// Objects with a key, whatever the directive is called.
fn entity(definition: &ExtendedType) -> Option<String> {
    let mut directives = definition.directives().iter();
    let has_key = directives.any(|directive| directive.specified_argument_by_name("fields").is_some());
    (definition.is_object() && has_key).then(|| definition.name().to_string())
}
