//! Calls in a service's own name: to `auth` with its credential, to others with a token from there.

use std::{
    collections::BTreeMap,
    sync::Arc,
    task::{self, Poll},
};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{self, HeaderValue, StatusCode, header},
};
use futures::{FutureExt, future::BoxFuture};
use platform_error::{Code, Error, Result};
use platform_service::{Clock, Context, Peers, status};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::Mutex;
use tower::Service;

use crate::{AuthError, ServiceSecret, wire};

/// Answers longer than this are none.
const LONGEST_ANSWER: usize = 64 << 20;
/// A token is renewed this long before it ends, in seconds.
const MARGIN: i64 = 30;

/// The service `auth` as another service sees it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Auth(Arc<Inner>);

struct Inner {
    peers: Peers,
    /// The name of `auth` among them.
    name: String,
    service: &'static str,
    secret: ServiceSecret,
    clock: Clock,
    tokens: Mutex<BTreeMap<String, Held>>,
}

#[derive(Clone)]
struct Held {
    header: HeaderValue,
    expires_at: i64,
}

impl Auth {
    pub(crate) fn new(name: &str, context: &Context, secret: ServiceSecret) -> Self {
        Self(Arc::new(Inner {
            peers: context.peers().clone(),
            name: name.to_owned(),
            service: context.service(),
            secret,
            clock: context.clock().clone(),
            tokens: Mutex::default(),
        }))
    }

    /// Sessions that have ended since then; nothing where no `auth` is known.
    pub(crate) async fn revocations(&self, since: i64) -> Option<Result<wire::Revocations>> {
        self.0.peers.get(&self.0.name)?;
        let request = Request::get(format!("{}?since={since}", wire::REVOCATIONS));
        Some(self.ask(request, Body::empty()).await)
    }

    /// The token of an API key.
    pub(crate) async fn key_token(&self, key: &str) -> Result<wire::Token> {
        let key = key.to_owned();
        self.post(wire::KEY_TOKENS, &wire::KeyTokenRequest { key }).await
    }

    /// The header for calls to `service`: a token in this service's name, for that service alone.
    pub(crate) async fn authorize(&self, service: &str) -> Result<HeaderValue> {
        let now = self.0.clock.now().timestamp();
        // Whoever else wants a token waits here and finds it.
        let mut tokens = self.0.tokens.lock().await;
        let held = tokens.get(service).cloned();
        if let Some(held) = held.as_ref().filter(|held| held.expires_at - MARGIN > now) {
            return Ok(held.header.clone());
        }
        let request = wire::ServiceTokenRequest {
            audience: service.to_owned(),
        };
        let asked = self.post(wire::SERVICE_TOKENS, &request).await;
        let token: wire::Token = match (asked, held) {
            (Ok(token), _) => token,
            (Err(_), Some(held)) if held.expires_at > now => return Ok(held.header),
            (Err(error), _) => return Err(error),
        };
        let mut header = HeaderValue::try_from(format!("Bearer {}", token.token)).map_err(Error::internal)?;
        header.set_sensitive(true);
        let held = Held {
            header: header.clone(),
            expires_at: token.expires_at,
        };
        tokens.insert(service.to_owned(), held);
        Ok(header)
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let body = serde_json::to_vec(body).map_err(Error::internal)?;
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.ask(request, body.into()).await
    }

    async fn ask<T: DeserializeOwned>(&self, request: http::request::Builder, body: Body) -> Result<T> {
        let away = || AuthError::Away(self.0.name.clone());
        let peer = self.0.peers.get(&self.0.name).ok_or_else(away)?;
        let request = request.header(header::AUTHORIZATION, self.0.secret.header(self.0.service));
        let response = peer.call(request.body(body).map_err(Error::internal)?).await?;
        let status = response.status();
        let body = to_bytes(response.into_body(), LONGEST_ANSWER).await;
        let body = body.map_err(|_| away())?;
        match status {
            StatusCode::OK => serde_json::from_slice(&body).map_err(Error::internal),
            StatusCode::UNAUTHORIZED => Err(Error::new(Code::Unauthenticated, format!("{} refused", self.0.name))),
            _ => {
                tracing::warn!(http.status = status.as_u16(), "auth did not answer as it should");
                Err(away().into())
            }
        }
    }

    pub(crate) fn channel(&self, service: &str) -> Channel {
        Channel {
            auth: self.clone(),
            service: service.into(),
        }
    }
}

/// A gRPC channel to another service, in this process or elsewhere, with a token in this service's name. Cheap to
/// clone.
#[derive(Clone)]
pub struct Channel {
    auth: Auth,
    service: Arc<str>,
}

impl Service<http::Request<tonic::body::Body>> for Channel {
    type Response = http::Response<Body>;
    type Error = tonic::Status;
    type Future = BoxFuture<'static, Result<Self::Response, tonic::Status>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), tonic::Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let Self { auth, service } = self.clone();
        async move {
            let peer = auth.0.peers.get(&service);
            let peer = peer.ok_or_else(|| status(AuthError::Away(service.to_string())))?;
            let mut request = request.map(Body::new);
            if !request.headers().contains_key(header::AUTHORIZATION) {
                let authorization = auth.authorize(&service).await.map_err(status)?;
                request.headers_mut().insert(header::AUTHORIZATION, authorization);
            }
            peer.call(request).await.map_err(status)
        }
        .boxed()
    }
}
