//! A page to try queries on. It works without a network: everything it needs is in the binary.

use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};

const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/// The page. It asks the endpoint it was served by.
pub fn page() -> Response {
    let mut response = Html(include_str!("explorer.html")).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// Its script, to be served at `graphql/explorer.js`.
pub async fn script() -> Response {
    (
        [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")],
        include_str!("explorer.js"),
    )
        .into_response()
}
