//! The REST API: the same as GraphQL, for programs that would rather have addresses.

use axum::{
    Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use platform_auth::Principal;
use platform_database::{Connection, PageArgs};
use platform_http::{Json, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    actor::Actor,
    audit::{Anchor, Search, Verified},
    engine::Decision,
    filter::Filter,
    input::{Check, CreateRole, GrantFilter, GrantRole, Resource, UpdateRole},
    output::{PermissionView, RoleView},
    place::Target,
    policies::Described,
    store::{Ask, Store},
};

/// Everything under `/api/v1/security`.
pub(crate) fn router(store: &Store) -> Router {
    let routes = Router::new()
        .route("/permissions", get(permissions))
        .route("/permissions/mine", get(mine))
        .route("/policies", get(policies))
        .route("/check", post(check))
        .route("/checks", post(checks))
        .route("/filter", post(filter))
        .route("/roles", get(roles).post(create_role))
        .route(
            "/roles/{system}/{name}",
            get(role).patch(update_role).delete(delete_role),
        )
        .route("/grants", get(grants).post(grant))
        .route("/grants/{id}", axum::routing::delete(revoke))
        .route("/audit", get(audit))
        .route("/audit/verification", get(verify));
    Router::new().nest("/api/v1/security", routes).with_state(store.clone())
}

type Answer<T> = Result<Json<T>, Problem>;
type Caller = Option<Principal>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Of {
    system: Option<String>,
    workspace: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Listed {
    permission: String,
    r#type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    seq: Option<i64>,
    hash: Option<String>,
}

fn actor(caller: &Caller) -> Actor {
    Actor::of(caller.as_ref())
}

fn paged<T: Serialize + async_graphql::OutputType>(page: Connection<T>) -> Json<Value> {
    let next = page
        .edges
        .last()
        .filter(|_| page.has_next_page)
        .map(|edge| edge.cursor.clone());
    let items: Vec<_> = page.edges.into_iter().map(|edge| edge.node).collect();
    Json(json!({ "items": items, "next": next }))
}

async fn permissions(State(store): State<Store>, Query(of): Query<Of>) -> Json<Vec<PermissionView>> {
    Json(store.permission_views(of.system.as_deref()))
}

async fn mine(State(store): State<Store>, caller: Caller, Query(on): Query<Resource>) -> Answer<Vec<String>> {
    Ok(Json(store.my_permissions(&actor(&caller), on.target()?).await?))
}

async fn policies(State(store): State<Store>, caller: Caller) -> Answer<Vec<Described>> {
    Ok(Json(store.policy_views(&actor(&caller))?))
}

async fn check(State(store): State<Store>, caller: Caller, Json(asked): Json<Check>) -> Answer<Decision> {
    Ok(Json(store.answer(&actor(&caller), &asked).await?))
}

async fn checks(State(store): State<Store>, caller: Caller, Json(asked): Json<Vec<Check>>) -> Answer<Vec<Decision>> {
    Ok(Json(store.answers(&actor(&caller), &asked).await?))
}

async fn filter(State(store): State<Store>, caller: Caller, Json(listed): Json<Listed>) -> Answer<Filter> {
    let target = Target::resource(&listed.r#type, "")?;
    Ok(Json(
        store
            .filter(&Ask::own(&actor(&caller), listed.permission, target))
            .await?,
    ))
}

async fn roles(State(store): State<Store>, caller: Caller, Query(of): Query<Of>) -> Answer<Vec<RoleView>> {
    Ok(Json(store.role_views(&actor(&caller), of.workspace).await?))
}

async fn role(State(store): State<Store>, caller: Caller, Path(key): Path<(String, String)>) -> Answer<RoleView> {
    Ok(Json(
        store
            .role_view(&actor(&caller), &format!("{}/{}", key.0, key.1))
            .await?,
    ))
}

async fn create_role(
    State(store): State<Store>,
    caller: Caller,
    Json(input): Json<CreateRole>,
) -> Result<Response, Problem> {
    let role = store.create_role(&actor(&caller), input).await?;
    Ok((StatusCode::CREATED, Json(role)).into_response())
}

async fn update_role(
    State(store): State<Store>,
    caller: Caller,
    Path(key): Path<(String, String)>,
    Json(input): Json<UpdateRole>,
) -> Answer<RoleView> {
    let key = format!("{}/{}", key.0, key.1);
    Ok(Json(store.update_role(&actor(&caller), (&key, input)).await?))
}

async fn delete_role(
    State(store): State<Store>,
    caller: Caller,
    Path(key): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    store
        .remove_role(&actor(&caller), &format!("{}/{}", key.0, key.1))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn grants(State(store): State<Store>, caller: Caller, Query(filter): Query<GrantFilter>) -> Answer<Value> {
    let args = PageArgs::forward(filter.first, filter.after.clone());
    Ok(paged(store.grant_views(&actor(&caller), filter, &args).await?))
}

async fn grant(State(store): State<Store>, caller: Caller, Json(input): Json<GrantRole>) -> Result<Response, Problem> {
    let grant = store.grant_role(&actor(&caller), input).await?;
    Ok((StatusCode::CREATED, Json(grant)).into_response())
}

async fn revoke(State(store): State<Store>, caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    store.revoke_grant(&actor(&caller), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn audit(State(store): State<Store>, caller: Caller, Query(search): Query<Search>) -> Answer<Value> {
    let args = PageArgs::forward(search.first, search.after.clone());
    Ok(paged(store.search_audit(&actor(&caller), &search, &args).await?))
}

async fn verify(State(store): State<Store>, caller: Caller, Query(noted): Query<Noted>) -> Answer<Verified> {
    let anchor = Anchor::noted(noted.seq, noted.hash)?;
    Ok(Json(store.verify_audit(&actor(&caller), anchor.as_ref()).await?))
}
