//! Calls in a service's own name: to `auth` with its credential, to others with a token from there.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
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
use serde_json::Value;
use tokio::sync::Mutex as AsyncMutex;
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
    tokens: Mutex<BTreeMap<String, Arc<Slot>>>,
}

/// The token for calls to one service.
#[derive(Default)]
struct Slot {
    held: Mutex<Option<Held>>,
    asking: AsyncMutex<()>,
    /// How often a token was asked for.
    asked: AtomicU64,
}

#[derive(Clone)]
struct Held {
    header: HeaderValue,
    expires_at: i64,
}

/// An answer of `auth` that is none, for the log.
#[derive(Debug, thiserror::Error)]
#[error("it answered {status}: {detail}")]
struct Refusal {
    status: StatusCode,
    detail: String,
}

impl Slot {
    fn held(&self) -> Option<Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, token: Held) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }
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

    /// Whether there is an `auth` to ask.
    pub(crate) fn is_known(&self) -> bool {
        self.0.peers.get(&self.0.name).is_some()
    }

    /// Sessions that have ended since then; nothing where no `auth` is known.
    pub(crate) async fn revocations(&self, since: i64) -> Option<Result<wire::Revocations>> {
        if !self.is_known() {
            return None;
        }
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
        let slot = self.slot(service);
        let now = self.0.clock.now().timestamp();
        let held = slot.held();
        if let Some(held) = held.as_ref().filter(|held| held.expires_at - MARGIN > now) {
            return Ok(held.header.clone());
        }
        let held = held.filter(|held| held.expires_at > now);
        let asked = slot.asked.load(Relaxed);
        // One asks. Whoever has a token for a few seconds more goes on with it meanwhile.
        let _asking = match (slot.asking.try_lock(), &held) {
            (Ok(asking), _) => asking,
            (Err(_), Some(held)) => return Ok(held.header.clone()),
            (Err(_), None) => slot.asking.lock().await,
        };
        if slot.asked.load(Relaxed) != asked {
            // Somebody has asked while this one waited, and it is no use to ask again at once where that failed.
            let held = slot.held().filter(|held| held.expires_at > now);
            return Ok(held.ok_or_else(|| AuthError::Away(self.0.name.clone()))?.header);
        }
        let answer = self.service_token(service).await;
        slot.asked.fetch_add(1, Relaxed);
        match (answer, held) {
            (Ok(token), _) => {
                let header = token.header.clone();
                slot.hold(token);
                Ok(header)
            }
            (Err(_), Some(held)) => Ok(held.header),
            (Err(error), None) => Err(error),
        }
    }

    fn slot(&self, service: &str) -> Arc<Slot> {
        let mut slots = self.0.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(service.to_owned()).or_default().clone()
    }

    async fn service_token(&self, service: &str) -> Result<Held> {
        let audience = service.to_owned();
        let request = wire::ServiceTokenRequest { audience };
        let token: wire::Token = self.post(wire::SERVICE_TOKENS, &request).await?;
        let mut header = HeaderValue::try_from(format!("Bearer {}", token.token)).map_err(Error::internal)?;
        header.set_sensitive(true);
        Ok(Held {
            header,
            expires_at: token.expires_at,
        })
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let body = serde_json::to_vec(body).map_err(Error::internal)?;
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        let answer = self.ask(request, body.into()).await;
        let refusal = answer.as_ref().err().and_then(Error::cause);
        if let Some(Refusal { status, detail }) = refusal.and_then(|cause| cause.downcast_ref()) {
            tracing::warn!(
                http.status = status.as_u16(),
                detail,
                "auth did not answer as it should"
            );
        }
        answer
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
            StatusCode::NOT_FOUND => Err(Error::new(
                Code::NotFound,
                format!("{} knows no such thing", self.0.name),
            )),
            _ => {
                let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
                let detail = problem["detail"].as_str().unwrap_or_default().to_owned();
                Err(Error::from(away()).with_cause(Refusal { status, detail }))
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
