//! API keys of the caller's.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use platform_http::{Json, Problem};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{api_key, caller::Caller, store::Auth};

pub(super) async fn list(State(auth): State<Auth>, caller: Caller) -> Result<Json<Value>, Problem> {
    let keys = api_key::list(auth.db.read(), caller.account.id).await?;
    Ok(Json(json!({ "keys": keys })))
}

pub(super) async fn create(
    State(auth): State<Auth>,
    caller: Caller,
    Json(new): Json<api_key::New>,
) -> Result<Response, Problem> {
    let (key, text) = api_key::create(&auth, &caller, new).await?;
    let mut body = json!(key);
    body["key"] = text.expose().as_str().into();
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

pub(super) async fn revoke(
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    api_key::revoke(&auth, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
