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
use platform_crypto::equal;
use platform_error::{Code, Error};
use platform_http::{Json, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{cache::Invalidation, gateway::Gateway, usage::Report};

/// Who may see and do what is not for clients.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct AdminSettings {
    /// Asked for as `authorization: Bearer …`. Without one, only this machine may ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret<String>>,
}

impl Gateway {
    /// `GET /usage` and `POST /cache/invalidate`: for administrators, so it is to be served on an address of theirs.
    pub fn admin_router(&self) -> Router {
        Router::new()
            .route("/usage", get(usage))
            .route("/cache/invalidate", post(invalidate))
            .layer(from_fn_with_state(self.0.settings.admin.clone(), guard))
            .with_state(self.clone())
    }
}

async fn usage(State(gateway): State<Gateway>) -> axum::Json<Report> {
    axum::Json(gateway.usage_report())
}

async fn invalidate(
    State(gateway): State<Gateway>,
    Json(what): Json<Map<String, Value>>,
) -> Result<axum::Json<Value>, Problem> {
    // A list would be read field by field, and an empty one take everything away.
    let what = Invalidation::deserialize(Value::Object(what)).map_err(|error| {
        Error::new(
            Code::Invalid,
            format!("the JSON body does not have the expected shape: {error}"),
        )
        .with_status(422)
    })?;
    if what.key.is_some() && what.of_type.is_none() {
        return Err(Error::new(Code::Invalid, "name the type that the key belongs to").into());
    }
    Ok(axum::Json(json!({ "invalidated": gateway.invalidate(&what) })))
}

async fn guard(State(settings): State<AdminSettings>, request: Request, next: Next) -> Response {
    let refused = match &settings.token {
        Some(token) => {
            let sent = request
                .headers()
                .get(header::AUTHORIZATION)
                .and_then(|value| value.to_str().ok());
            let sent = sent.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
            (!equal(sent.as_bytes(), token.expose().as_bytes()))
                .then(|| Error::new(Code::Unauthenticated, "send the administrator's token"))
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
