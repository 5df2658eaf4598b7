//! The principal at the edge: verified once per request, then at hand for REST handlers, resolvers and gRPC methods.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts, Request, State},
    http::{HeaderValue, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use platform_error::Code;
use platform_http::Problem;
use platform_service::status;

use crate::{AuthError, Identity, Principal};

/// Verifies who asks before anything else is done.
pub(crate) async fn identify(State(identity): State<Identity>, mut request: Request, next: Next) -> Response {
    match identity.principal(request.headers()).await {
        Ok(Some(principal)) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Ok(None) => next.run(request).await,
        Err(error) => refusal(error),
    }
}

fn refusal(error: AuthError) -> Response {
    let problem = Problem::from(error);
    let is_unknown = problem.0.code() == Code::Unauthenticated;
    let mut response = problem.into_response();
    if is_unknown {
        let challenge = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let principal = parts.extensions.get::<Arc<Self>>();
        principal
            .map(|principal| Self::clone(principal))
            .ok_or_else(|| refusal(AuthError::Missing))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Principal {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Response> {
        let principal = parts.extensions.get::<Arc<Self>>();
        Ok(principal.map(|principal| Self::clone(principal)))
    }
}

/// Who sent a gRPC request.
pub fn principal_of<T>(request: &tonic::Request<T>) -> Result<&Principal, tonic::Status> {
    let principal = request.extensions().get::<Arc<Principal>>();
    principal.map(Arc::as_ref).ok_or_else(|| status(AuthError::Missing))
}
