//! The gate before a router: how many requests, how large, how long; and every refusal explained.

use std::{convert::Infallible, net::SocketAddr, panic::AssertUnwindSafe, pin::pin, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request},
    http::{Method, Request as HttpRequest, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use hyper::body::Body as _;
use platform_config::Duration;
use platform_error::{Code, Error};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http::decompression::{DecompressionBody, RequestDecompressionLayer};

use crate::{
    Limits, Problem,
    allowance::{Allowance, Metered},
    grpc::{self, is_grpc},
    gunzip::{gunzipped, is_gzip},
    held::Permits,
    problem::{code_of, retry_after},
    wait::Waits,
};

/// The longest explanation taken over from a plain-text refusal.
const LONGEST_TEXT: usize = 4096;

/// Marks a request that another service of this process makes while it answers one itself. It waits for no slot: who
/// waits for it holds one already, and with all slots held like that nobody would ever go on.
#[derive(Clone, Copy, Debug)]
pub struct Nested;

/// What all requests share.
pub(crate) struct Gate {
    limits: Limits,
    slots: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    waits: Waits,
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            slots: Arc::new(Semaphore::new(limits.concurrency)),
            admitted: Arc::new(Semaphore::new(limits.concurrency.saturating_add(limits.waiting))),
            waits: Waits::new(limits),
        }
    }

    /// Lets a request through, or says why not.
    pub(crate) async fn answer<R>(&self, router: R, mut request: Request) -> Response
    where
        R: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
        R::Future: Send,
    {
        if length(request.uri()) > self.limits.url.bytes() {
            let error = Error::new(Code::Invalid, format!("the URL is longer than {}", self.limits.url));
            return Problem(error.with_status(414)).into_response();
        }
        let is_nested = request.extensions().get::<Nested>().is_some();
        let admitted = self.admitted.clone().try_acquire_owned().ok();
        if admitted.is_none() && !is_nested {
            let error = Error::new(
                Code::Unavailable,
                "too many requests are being worked on; try again in 1s",
            );
            return Problem(error.with_details(retry_after(1))).into_response();
        }
        let client = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let client = client.map(|client| client.0.ip()).filter(|_| !is_nested);
        let asked = (request.method().clone(), request.uri().clone());
        let is_grpc = is_grpc(request.headers());
        let longest = self.limits.timeout;
        let deadline = grpc::deadline(request.headers()).filter(|_| is_grpc).map(Duration);
        let allowance = Allowance::new(self.limits.body, deadline.map_or(longest, |asked| asked.min(longest)));
        request.extensions_mut().insert(allowance.clone());
        let answer = async {
            let slot = match is_nested {
                true => None,
                false => Some(self.slot().await),
            };
            let answer = AssertUnwindSafe(read(router, request, &allowance)).catch_unwind();
            let response = answer.await.unwrap_or_else(|_| panicked());
            let permits = Permits {
                _admitted: admitted,
                slot,
            };
            (response, permits)
        };
        let (response, permits) = match self.waits.within(&allowance, client, pin!(answer)).await {
            Ok(answered) => answered,
            Err(error) => return Problem(error).into_response(),
        };
        let response = match allowance.exceeded() {
            Some(too_large) if is_grpc || !response.status().is_success() => too_large.into_response(),
            _ if is_to_be_explained(&response) => Box::pin(explained(response, asked)).await,
            _ => response,
        };
        permits.stay_with(response)
    }

    async fn slot(&self) -> OwnedSemaphorePermit {
        let slots = self.slots.clone();
        slots.acquire_owned().await.expect("the semaphore is never closed")
    }
}

fn length(uri: &Uri) -> u64 {
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    (path + authority) as u64
}

/// Measures the body as it comes over the wire, and once more what becomes of it where it is compressed.
async fn read<R>(mut router: R, request: Request, allowance: &Arc<Allowance>) -> Response
where
    R: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    R::Future: Send,
{
    let is_compressed = request.headers().contains_key(header::CONTENT_ENCODING);
    let is_gzip = is_gzip(&request);
    let request = request.map(|body| Metered::wrap(body, allowance));
    if !is_compressed || is_gzip {
        let request = match is_gzip {
            true => gunzipped(request).map(|body| Metered::wrap(body, allowance)),
            false => request,
        };
        let Ok(response) = router.call(request).await;
        return response;
    }
    let measured = service_fn(|request: HttpRequest<DecompressionBody<Body>>| {
        router.call(request.map(|body| Metered::wrap(Body::new(body), allowance)))
    });
    let answer = RequestDecompressionLayer::new().layer(measured).oneshot(request);
    let Ok(response) = Box::pin(answer).await;
    response.map(Body::new)
}

fn panicked() -> Response {
    metrics::counter!("http_panics_total").increment(1);
    Problem(Error::internal("a handler panicked")).into_response()
}

/// Whether an answer is a refusal that axum or tower wrote as plain text, or with no body.
fn is_to_be_explained(response: &Response) -> bool {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return false;
    }
    let content_type = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let is_plain = content_type.is_none_or(|value| value.starts_with("text/plain"));
    let is_short = response
        .body()
        .size_hint()
        .exact()
        .is_some_and(|size| size <= LONGEST_TEXT as u64);
    is_plain && is_short
}

/// Such a refusal as a problem document.
async fn explained(response: Response, (method, uri): (Method, Uri)) -> Response {
    let (mut parts, body) = response.into_parts();
    let text = to_bytes(body, LONGEST_TEXT).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut explained = Problem(refusal(parts.status, &text, &format!("{method} {}", uri.path()))).into_response();
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    explained.headers_mut().extend(parts.headers);
    explained.extensions_mut().extend(parts.extensions);
    explained
}

fn refusal(status: StatusCode, text: &str, asked: &str) -> Error {
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        return Error::internal(text);
    }
    let message = match (status.as_u16(), text) {
        (404, "") => format!("nothing answers {asked}"),
        (405, "") => format!("{asked} is not possible; see the header allow"),
        (415, "") => "the body's content-encoding is not known; send gzip, zstd or none".into(),
        (_, "") => status.canonical_reason().unwrap_or("refused").to_lowercase(),
        (_, text) => text.into(),
    };
    Error::new(code_of(status), message).with_status(status.as_u16())
}
