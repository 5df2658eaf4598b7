//! Passwords: forgotten, reset, changed.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use platform_http::{Json, Problem};
use serde::Deserialize;
use serde_json::json;

use crate::{
    caller::Caller,
    client::Client,
    password::{self, Access},
    registration::Hidden,
    store::Auth,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Forgotten {
    email: String,
}

pub(super) async fn forgot(
    State(auth): State<Auth>,
    client: Client,
    Json(body): Json<Forgotten>,
) -> Result<Response, Problem> {
    password::forgot(&auth, &body.email, &client).await?;
    let body = json!({ "next": "follow the link in the mail, if the address has an account" });
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Reset {
    token: Hidden,
    password: Hidden,
    /// Of who has merely forgotten the password: everything else stays.
    #[serde(default)]
    keep_access: bool,
}

pub(super) async fn reset(State(auth): State<Auth>, Json(body): Json<Reset>) -> Result<StatusCode, Problem> {
    let access = match body.keep_access {
        true => Access::Kept,
        false => Access::Removed,
    };
    password::reset(&auth, body.token.text(), (body.password.secret(), access)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Change {
    current_password: Option<Hidden>,
    new_password: Hidden,
}

pub(super) async fn change(
    State(auth): State<Auth>,
    caller: Caller,
    Json(body): Json<Change>,
) -> Result<StatusCode, Problem> {
    let passwords = (body.current_password.map(Hidden::secret), body.new_password.secret());
    password::change(&auth, &caller, passwords).await?;
    Ok(StatusCode::NO_CONTENT)
}
