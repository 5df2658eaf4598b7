//! Codes of an authenticator, recovery codes and passkeys of the caller's.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use platform_config::Secret;
use platform_http::{Json, Problem};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::RegisterPublicKeyCredential;

use crate::{caller::Caller, client::Client, passkey, registration::Hidden, store::Auth, totp};

pub(super) async fn begin(State(auth): State<Auth>, caller: Caller) -> Result<Json<Value>, Problem> {
    let enrolment = totp::begin(&auth, &caller).await?;
    Ok(Json(
        json!({ "secret": enrolment.secret.expose(), "url": enrolment.url.expose() }),
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Code {
    code: Hidden,
}

pub(super) async fn enable(
    State(auth): State<Auth>,
    (caller, client): (Caller, Client),
    Json(body): Json<Code>,
) -> Result<Json<Value>, Problem> {
    let codes = totp::enable(&auth, &caller, body.code.text(), &client).await?;
    Ok(Json(shown(&codes)))
}

pub(super) async fn disable(State(auth): State<Auth>, caller: Caller) -> Result<StatusCode, Problem> {
    totp::disable(&auth, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn renew_recovery(State(auth): State<Auth>, caller: Caller) -> Result<Json<Value>, Problem> {
    let codes = totp::renew_recovery(&auth, &caller).await?;
    Ok(Json(shown(&codes)))
}

fn shown(codes: &[Secret<String>]) -> Value {
    json!({ "recoveryCodes": codes.iter().map(Secret::expose).collect::<Vec<_>>() })
}

pub(super) async fn passkeys(State(auth): State<Auth>, caller: Caller) -> Result<Json<Value>, Problem> {
    let passkeys = passkey::list(auth.db.read(), caller.account.id).await?;
    Ok(Json(json!({ "passkeys": passkeys })))
}

pub(super) async fn begin_passkey(State(auth): State<Auth>, caller: Caller) -> Result<Json<Value>, Problem> {
    let question = passkey::begin(&auth, &caller).await?;
    Ok(Json(
        json!({ "challenge": question.token.expose(), "options": question.options }),
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Registration {
    challenge: Hidden,
    name: String,
    credential: RegisterPublicKeyCredential,
}

pub(super) async fn register(
    State(auth): State<Auth>,
    caller: Caller,
    Json(body): Json<Registration>,
) -> Result<Response, Problem> {
    let named = (body.challenge.text(), body.name.as_str());
    let passkey = passkey::register(&auth, &caller, named, &body.credential).await?;
    Ok((StatusCode::CREATED, Json(passkey)).into_response())
}

pub(super) async fn remove_passkey(
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    passkey::remove(&auth, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
