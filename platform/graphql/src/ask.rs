//! Reads requests, from bodies and from URLs.

use async_graphql::{Request, parser::types::OperationType};
use axum::{body::Bytes, extract::Query, http::Uri};
use serde::Deserialize;
use serde_json::Value;

use crate::{strings::readable, tokens};

/// A body of so many bytes takes a while to read.
const LONG: usize = 64 << 10;

/// The request in a body. A long one is read, and its query parsed, where it holds up no other request.
pub(crate) async fn read(body: Bytes) -> Result<Request, String> {
    if body.len() < LONG {
        return request_in(&body);
    }
    let reading = tokio::task::spawn_blocking(move || {
        let mut request = request_in(&body)?;
        // The request keeps what was parsed; an error is found again where it is answered.
        let _ = request.parsed_query();
        Ok(request)
    });
    reading
        .await
        .unwrap_or_else(|_| Err("the body cannot be read; send a smaller one".into()))
}

fn request_in(body: &[u8]) -> Result<Request, String> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err("batches are not supported; send one operation per request".into());
    }
    let mut request: Request =
        serde_json::from_slice(body).map_err(|error| format!("the body is not a request: {error}"))?;
    if request.query.trim().is_empty() {
        return Err("the body must have a query: {\"query\": \"{ … }\"}".into());
    }
    if tokens::count(&request.query) > tokens::MOST {
        let most = tokens::MOST;
        return Err(format!(
            "the query has more than {most} words, numbers, strings and signs; send what is long as variables"
        ));
    }
    request.query = readable(&request.query).into_owned();
    Ok(request)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: String,
    operation_name: Option<String>,
    variables: Option<String>,
}

/// The request in a URL.
pub(crate) fn request_of(uri: &Uri) -> Result<Request, String> {
    let Query(parameters) = Query::<Parameters>::try_from_uri(uri)
        .map_err(|_| "the URL must have the parameter query; variables and operationName may follow".to_owned())?;
    let mut request = Request::new(readable(&parameters.query));
    request.operation_name = parameters.operation_name;
    if let Some(variables) = parameters.variables {
        let variables: Value =
            serde_json::from_str(&variables).map_err(|error| format!("the variables are not JSON: {error}"))?;
        request = request.variables(async_graphql::Variables::from_json(variables));
    }
    Ok(request)
}

/// Whether every operation that may be meant is of this kind. What cannot be parsed is left for execution to explain.
pub(crate) fn has_only(request: &mut Request, kind: OperationType) -> bool {
    let wanted = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else {
        return true;
    };
    document
        .operations
        .iter()
        .filter(|(name, _)| wanted.is_none() || name.map(|name| name.as_str()) == wanted.as_deref())
        .all(|(_, operation)| operation.node.ty == kind)
}
