//! Another service, called the same way whether it lives in this process or behind a socket.

use std::task::{self, Poll};

use axum::{
    body::Body,
    extract::Request,
    http::{self, Uri, uri::PathAndQuery},
    response::Response,
};
use futures::{FutureExt, future::BoxFuture};
use platform_error::{Code, Error, Result};
use platform_http::{App, Client, Nested, deadline};
use tokio::time::timeout;
use tower::Service;

use crate::status;

/// Where another service is.
#[derive(Clone, Debug)]
pub enum Peer {
    /// In this process: called without a socket.
    Local(App),
    /// Behind this address, such as `http://10.0.0.7:8001`.
    Remote(Uri, Client),
}

impl Peer {
    /// Sends a request, whose path counts from the peer's root, and gives back the answer whatever its status.
    pub async fn call(&self, mut request: Request) -> Result<Response> {
        platform_http::hand_on(request.headers_mut());
        match self {
            Self::Local(app) => {
                request.extensions_mut().insert(Nested);
                Ok(app.answer(request).await)
            }
            Self::Remote(base, client) => {
                *request.uri_mut() = joined(base, request.uri()).map_err(Error::internal)?;
                client.forward(request).await
            }
        }
    }
}

fn joined(base: &Uri, path: &Uri) -> Result<Uri, axum::http::Error> {
    let prefix = base.path().trim_end_matches('/');
    let path = path.path_and_query().map_or("/", PathAndQuery::as_str);
    let parts = base.clone().into_parts();
    let builder = Uri::builder()
        .scheme(parts.scheme.unwrap_or(axum::http::uri::Scheme::HTTP))
        .path_and_query(format!("{prefix}{path}"));
    match parts.authority {
        Some(authority) => builder.authority(authority).build(),
        None => builder.build(),
    }
}

/// A peer is a gRPC channel: without a socket in this process, by HTTP/2 elsewhere.
impl Service<http::Request<tonic::body::Body>> for Peer {
    type Response = Response;
    type Error = tonic::Status;
    type Future = BoxFuture<'static, Result<Response, tonic::Status>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), tonic::Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let peer = self.clone();
        let deadline = deadline(request.headers());
        async move {
            let answer = Peer::call(&peer, request.map(Body::new));
            let answer = match deadline {
                None => answer.await,
                Some(deadline) => timeout(deadline, answer).await.unwrap_or_else(|_| Err(late())),
            };
            answer.map_err(status)
        }
        .boxed()
    }
}

fn late() -> Error {
    Error::new(Code::Timeout, "the answer did not come within the time that was left")
}
