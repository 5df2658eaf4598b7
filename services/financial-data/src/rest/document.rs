//! The OpenAPI document, made of the table of routes and of the schemas beside this file.

use axum::Extension;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use platform_http::OpenApi;
use serde_json::{Map, Value, json};

use super::arguments::{Argument, Kind};
use super::route::{Body, Route};

const SCHEMAS: &str = include_str!("schemas.json");
const ABOUT: &str = "Series of financial and economic data and every vintage of their points. Dates are written \
                     YYYY-MM-DD and values as text with the digits they were published with. What goes wrong is told \
                     as a problem document (RFC 9457).";

/// The document as it is served.
#[derive(Clone)]
pub(super) struct Document(Bytes);

impl Document {
    /// The document of these routes.
    pub(super) fn of(routes: &[Route]) -> Self {
        let frame = OpenApi {
            title: "Hansa financial data",
            about: ABOUT,
            schemas: SCHEMAS,
            schemes: Value::Null,
        };
        let document = frame.document(routes.iter().map(|route| (route.path, route.method, operation(route))));
        Self(document.to_string().into())
    }
}

/// Serves the document.
pub(super) async fn get(Extension(document): Extension<Document>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.0).into_response()
}

fn operation(route: &Route) -> Value {
    let mut parameters: Vec<Value> = Vec::new();
    if route.path.contains("{id}") {
        let about = "A series: its id, SOURCE:EXTERNAL_ID, or an external id that only one source uses.";
        parameters.push(json!({
            "name": "id", "in": "path", "required": true, "description": about, "schema": { "type": "string" },
        }));
    }
    parameters.extend(
        route
            .arguments
            .iter()
            .copied()
            .flatten()
            .map(|argument| parameter("query", argument)),
    );
    parameters.extend(route.headers.iter().map(|argument| parameter("header", argument)));
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "tags": [if route.path.contains("/lake/") { "lake" } else { "financial-data" }],
        "responses": responses(route),
    });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if !route.takes.is_empty() {
        operation["requestBody"] = json!({ "required": true, "content": content(&route.takes) });
    }
    operation
}

fn responses(route: &Route) -> Value {
    let problem = OpenApi::problem();
    let mut responses = Map::new();
    for (status, bodies) in &route.gives {
        let description = match status {
            201 => "It was created.",
            204 => "It is done, and there is nothing to say.",
            304 => "The answer is still the one that If-None-Match names.",
            _ => "The answer.",
        };
        let mut response = json!({ "description": description });
        if !bodies.is_empty() {
            response["content"] = content(bodies);
        }
        responses.insert(status.to_string(), response);
    }
    responses.extend(route.refuses.iter().map(|status| (status.to_string(), problem.clone())));
    responses.insert("default".into(), problem);
    responses.into()
}

fn content(bodies: &[Body]) -> Value {
    let body = |(media, schema): &Body| {
        (
            media.to_string(),
            json!({ "schema": { "$ref": format!("#/components/schemas/{schema}") } }),
        )
    };
    Value::Object(bodies.iter().map(body).collect())
}

fn parameter(place: &str, argument: &Argument) -> Value {
    let schema = match argument.kind {
        Kind::Text | Kind::Span => json!({ "type": "string" }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Instant => json!({ "type": "string", "format": "date-time" }),
        Kind::Count => json!({ "type": "integer", "minimum": 0 }),
        Kind::Integer => json!({ "type": "integer", "format": "int64" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::List => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::OneOf(words) => json!({ "type": "string", "enum": words }),
    };
    let mut parameter = json!({ "name": argument.name, "in": place, "description": argument.about, "schema": schema });
    if matches!(argument.kind, Kind::List) {
        parameter["style"] = "form".into();
        parameter["explode"] = false.into();
    }
    parameter
}
