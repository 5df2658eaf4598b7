//! The OpenAPI document, made of the table of routes and of the schemas beside this file.

use std::sync::LazyLock;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use platform_http::OpenApi;
use serde_json::{Map, Value, json};

use super::{
    route::{Asker, Route},
    routes,
};

const SCHEMAS: &str = include_str!("schemas.json");
const ABOUT: &str = "Who people, programs and services are: accounts, ways to sign in, sessions, keys. Bodies are JSON, \
                     and fields that are not known are refused. What goes wrong is told as a problem document (RFC 9457).";

static DOCUMENT: LazyLock<String> = LazyLock::new(|| of(&routes::all()).to_string());

/// Serves the document.
pub(super) async fn get() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

fn of(routes: &[Route]) -> Value {
    let frame = OpenApi {
        title: "Hansa auth",
        about: ABOUT,
        schemas: SCHEMAS,
        schemes: json!({
            "bearer": { "type": "http", "scheme": "bearer" },
            "cookie": {
                "type": "apiKey", "in": "cookie", "name": "access",
                "description": "With the prefix __Host- over TLS. What changes something needs the header x-csrf-token \
                                with the value of the cookie csrf.",
            },
            "service": { "type": "apiKey", "in": "header", "name": "authorization" },
        }),
    };
    frame.document(routes.iter().map(|route| (route.path, route.method, operation(route))))
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "tags": [if route.asker == Asker::Service { "internal" } else { "auth" }],
        "responses": responses(route),
        "security": match route.asker {
            Asker::Anybody => json!([]),
            Asker::Person => json!([{ "bearer": [] }, { "cookie": [] }]),
            Asker::Service => json!([{ "service": [] }]),
        },
    });
    let in_path = ["id", "provider"]
        .into_iter()
        .filter(|name| route.path.contains(&format!("{{{name}}}")));
    let in_path = in_path.map(|name| parameter("path", name));
    let parameters: Vec<_> = in_path
        .chain(route.arguments.iter().map(|name| parameter("query", name)))
        .collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(schema) = route.takes {
        operation["requestBody"] = json!({ "required": true, "content": content(schema) });
    }
    operation
}

fn responses(route: &Route) -> Value {
    let mut responses = Map::new();
    for (status, schema) in &route.gives {
        let description = match status {
            201 => "It was made.",
            202 => "It will be done.",
            204 => "It is done, and there is nothing to say.",
            303 => "The browser goes elsewhere.",
            _ => "The answer.",
        };
        let mut response = json!({ "description": description });
        if let Some(schema) = schema {
            response["content"] = content(schema);
        }
        responses.insert(status.to_string(), response);
    }
    responses.insert("default".into(), OpenApi::problem());
    responses.into()
}

fn content(schema: &str) -> Value {
    json!({ "application/json": { "schema": reference(schema) } })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn parameter(place: &str, name: &str) -> Value {
    let schema = match name {
        "id" => json!({ "type": "string", "format": "uuid" }),
        "mode" => reference("Mode"),
        "state" => reference("AccountState"),
        "first" => json!({ "type": "integer", "minimum": 1, "maximum": 100 }),
        "since" => json!({ "type": "integer", "format": "int64" }),
        _ => json!({ "type": "string" }),
    };
    json!({ "name": name, "in": place, "required": place == "path", "schema": schema })
}
