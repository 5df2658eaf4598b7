//! Errors as problem documents (RFC 9457).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use platform_error::{Code, Error};
use serde_json::{Map, Value, json};

use crate::trace::request_id;

/// The media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// An error on its way to an HTTP client. Handlers return `Result<_, Problem>` and use `?` on any error of ours.
#[derive(Debug)]
pub struct Problem(pub Error);

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Problem {
    /// The document's members. Details come first, so that they cannot replace a standard one.
    fn document(&self, status: StatusCode) -> Value {
        let error = &self.0;
        let mut members = match error.details() {
            Some(Value::Object(details)) => details.clone(),
            Some(details) => Map::from_iter([("details".into(), details.clone())]),
            None => Map::new(),
        };
        members.insert("type".into(), "about:blank".into());
        members.insert("title".into(), status.canonical_reason().unwrap_or("Error").into());
        members.insert("status".into(), status.as_u16().into());
        members.insert("detail".into(), error.message().into());
        members.insert("code".into(), error.code().as_str().into());
        members.extend(error.hint().map(|hint| ("hint".into(), hint.into())));
        members.extend(request_id().map(|id| ("requestId".into(), id.into())));
        Value::Object(members)
    }
}

/// What a problem document says, for who must say it in another shape.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = &self.0;
        if error.code() == Code::Internal {
            tracing::error!(error = error.in_full(usize::MAX), "request failed");
        }
        let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.document(status).to_string()).into_response();
        response.extensions_mut().insert(Refused {
            code: error.code(),
            message: error.message().into(),
        });
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = error
            .details()
            .and_then(|details| details["retryAfterSeconds"].as_u64())
        {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// "Try again later", in a way that also sets the header.
pub(crate) fn retry_after(seconds: u64) -> Value {
    json!({ "retryAfterSeconds": seconds })
}

/// The code that a refusal stands for which says nothing but its status.
pub(crate) fn code_of(status: StatusCode) -> Code {
    match status.as_u16() {
        401 => Code::Unauthenticated,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        409 => Code::Conflict,
        429 => Code::RateLimited,
        504 => Code::Timeout,
        500.. => Code::Unavailable,
        _ => Code::Invalid,
    }
}
