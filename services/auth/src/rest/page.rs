//! The page that links in mails open. What a link carries stands behind its `#`, where only the page's script sees it.

use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};

/// The page's own script and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; \
    form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
const SCRIPT: &str = "text/javascript; charset=utf-8";

pub(super) async fn page() -> Response {
    let mut response = Html(include_str!("page.html")).into_response();
    let policy = HeaderValue::from_static(POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

pub(super) async fn script() -> Response {
    ([(header::CONTENT_TYPE, SCRIPT)], include_str!("page.js")).into_response()
}
