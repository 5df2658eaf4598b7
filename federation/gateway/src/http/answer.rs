//! From what a request came to, to an HTTP response.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::ask::Accepts;
use crate::outcome::Outcome;

const RESPONSE_JSON: HeaderValue = HeaderValue::from_static("application/graphql-response+json; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// The response for one operation.
pub(crate) fn respond(outcome: &Outcome, accepts: Accepts) -> Response {
    let mut response = written(status(outcome, accepts), outcome.body(), accepts);
    response.headers_mut().extend(outcome.headers.clone());
    response
}

/// The response for several.
pub(super) fn respond_batch(outcomes: &[Outcome], accepts: Accepts) -> Response {
    let mut body = vec![b'['];
    for (index, outcome) in outcomes.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&outcome.body());
    }
    body.push(b']');
    written(StatusCode::OK, body, accepts)
}

/// Old clients take 200 for every request that is one, whatever is wrong with its operation.
fn status(outcome: &Outcome, accepts: Accepts) -> StatusCode {
    let is_about_the_operation = outcome.status == StatusCode::BAD_REQUEST && !outcome.is_malformed;
    match accepts {
        Accepts::Json if is_about_the_operation => StatusCode::OK,
        _ => outcome.status,
    }
}

fn written(status: StatusCode, body: impl IntoResponse, accepts: Accepts) -> Response {
    let media_type = match accepts {
        Accepts::Response => RESPONSE_JSON,
        Accepts::Json => JSON,
    };
    let mut response = (status, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}
