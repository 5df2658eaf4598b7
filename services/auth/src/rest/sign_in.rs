//! Registering and signing in.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use platform_http::{Json, Problem};
use serde::Deserialize;
use serde_json::json;
use webauthn_rs::prelude::PublicKeyCredential;

use super::answer;
use crate::{
    client::Client,
    passkey,
    registration::{self, Hidden, Registration},
    session::Mode,
    sign_in,
    store::Auth,
};

pub(super) async fn register(
    State(auth): State<Auth>,
    client: Client,
    Json(registration): Json<Registration>,
) -> Result<Response, Problem> {
    registration::register(&auth, registration, &client).await?;
    let body = json!({ "next": "follow the link in the mail that was sent" });
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Verification {
    token: Hidden,
    password: Hidden,
    #[serde(default)]
    mode: Mode,
}

pub(super) async fn verify(
    State(auth): State<Auth>,
    client: Client,
    Json(body): Json<Verification>,
) -> Result<Response, Problem> {
    let by = (body.mode, &client);
    let grant = registration::verify(&auth, body.token.text(), body.password.secret(), by).await?;
    Ok(answer::granted(&auth, &grant))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Credentials {
    email: String,
    password: Hidden,
    #[serde(default)]
    mode: Mode,
}

pub(super) async fn with_password(
    State(auth): State<Auth>,
    client: Client,
    Json(body): Json<Credentials>,
) -> Result<Response, Problem> {
    let by = (body.mode, &client);
    let outcome = sign_in::with_password(&auth, (&body.email, body.password.secret()), by).await?;
    Ok(answer::outcome(&auth, &outcome))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Code {
    challenge: Hidden,
    code: Hidden,
    #[serde(default)]
    mode: Mode,
}

pub(super) async fn with_code(
    State(auth): State<Auth>,
    client: Client,
    Json(body): Json<Code>,
) -> Result<Response, Problem> {
    let by = (body.mode, &client);
    let grant = sign_in::with_code(&auth, body.challenge.text(), body.code.secret(), by).await?;
    Ok(answer::granted(&auth, &grant))
}

pub(super) async fn ask_for_passkey(State(auth): State<Auth>, client: Client) -> Result<Response, Problem> {
    let question = passkey::ask_for(&auth, &client).await?;
    let body = json!({ "challenge": question.token.expose(), "options": question.options });
    Ok(Json(body).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Assertion {
    challenge: Hidden,
    credential: PublicKeyCredential,
    #[serde(default)]
    mode: Mode,
}

pub(super) async fn with_passkey(
    State(auth): State<Auth>,
    client: Client,
    Json(body): Json<Assertion>,
) -> Result<Response, Problem> {
    let by = (body.mode, &client);
    let grant = passkey::sign_in(&auth, body.challenge.text(), &body.credential, by).await?;
    Ok(answer::granted(&auth, &grant))
}
