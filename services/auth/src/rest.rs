//! The REST API: everything a page or a program needs to sign somebody in and to look after an account.

mod account;
mod answer;
mod factors;
mod internal;
mod keys;
mod page;
mod password;
mod provider;
mod session;
mod sign_in;

use axum::{
    Router,
    http::{HeaderValue, header},
    middleware::{from_fn, from_fn_with_state},
    response::Response,
    routing::{delete, get, post},
};

use crate::{cookie, store::Auth};

/// Every route of the service.
pub fn router(auth: &Auth) -> Router {
    Router::new()
        .merge(ways_in())
        .merge(own_account())
        .merge(second_factors())
        .merge(internal())
        .layer(from_fn(unstored))
        .with_state(auth.clone())
}

/// Asks who sends a request before anything else is done: by the header, or by the cookie that becomes it.
pub fn protect(auth: &Auth, router: Router) -> Router {
    auth.identity
        .protect(router)
        .layer(from_fn_with_state(auth.clone(), cookie::unwrap))
}

fn ways_in() -> Router<Auth> {
    Router::new()
        .route("/auth/register", post(sign_in::register))
        .route("/auth/register/verify", post(sign_in::verify))
        .route("/auth/sign-in", post(sign_in::with_password))
        .route("/auth/sign-in/code", post(sign_in::with_code))
        .route("/auth/sign-in/passkey/begin", post(sign_in::ask_for_passkey))
        .route("/auth/sign-in/passkey", post(sign_in::with_passkey))
        .route("/auth/refresh", post(session::refresh))
        .route("/auth/password/forgot", post(password::forgot))
        .route("/auth/password/reset", post(password::reset))
        .route("/auth/mail/confirm", post(account::confirm_mail))
        .route("/auth/providers", get(provider::list))
        .route("/auth/oidc/{provider}/start", get(provider::depart))
        .route("/auth/oidc/{provider}/callback", get(provider::arrive))
        .route("/auth/page", get(page::page))
        .route("/auth/page.js", get(page::script))
}

fn own_account() -> Router<Auth> {
    Router::new()
        .route("/auth/me", get(account::me).delete(account::delete))
        .route("/auth/confirm", post(account::confirm))
        .route("/auth/sign-out", post(session::sign_out))
        .route("/auth/sessions", get(session::list).delete(session::revoke_others))
        .route("/auth/sessions/{id}", delete(session::revoke))
        .route("/auth/password", axum::routing::put(password::change))
        .route("/auth/mail", post(account::change_mail))
        .route("/auth/keys", get(keys::list).post(keys::create))
        .route("/auth/keys/{id}", delete(keys::revoke))
}

fn second_factors() -> Router<Auth> {
    Router::new()
        .route("/auth/totp", post(factors::begin).delete(factors::disable))
        .route("/auth/totp/confirm", post(factors::enable))
        .route("/auth/totp/recovery-codes", post(factors::renew_recovery))
        .route("/auth/passkeys", get(factors::passkeys).post(factors::register))
        .route("/auth/passkeys/begin", post(factors::begin_passkey))
        .route("/auth/passkeys/{id}", delete(factors::remove_passkey))
        .route("/auth/identities", get(provider::identities))
        .route("/auth/identities/{id}", delete(provider::untie))
        .route("/auth/providers/{provider}/link", post(provider::tie))
}

fn internal() -> Router<Auth> {
    use platform_auth::wire;
    Router::new()
        .route(wire::JWKS, get(internal::jwks))
        .route(wire::REVOCATIONS, get(internal::revocations))
        .route(wire::SERVICE_TOKENS, post(internal::service_token))
        .route(wire::KEY_TOKENS, post(internal::key_token))
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
