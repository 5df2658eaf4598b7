//! What other services ask: the keys that verify tokens, which sessions are over, and tokens for services and keys.

use axum::{
    extract::{Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use platform_auth::wire;
use platform_http::{Json, Problem};
use serde::Deserialize;

use crate::{revocation, signing_key, store::Auth, token};

/// Shorter than the time between a key's publication and its first signature by far.
const FRESH: &str = "public, max-age=300";

pub(super) async fn jwks(State(auth): State<Auth>) -> Result<Response, Problem> {
    let keys = signing_key::jwks(&auth).await?;
    Ok(([(header::CACHE_CONTROL, FRESH)], Json(keys)).into_response())
}

#[derive(Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    since: i64,
}

pub(super) async fn revocations(
    State(auth): State<Auth>,
    headers: HeaderMap,
    Query(asked): Query<Since>,
) -> Result<Json<wire::Revocations>, Problem> {
    auth.services.check(&headers)?;
    Ok(Json(revocation::since(&auth, asked.since).await?))
}

pub(super) async fn service_token(
    State(auth): State<Auth>,
    headers: HeaderMap,
    Json(asked): Json<wire::ServiceTokenRequest>,
) -> Result<Json<wire::Token>, Problem> {
    let name = auth.services.check(&headers)?;
    Ok(Json(token::of_service(&auth, &name, &asked.audience).await?))
}

pub(super) async fn key_token(
    State(auth): State<Auth>,
    headers: HeaderMap,
    Json(asked): Json<wire::KeyTokenRequest>,
) -> Result<Json<wire::Token>, Problem> {
    auth.services.check(&headers)?;
    Ok(Json(token::of_key(&auth, &asked.key).await?))
}
