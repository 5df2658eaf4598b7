//! JSON in and out, with errors that say where.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use platform_error::{Code, Error};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::Problem;

/// A JSON body. As an extractor it answers what it cannot read with 400, 415 or 422 and the position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// A body of so many bytes takes a while to read.
const LONG: usize = 64 << 10;

impl<T: DeserializeOwned + Send + 'static, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let error = Error::new(Code::Invalid, "the body must be JSON").with_status(415);
            return Err(Problem(
                error.with_hint("send the header content-type: application/json"),
            ));
        }
        // A body over its limit fails here too; the stack then answers 413 in place of this.
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|_| Error::new(Code::Invalid, "the body ended before it was complete"))?;
        let is_long = body.len() >= LONG;
        let read = move || serde_json::from_slice(&body);
        let read = match is_long {
            true => tokio::task::spawn_blocking(read).await.map_err(Error::internal)?,
            false => read(),
        };
        read.map(Json).map_err(|error| Problem(refusal(&error)))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn refusal(error: &serde_json::Error) -> Error {
    let (status, what) = match error.classify() {
        serde_json::error::Category::Data => (422, "the JSON body does not have the expected shape"),
        _ => (400, "the body is not valid JSON"),
    };
    Error::new(Code::Invalid, format!("{what}: {error}"))
        .with_status(status)
        .with_details(json!({ "line": error.line(), "column": error.column() }))
}
