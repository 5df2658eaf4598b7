//! Pages for browsers: the one that links in mails open, and the one that says why somebody is not let in. What a link
//! carries stands behind its `#`, where only the page's script sees it.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use platform_http::{Problem, negotiate};

use crate::{
    oidc::{self, Astray},
    store::Auth,
};

/// The page's own script and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; \
    form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
/// Words and a link.
const PLAIN: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; \
    base-uri 'none'";
const SCRIPT: &str = "text/javascript; charset=utf-8";
/// What a refusal can be told in, best first where nothing else is said.
const SHAPES: [&str; 3] = ["application/problem+json", "application/json", "text/html"];

pub(super) async fn page() -> Response {
    let mut response = Html(include_str!("page.html")).into_response();
    let policy = HeaderValue::from_static(POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

pub(super) async fn script() -> Response {
    ([(header::CONTENT_TYPE, SCRIPT)], include_str!("page.js")).into_response()
}

/// Tells somebody whom a provider did not sign in why: as a page, with a way on where one is known, to a browser; as a
/// problem document to everybody else.
pub(super) fn refusal(auth: &Auth, headers: &HeaderMap, astray: Astray) -> Response {
    let problem = Problem::from(astray.error);
    if negotiate(headers, &SHAPES) != Some(2) {
        return problem.into_response();
    }
    let way_on = match astray.place.filter(|place| place != oidc::HOME) {
        Some(place) => {
            let place = escaped(&format!("{}{place}", auth.settings.public_url));
            format!("<p><a href=\"{place}\">Go back</a></p>")
        }
        None => String::new(),
    };
    let page = include_str!("refusal.html").replace("{words}", &escaped(problem.0.message()));
    let page = Html(page.replace("{way-on}", &way_on)).into_response();
    let (mut parts, _) = problem.into_response().into_parts();
    parts.headers.extend(page.headers().clone());
    let policy = HeaderValue::from_static(PLAIN);
    parts.headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    Response::from_parts(parts, page.into_body())
}

/// Text within HTML, and within the quotes of an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
