//! The caller's own account.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use platform_http::{Json, Problem};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    caller::Caller,
    cookie, identity,
    mail_change::{self, Progress},
    passkey, recovery,
    registration::Hidden,
    sign_in::{self, Proof},
    store::Auth,
    totp,
};

pub(super) async fn me(State(auth): State<Auth>, caller: Caller) -> Result<Json<Value>, Problem> {
    let (account, db) = (&caller.account, auth.db.read());
    Ok(Json(json!({
        "id": account.id,
        "email": account.email,
        "name": account.name,
        "locale": account.locale,
        "createdAt": account.created_at,
        "hasPassword": account.password_hash.is_some(),
        "asksForCodes": totp::is_on(db, account.id).await?,
        "recoveryCodesLeft": recovery::left(db, account.id).await?,
        "passkeys": passkey::count(db, account.id).await?,
        "identities": identity::count(db, account.id).await?,
        "session": caller.session.id,
    })))
}

pub(super) async fn delete(State(auth): State<Auth>, caller: Caller) -> Result<Response, Problem> {
    crate::account::delete_own(&auth, &caller).await?;
    let mut headers = HeaderMap::new();
    cookie::clear(&auth, &mut headers);
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Confirmation {
    password: Option<Hidden>,
    code: Option<Hidden>,
}

pub(super) async fn confirm(
    State(auth): State<Auth>,
    caller: Caller,
    Json(body): Json<Confirmation>,
) -> Result<StatusCode, Problem> {
    let proof = Proof::one_of(body.password, body.code)?;
    sign_in::confirm(&auth, &caller, proof).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewMail {
    email: String,
}

pub(super) async fn change_mail(
    State(auth): State<Auth>,
    caller: Caller,
    Json(body): Json<NewMail>,
) -> Result<Response, Problem> {
    mail_change::begin(&auth, &caller, &body.email).await?;
    let body = json!({ "next": "follow the links in both mails, to the old address and to the new one" });
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MailToken {
    token: Hidden,
}

pub(super) async fn confirm_mail(
    State(auth): State<Auth>,
    Json(body): Json<MailToken>,
) -> Result<Json<Value>, Problem> {
    let progress = mail_change::confirm(&auth, body.token.text()).await?;
    Ok(Json(json!({ "changed": progress == Progress::Done })))
}
