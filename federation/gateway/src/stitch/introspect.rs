//! Asks a service that is no subgraph for its schema, by introspection.

use axum::http::header;
use platform_error::Result;
use platform_http::Client;
use serde::Deserialize;
use serde_json::Value;

use super::print;
use crate::{Error, request::or_default};

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
    #[serde(default, deserialize_with = "or_default")]
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
    let away = |reason: String| Error::Away {
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
        .map_err(|_| away("it cannot be reached, start it".into()))?;
    let status = response.status();
    let mut answer = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|_| away("its answer broke off".into()))?
    {
        if answer.len() + chunk.len() > LARGEST {
            return Err(refuse("its schema is too large".into()).into());
        }
        answer.extend_from_slice(&chunk);
    }
    let told = serde_json::from_slice::<Told>(&answer);
    let schema = told.as_ref().ok().and_then(|told| told.data.as_ref()?.schema.as_ref());
    match (schema, told.as_ref()) {
        (Some(schema), _) => Ok(schema.sdl()),
        // It is starting, or something before it answers for it.
        (None, _) if status.is_server_error() => {
            Err(away(format!("it answers with status {status}, wait for it")).into())
        }
        (None, Ok(told)) => Err(refuse(format!("it refuses introspection{}", said(&told.errors))).into()),
        (None, Err(_)) => {
            let reason = format!("its answer, with status {status}, is not that of a GraphQL service");
            Err(refuse(reason).into())
        }
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
