//! What is fetched as a file: all that is known of the caller.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse,
    routing::get,
};
use platform_auth::Principal;
use platform_error::Error as Outer;
use platform_http::Problem;
use serde_json::json;
use uuid::Uuid;

use crate::{asker, privacy, store::Store};

/// The routes beside GraphQL.
pub(crate) fn router(store: &Store) -> Router {
    Router::new()
        .route("/api/v1/users/me/exports/{id}", get(export))
        .with_state(store.clone())
}

/// An export of the caller's, as a file that no cache keeps.
async fn export(
    State(store): State<Store>,
    principal: Principal,
    Path(id): Path<Uuid>,
) -> Result<impl IntoResponse, Problem> {
    let me = asker::in_person(&principal).map_err(Outer::from)?;
    let (export, services) = privacy::fetch(&store, me, id).await.map_err(Outer::from)?;
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"my-data.json\""),
        ),
    ];
    let body = json!({ "user": me, "requestedAt": export.created_at, "services": services });
    Ok((headers, Json(body)))
}
