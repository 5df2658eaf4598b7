//! What is fetched as a file: all that is known of the caller.

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse,
    routing::get,
};
use futures::TryStreamExt;
use platform_auth::Principal;
use platform_error::Error as Outer;
use platform_http::Problem;
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
    let pieces = privacy::fetch(&store, me, id).await.map_err(Outer::from)?;
    // The answer has begun, and can only break off.
    let pieces = pieces.inspect_err(|error| tracing::error!(?error, "an export broke off"));
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"my-data.json\""),
        ),
    ];
    Ok((headers, Body::from_stream(pieces)))
}
