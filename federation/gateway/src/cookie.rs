//! Browsers that have signed in with cookies: the token in a cookie counts like one in the header, where the request
//! shows that no foreign page made the browser send it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use platform_auth::JwtSettings;
use platform_crypto::equal;
use platform_http::cookie;

use crate::csrf::{self, CsrfError, CsrfSettings};

/// The cookies that `auth` sets, which begin with [`OVER_TLS`] where its address is one of https.
const ACCESS: &str = "access";
const CSRF: &str = "csrf";
const OVER_TLS: &str = "__Host-";
/// What our pages send back of the cookie that their scripts can read.
const CSRF_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

/// How a request came.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way<'a> {
    /// By a method that only reads.
    Get,
    /// By one that may change something.
    Post,
    /// As a WebSocket, which these origins may open beside the gateway's own.
    Socket(&'a [String]),
}

/// A cookie with a token.
struct Cookie {
    token: String,
    /// The cookie whose value comes back in a header, where the issuer sets one.
    csrf: Option<String>,
}

/// The cookies with tokens, the preferred one first. None where tokens come in headers alone.
pub(crate) struct Cookies {
    all: Vec<Cookie>,
    /// The header that tokens otherwise come in, and the word before them.
    header: String,
    scheme: String,
}

impl Cookies {
    /// The cookie that the settings name; where they name none those of our own `auth`, if that is asked. An empty name
    /// is none.
    pub(crate) fn new(jwt: &JwtSettings, is_ours: bool) -> Self {
        let csrf_of = |token: &str| {
            let prefix = token.strip_suffix(ACCESS).filter(|_| is_ours)?;
            Some(format!("{prefix}{CSRF}"))
        };
        let usual = format!("{OVER_TLS}{ACCESS}");
        let names = match jwt.cookie.as_deref() {
            Some("") => Vec::new(),
            Some(name) => vec![name],
            None if is_ours => vec![usual.as_str(), ACCESS],
            None => Vec::new(),
        };
        let cookie = |token: &str| Cookie {
            token: token.to_owned(),
            csrf: csrf_of(token),
        };
        Self {
            all: names.into_iter().map(cookie).collect(),
            header: jwt.header.clone(),
            scheme: jwt.scheme.clone(),
        }
    }

    /// The headers in which a token may come.
    pub(crate) fn headers(&self) -> impl Iterator<Item = &str> {
        let cookie = Some("cookie").filter(|_| !self.all.is_empty());
        std::iter::once(self.header.as_str()).chain(cookie)
    }

    /// Turns the token of a cookie into the header that everything behind this looks at. A header that is there already
    /// counts alone, as no foreign page can set it.
    pub(crate) fn take(&self, headers: &mut HeaderMap, way: Way<'_>, settings: &CsrfSettings) -> Result<(), CsrfError> {
        if self.all.is_empty() || !headers.contains_key(header::COOKIE) || headers.contains_key(self.header.as_str()) {
            return Ok(());
        }
        let found = self
            .all
            .iter()
            .find_map(|cookie| Some((cookie, value_of(headers, &cookie.token)?)));
        let Some((cookie, token)) = found else {
            return Ok(());
        };
        match way {
            Way::Socket(origins) => csrf::check_named_origin(origins, headers)?,
            Way::Get | Way::Post => csrf::check_preflight(settings, headers)?,
        }
        if let (Way::Post, Some(csrf)) = (way, &cookie.csrf)
            && !is_sent_back(headers, csrf)
        {
            return Err(CsrfError::NoToken(csrf.clone()));
        }
        let value = HeaderValue::from_str(format!("{} {token}", self.scheme).trim_start());
        if let (Ok(name), Ok(mut value)) = (self.header.parse::<HeaderName>(), value) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(())
    }
}

/// Whether the page could read the cookie that foreign pages cannot.
fn is_sent_back(headers: &HeaderMap, cookie: &str) -> bool {
    let sent = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
    let set = value_of(headers, cookie);
    sent.zip(set)
        .is_some_and(|(sent, set)| equal(sent.as_bytes(), set.as_bytes()))
}

fn value_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    cookie(headers, name).filter(|value| !value.is_empty())
}
