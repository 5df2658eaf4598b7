//! Cookies: tokens in browsers, out of reach of scripts, and the token that shows that a page of ours sent a request.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use platform_crypto::from_base64url;
use platform_http::Problem;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    store::Auth,
    token::{self, Grant},
};

/// The access token.
pub(crate) const ACCESS: &str = "access";
/// The refresh token; it is sent to this service alone.
pub(crate) const REFRESH: &str = "refresh";
/// What the browser is known by.
pub(crate) const DEVICE: &str = "device";
/// What scripts send back in a header.
pub(crate) const CSRF: &str = "csrf";
/// What a browser keeps that was sent to a provider.
pub(crate) const TRIP: &str = "trip";

const HEADER: &str = "x-csrf-token";
const SESSION: [&str; 3] = [ACCESS, REFRESH, CSRF];

/// The name of a cookie. Over TLS the browser itself sees to it that no other site and no neighbour below the same
/// domain has set it.
pub(crate) fn name(auth: &Auth, cookie: &str) -> String {
    match auth.settings.is_secure() {
        true => format!("__Host-{cookie}"),
        false => cookie.to_owned(),
    }
}

/// A cookie of ours in a request.
pub(crate) fn ours<'a>(auth: &Auth, headers: &'a HeaderMap, cookie: &str) -> Option<&'a str> {
    platform_http::cookie(headers, &name(auth, cookie)).filter(|value| !value.is_empty())
}

/// Who may read a cookie, and who sends it where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// The server alone, on requests from our own pages and on visits from others.
    Hidden,
    /// Scripts of our pages too.
    Open,
}

fn set(auth: &Auth, (cookie, value): (&str, &str), reach: Reach, until: Option<DateTime<Utc>>) -> HeaderValue {
    let mut text = format!("{}={value}; Path=/; SameSite=Lax", name(auth, cookie));
    if auth.settings.is_secure() {
        text.push_str("; Secure");
    }
    if reach == Reach::Hidden {
        text.push_str("; HttpOnly");
    }
    let seconds = until.map_or(0, |until| (until - auth.now()).num_seconds().max(0));
    text.push_str(&format!("; Max-Age={seconds}"));
    let mut value = HeaderValue::from_str(&text).expect("tokens are made of plain characters");
    value.set_sensitive(true);
    value
}

/// Puts what somebody got who signed in into cookies.
pub(crate) fn keep(auth: &Auth, headers: &mut HeaderMap, grant: &Grant) {
    let until = Some(grant.refresh.expires_at);
    let csrf = token::csrf(auth, grant.session.id);
    let cookies = [
        set(
            auth,
            (ACCESS, grant.access.text.expose()),
            Reach::Hidden,
            Some(grant.access.expires_at),
        ),
        set(auth, (REFRESH, grant.refresh.text.expose()), Reach::Hidden, until),
        set(auth, (CSRF, &csrf), Reach::Open, until),
    ];
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    if let Some(device) = &grant.device {
        let until = auth.now() + crate::settings::span(auth.settings.device_lifetime);
        headers.append(
            header::SET_COOKIE,
            set(auth, (DEVICE, device.expose()), Reach::Hidden, Some(until)),
        );
    }
}

/// Takes the cookies of a session away. The device stays known.
pub(crate) fn clear(auth: &Auth, headers: &mut HeaderMap) {
    for cookie in SESSION {
        headers.append(header::SET_COOKIE, set(auth, (cookie, ""), Reach::Hidden, None));
    }
}

/// Notes in the browser that it was sent to a provider. The note outlasts the return: another tab may still be away.
pub(crate) fn trip(auth: &Auth, headers: &mut HeaderMap, binding: &str) {
    let until = auth.now() + crate::settings::span(auth.settings.step_lifetime);
    let cookie = set(auth, (TRIP, binding), Reach::Hidden, Some(until));
    headers.append(header::SET_COOKIE, cookie);
}

/// Refuses a request that came with cookies and not from a page of ours: other sites can make a browser send the
/// cookies, but not this header.
pub(crate) fn check(auth: &Auth, headers: &HeaderMap, session: Uuid) -> Result<()> {
    let sent = headers.get(HEADER).and_then(|value| value.to_str().ok());
    match sent.is_some_and(|sent| token::is_csrf(auth, session, sent)) {
        true => Ok(()),
        false => Err(Error::Csrf),
    }
}

/// Turns the access cookie into the header that everything behind it looks at. What changes something needs the CSRF
/// token too; that of whose session it is, is verified with the token itself behind this.
pub(crate) async fn unwrap(State(auth): State<Auth>, mut request: Request, next: Next) -> Response {
    if is_way_in(request.uri().path()) {
        request.headers_mut().remove(header::AUTHORIZATION);
        return next.run(request).await;
    }
    let headers = request.headers();
    let is_plain = !headers.contains_key(header::AUTHORIZATION);
    let Some(access) = ours(&auth, headers, ACCESS).filter(|_| is_plain) else {
        return next.run(request).await;
    };
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !is_safe {
        let session = session_of(access);
        let checked = session
            .ok_or(Error::Csrf)
            .and_then(|session| check(&auth, headers, session));
        if let Err(error) = checked {
            return Problem::from(error).into_response();
        }
    }
    if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {access}")) {
        value.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    next.run(request).await
}

/// Routes that begin a session, or go on with one by other means than the access token: one that has expired must not
/// keep anybody from them.
fn is_way_in(path: &str) -> bool {
    const WAYS_IN: [&str; 8] = [
        "/auth/register",
        "/auth/sign-in",
        "/auth/refresh",
        "/auth/password/",
        "/auth/mail/confirm",
        "/auth/oidc/",
        "/auth/providers",
        "/auth/page",
    ];
    let is_link = path.starts_with("/auth/providers/");
    WAYS_IN.iter().any(|way| path.starts_with(way)) && !is_link
}

/// The session that an access token names. Nothing is verified here: a token that was forged names whatever it likes
/// and is refused behind this.
fn session_of(access: &str) -> Option<Uuid> {
    let claims = access.split('.').nth(1)?;
    let claims: serde_json::Value = serde_json::from_slice(&from_base64url(claims)?).ok()?;
    claims["sid"].as_str()?.parse().ok()
}
