//! Asks a service that is no subgraph for its schema, by introspection.

use axum::http::header;
use platform_error::Result;
use platform_http::Client;
use serde::Deserialize;
use serde_json::Value;

use super::print;
use crate::Error;

/// Understood by servers of every age: what later specifications added is not asked for.
const QUESTION: &str = "query IntrospectionQuery { __schema { \
    queryType { name } mutationType { name } subscriptionType { name } \
    types { kind name description \
      fields(includeDeprecated: true) { name description args { ...Input } type { ...Type } isDeprecated deprecationReason } \
      inputFields { ...Input } interfaces { ...Type } \
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } \
      possibleTypes { ...Type } } } } \
  fragment Input on __InputValue { name description type { ...Type } defaultValue } \
  fragment Type on __Type { kind name ofType { kind name ofType { kind name ofType { kind name \
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";
/// A schema larger than this is not one.
const LARGEST: usize = 64 << 20;
/// As much as is repeated of what a service said.
const QUOTED: usize = 200;

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<Value>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "__schema", default)]
    schema: Option<print::Schema>,
}

/// The schema that a service tells, as text.
pub(crate) async fn told(name: &str, url: &str, client: &Client) -> Result<String> {
    let refuse = |reason: String| Error::Sdl {
        name: name.to_owned(),
        url: url.to_owned(),
        reason: format!("{reason}; {}", instead(name)),
    };
    let body = serde_json::json!({ "query": QUESTION, "operationName": "IntrospectionQuery" }).to_string();
    let request = client
        .post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json")
        .body(body);
    // An answer with errors may have any status, so it is read whatever that is.
    let mut response = request
        .send()
        .await
        .map_err(|_| refuse("it cannot be reached, start it".into()))?;
    let status = response.status();
    let mut answer = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|_| refuse("its answer broke off".into()))?
    {
        if answer.len() + chunk.len() > LARGEST {
            return Err(refuse("its schema is too large".into()).into());
        }
        answer.extend_from_slice(&chunk);
    }
    let told: Told = serde_json::from_slice(&answer).map_err(|_| {
        refuse(format!(
            "its answer, with status {status}, is not that of a GraphQL service"
        ))
    })?;
    match told.data.and_then(|data| data.schema) {
        Some(schema) => Ok(schema.sdl()),
        None => Err(refuse(format!("it refuses introspection{}", said(&told.errors))).into()),
    }
}

fn said(errors: &[Value]) -> String {
    match errors.first().and_then(|error| error["message"].as_str()) {
        Some(message) => format!(" ({})", message.chars().take(QUOTED).collect::<String>()),
        None => String::new(),
    }
}

fn instead(name: &str) -> String {
    format!(
        "or save its schema to a file and name that with stitch.{name}.schema, in a list of subgraphs with schema.file"
    )
}
