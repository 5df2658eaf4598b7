//! The REST API: everything a page or a program needs to sign somebody in and to look after an account.

mod account;
mod administration;
mod answer;
mod document;
mod factors;
mod internal;
mod keys;
mod page;
mod password;
mod provider;
mod route;
mod routes;
mod session;
mod sign_in;

use axum::{
    Router,
    http::{HeaderValue, header},
    middleware::{from_fn, from_fn_with_state},
    response::Response,
};

use crate::{cookie, store::Auth};

/// Every route of the service.
pub(crate) fn router(auth: &Auth) -> Router {
    let all = routes::all().into_iter();
    all.fold(Router::new(), |router, route| route.join(router))
        .layer(from_fn(unstored))
        .with_state(auth.clone())
}

/// Asks who sends a request before anything else is done: by the header, or by the cookie that becomes it.
pub(crate) fn protect(auth: &Auth, router: Router) -> Router {
    auth.identity
        .protect(router)
        .layer(from_fn_with_state(auth.clone(), cookie::unwrap))
}

/// What says something of a person, or opens a door, is kept nowhere on its way.
async fn unstored(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
