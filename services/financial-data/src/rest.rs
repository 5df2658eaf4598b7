//! The REST API: bulk writes, series, points in many formats, upkeep of the lake, and the document that describes it.

mod arguments;
mod arriving;
mod bulk;
mod describe;
mod document;
mod lake;
mod media;
mod panel;
mod points;
mod query;
mod route;
mod routes;
mod series;
mod tag;

use axum::{Extension, Router};

use crate::store::Store;
use document::Document;

/// Everything under `/api/v1`.
pub fn router(store: &Store) -> Router {
    let routes = routes::all(store.settings());
    let document = Document::of(&routes);
    let router = routes
        .into_iter()
        .fold(Router::new(), |router, route| route.join(router));
    router.layer(Extension(document)).with_state(store.clone())
}
