//! Accounts of others, for who administrates them.

use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
};
use platform_database::PageArgs;
use platform_http::{Json, Problem};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::session::marked;
use crate::{
    account,
    administration::{self, Administrator, Filter},
    caller::Caller,
    session,
    store::Auth,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Asked {
    first: Option<i32>,
    after: Option<String>,
    email: Option<String>,
    email_begins: Option<String>,
    state: Option<administration::State>,
}

pub(super) async fn list(
    State(auth): State<Auth>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Problem> {
    let filter = Filter {
        email: asked.email,
        email_begins: asked.email_begins,
        state: asked.state,
    };
    let page = PageArgs::forward(asked.first, asked.after);
    let page = administration::page(&auth, &caller, &filter, &page).await?;
    let next = page.edges.last().filter(|_| page.has_next_page);
    let next = next.map(|edge| edge.cursor.clone());
    let items: Vec<_> = page.edges.iter().map(|edge| record(&edge.node)).collect();
    Ok(Json(json!({ "items": items, "next": next })))
}

pub(super) async fn one(
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(record(&administration::find(&auth, &caller, id).await?)))
}

pub(super) async fn sessions(
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<Value>, Problem> {
    administration::may_see_sessions(&auth, &caller).await?;
    let sessions = session::list(auth.db.read(), id, auth.now()).await?;
    Ok(Json(marked(&sessions, &caller)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Suspension {
    reason: String,
}

pub(super) async fn suspend(
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(body): Json<Suspension>,
) -> Result<Json<Value>, Problem> {
    let by = Administrator::Person(&caller);
    let account = administration::suspend(&auth, by, (id, &body.reason)).await?;
    Ok(Json(record(&account)))
}

pub(super) async fn reinstate(
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    administration::reinstate(&auth, Administrator::Person(&caller), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn end_sessions(
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<Value>, Problem> {
    let revoked = administration::end_sessions(&auth, Administrator::Person(&caller), id).await?;
    Ok(Json(json!({ "revoked": revoked })))
}

fn record(account: &account::Model) -> Value {
    json!({
        "id": account.id,
        "email": account.email,
        "name": account.name,
        "createdAt": account.created_at,
        "state": account.state(),
        "suspendedAt": account.suspended_at,
        "suspensionReason": account.suspension_reason,
    })
}
