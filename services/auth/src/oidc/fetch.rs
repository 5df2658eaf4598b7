//! How what a provider names is fetched: never from inside our network.

use std::{future::Future, pin::Pin};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use platform_config::Duration;
use platform_error::{Code, Error};
use platform_http::{Client, ClientSettings, StatusCode, Url};

use crate::{error::Result, settings::Provider};

/// Answers longer than this are none: descriptions, keys and tokens are small.
const LONGEST_ANSWER: usize = 1 << 20;
/// A provider that is slow must not hold up everybody who wants to go there.
const SETTINGS: ClientSettings = ClientSettings {
    connect_timeout: Duration::from_secs(5),
    read_timeout: Duration::from_secs(10),
};

/// Fetches what a provider names: by https from public addresses, or from the issuer's own origin.
#[derive(Clone)]
pub(super) struct Fetch {
    client: Client,
    issuer: Url,
    is_private: bool,
}

/// Why something was not fetched.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotFetched(String);

impl Fetch {
    /// What the provider that the settings describe is asked through.
    pub(super) fn new(issuer: Url, provider: &Provider) -> Result<Self> {
        let host = issuer.host_str().unwrap_or_default().to_owned();
        let trusted: &[String] = if provider.private { &[host] } else { &[] };
        Ok(Self {
            client: Client::outside(&SETTINGS, trusted)?,
            is_private: provider.private,
            issuer,
        })
    }

    /// Whether a browser may be sent there. Pages go where they are told, and `javascript:` would run in them.
    pub(super) fn is_page(&self, url: &Url) -> bool {
        url.scheme() == "https" || (self.is_private && url.scheme() == "http")
    }

    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, NotFetched> {
        let (parts, body) = request.into_parts();
        let refused = |_| NotFetched("what the provider names is no address".into());
        let url: Url = parts.uri.to_string().parse().map_err(refused)?;
        let is_own = self.is_private && url.origin() == self.issuer.origin();
        // A trusted host is trusted for the issuer's own port alone.
        let is_same_host = self.is_private && url.host_str() == self.issuer.host_str();
        if !is_own && (is_same_host || url.scheme() != "https") {
            return Err(NotFetched(format!(
                "the provider names {}, which is not public",
                url.origin().ascii_serialization()
            )));
        }
        let asked = self
            .client
            .request(parts.method, url.as_str())
            .headers(parts.headers)
            .body(body);
        let mut answer = match self.client.send(asked).await {
            Ok(answer) => answer,
            Err(error) => return refusal(&error),
        };
        let mut response = HttpResponse::new(Vec::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|_| NotFetched("the answer ended early".into()))?
        {
            if response.body().len() + chunk.len() > LONGEST_ANSWER {
                return Err(NotFetched("the answer is longer than a megabyte".into()));
            }
            response.body_mut().extend_from_slice(&chunk);
        }
        Ok(response)
    }
}

/// What the other side said instead of an answer, where it is one of the protocol's: an object that names the reason
/// (RFC 6749, 5.2), or that it does not know us. Everything else is as if nobody had been there.
fn refusal(error: &Error) -> Result<HttpResponse, NotFetched> {
    if error.details().is_none() && error.code() != Code::Unauthenticated {
        return Err(NotFetched(error.message().to_owned()));
    }
    let said = error.details().map(ToString::to_string).unwrap_or_default();
    let mut response = HttpResponse::new(said.into_bytes());
    *response.status_mut() = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::BAD_GATEWAY);
    Ok(response)
}

impl<'c> AsyncHttpClient<'c> for Fetch {
    type Error = NotFetched;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NotFetched>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.fetch(request))
    }
}
