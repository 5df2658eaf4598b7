//! From an HTTP request to what is asked: GET or POST, one operation or a batch, and which media type is wanted.

use axum::http::{HeaderMap, StatusCode, Uri, header};
use platform_http::negotiate;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    fault::Refusal,
    request::{Request, Variables},
    subscribe::Transport,
};

pub(super) const RESPONSE_JSON: &str = "application/graphql-response+json";
pub(super) const JSON: &str = "application/json";

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepts {
    /// The one of the specification, whose status says what happened.
    Response,
    /// The one of old clients, who want 200 for every request that is one.
    Json,
}

impl Accepts {
    /// What the client takes; nothing if it takes neither.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        // Whoever says `*/*` may be older than the newer media type.
        let names_it = headers
            .get_all(header::ACCEPT)
            .iter()
            .any(|value| value.to_str().is_ok_and(|value| value.contains(RESPONSE_JSON)));
        let offered: &[(&str, Self)] = match names_it {
            true => &[(RESPONSE_JSON, Self::Response), (JSON, Self::Json)],
            false => &[(JSON, Self::Json)],
        };
        let names: Vec<&str> = offered.iter().map(|(name, _)| *name).collect();
        negotiate(headers, &names).map(|index| offered[index].1)
    }

    /// The same of a client that takes a body that lasts, unless it likes that better.
    pub(crate) fn beside(headers: &HeaderMap, lasting: Transport) -> Option<Self> {
        let liked = negotiate(headers, &[RESPONSE_JSON, JSON, lasting.media_type()])?;
        Self::of(headers).filter(|_| liked < 2)
    }
}

/// One operation, or several.
#[derive(Debug)]
pub(super) enum Asked {
    One(Box<Request>),
    Batch(Vec<Request>),
}

/// What a POST asks.
pub(super) fn posted(headers: &HeaderMap, body: &[u8], batch: usize) -> Result<Asked, Refusal> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(JSON) {
        let message = "the body must be JSON; send the header content-type: application/json";
        return Err(malformed(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let is_list = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    if !is_list {
        return serde_json::from_slice(body)
            .map(|request| Asked::One(Box::new(request)))
            .map_err(|error| not_a_request(&error));
    }
    if batch < 2 {
        return Err(malformed(
            StatusCode::BAD_REQUEST,
            "batches are switched off; send one operation per request",
        ));
    }
    let requests: Vec<Request> = serde_json::from_slice(body).map_err(|error| not_a_request(&error))?;
    match requests.len() {
        0 => Err(malformed(StatusCode::BAD_REQUEST, "the batch is empty")),
        many if many > batch => Err(malformed(
            StatusCode::BAD_REQUEST,
            format!("a batch may have {batch} operations, this one has {many}"),
        )),
        _ => Ok(Asked::Batch(requests)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// What a GET asks.
pub(super) fn got(uri: &Uri) -> Result<Request, Refusal> {
    let axum::extract::Query(parameters) = axum::extract::Query::<Parameters>::try_from_uri(uri)
        .map_err(|_| malformed(StatusCode::BAD_REQUEST, "the URL's parameters cannot be read"))?;
    let json = |name: &str, text: &Option<String>| -> Result<Option<String>, Refusal> {
        match text.as_deref().map(str::trim) {
            None | Some("" | "null") => Ok(None),
            Some(text) if text.starts_with('{') => Ok(Some(text.to_owned())),
            Some(_) => Err(malformed(
                StatusCode::BAD_REQUEST,
                format!("the parameter {name} must be a JSON object"),
            )),
        }
    };
    let broken = |name: &str, error: &serde_json::Error| {
        malformed(
            StatusCode::BAD_REQUEST,
            format!("the parameter {name} is not JSON: {error}"),
        )
    };
    let variables: Variables = match json("variables", &parameters.variables)? {
        Some(text) => serde_json::from_str(&text).map_err(|error| broken("variables", &error))?,
        None => Variables::default(),
    };
    let extensions: Map<String, Value> = match json("extensions", &parameters.extensions)? {
        Some(text) => serde_json::from_str(&text).map_err(|error| broken("extensions", &error))?,
        None => Map::new(),
    };
    Ok(Request {
        query: parameters.query,
        operation_name: parameters.operation_name.filter(|name| !name.is_empty()),
        variables,
        extensions,
        reads_only: true,
    })
}

pub(super) fn malformed(status: StatusCode, message: impl Into<String>) -> Refusal {
    Refusal::malformed(status, message)
}

fn not_a_request(error: &serde_json::Error) -> Refusal {
    malformed(
        StatusCode::BAD_REQUEST,
        format!("the body is not a GraphQL request: {error}"),
    )
}
