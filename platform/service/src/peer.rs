//! Another service, called the same way whether it lives in this process or behind a socket.

use axum::{
    Router,
    extract::Request,
    http::{Uri, uri::PathAndQuery},
    response::Response,
};
use platform_error::{Error, Result};
use platform_http::Client;
use tower::ServiceExt;

/// Where another service is.
#[derive(Clone, Debug)]
pub enum Peer {
    /// In this process: called without a socket.
    Local(Router),
    /// Behind this address, such as `http://10.0.0.7:8001`.
    Remote(Uri, Client),
}

impl Peer {
    /// Sends a request, whose path counts from the peer's root, and gives back the answer whatever its status.
    pub async fn call(&self, mut request: Request) -> Result<Response> {
        match self {
            Self::Local(router) => Ok(router
                .clone()
                .oneshot(request)
                .await
                .unwrap_or_else(|never| match never {})),
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
