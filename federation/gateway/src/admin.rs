//! What is not for clients: recorded usage, and taking kept answers away.

use std::net::SocketAddr;

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::header,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use platform_config::Secret;
use platform_error::{Code, Error};
use platform_http::{Json, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    cache::{Invalidation, Store},
    persisted::digest,
    usage::{Report, Usage},
};

/// Who may see and do what is not for clients.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct AdminSettings {
    /// Asked for as `authorization: Bearer …`. Without one, only this machine may ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret<String>>,
}

/// What the administrator's side knows of a gateway.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) settings: AdminSettings,
    pub(crate) usage: Usage,
    pub(crate) cache: Option<Store>,
}

/// `GET /usage` and `POST /cache/invalidate`.
pub(crate) fn router(admin: Admin) -> Router {
    Router::new()
        .route("/usage", get(usage))
        .route("/cache/invalidate", post(invalidate))
        .layer(from_fn_with_state(admin.settings.clone(), guard))
        .with_state(admin)
}

async fn usage(State(admin): State<Admin>) -> axum::Json<Report> {
    axum::Json(admin.usage.report())
}

async fn invalidate(State(admin): State<Admin>, Json(what): Json<Invalidation>) -> Result<axum::Json<Value>, Problem> {
    if what.key.is_some() && what.of_type.is_none() {
        return Err(Error::new(Code::Invalid, "name the type that the key belongs to").into());
    }
    let gone = admin.cache.as_ref().map_or(0, |cache| cache.invalidate(&what));
    Ok(axum::Json(json!({ "invalidated": gone })))
}

async fn guard(State(settings): State<AdminSettings>, request: Request, next: Next) -> Response {
    let refused = match &settings.token {
        Some(token) => {
            let sent = request
                .headers()
                .get(header::AUTHORIZATION)
                .and_then(|value| value.to_str().ok());
            let sent = sent.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
            // Digests take as long to compare whatever was guessed.
            let is_known = digest(sent) == digest(token.expose());
            (!is_known).then(|| Error::new(Code::Unauthenticated, "send the administrator's token"))
        }
        None => {
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
            let is_handed_on = ["x-forwarded-for", "forwarded"]
                .iter()
                .any(|name| request.headers().contains_key(*name));
            let is_here = !is_handed_on && peer.is_none_or(|peer| peer.0.ip().to_canonical().is_loopback());
            (!is_here).then(|| Error::new(Code::Forbidden, "only this machine may ask; or set gateway.admin.token"))
        }
    };
    match refused {
        Some(error) => Problem(error).into_response(),
        None => next.run(request).await,
    }
}
