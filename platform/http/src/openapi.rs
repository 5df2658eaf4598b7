//! The frame of an OpenAPI document, which is the same for every service.

use serde_json::{Map, Value, json};

/// What a service says of its REST interface. The description is version 3.1 of the OpenAPI Specification.
pub struct OpenApi<'a> {
    /// The name of the interface.
    pub title: &'a str,
    /// What it is for.
    pub about: &'a str,
    /// An object of JSON schemas as text, which is shipped with the binary. One of them is called `Problem`.
    pub schemas: &'a str,
    /// How callers show who they are, as `securitySchemes`; null where nobody is asked.
    pub schemes: Value,
}

impl OpenApi<'_> {
    /// The document with these operations, each behind its path and its method in small letters.
    ///
    /// # Panics
    /// When the schemas are no JSON.
    pub fn document<'p>(self, operations: impl IntoIterator<Item = (&'p str, &'p str, Value)>) -> Value {
        let mut paths = Map::new();
        for (path, method, operation) in operations {
            let of_path = paths.entry(path).or_insert_with(|| json!({}));
            of_path[method] = operation;
        }
        let schemas: Value = serde_json::from_str(self.schemas).expect("schemas are shipped with the binary");
        let mut components = json!({
            "schemas": schemas,
            "responses": { "Problem": {
                "description": "What went wrong, and what can be done about it.",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            } },
        });
        if !self.schemes.is_null() {
            components["securitySchemes"] = self.schemes;
        }
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": self.title,
                "version": env!("CARGO_PKG_VERSION"),
                "description": self.about,
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            },
            "servers": [{ "url": "/" }],
            "paths": paths,
            "components": components,
        })
    }

    /// The response of every refusal, for an operation's `responses`.
    pub fn problem() -> Value {
        json!({ "$ref": "#/components/responses/Problem" })
    }
}
