//! Entity tags: whether a reader already has the answer to its question.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::output::Media;
use crate::series::Series;
use crate::store::Store;

/// Names an answer by what it is made from: the series' description, the newest commit and the question. A commit to
/// another series changes it too; that costs an answer and never gives a stale one.
pub(super) struct Tag(String);

impl Tag {
    /// The tag of an answer that has yet to be made: what is read later is never older than what it names.
    pub(super) fn of(store: &Store, series: &Series, (uri, media): (&Uri, Media)) -> Self {
        let mut hasher = DefaultHasher::new();
        (store.points_table().snapshot().id(), series.id, series.updated_at).hash(&mut hasher);
        (uri.path(), uri.query(), media).hash(&mut hasher);
        // Weak: the bytes depend on the compression that the way to the client adds.
        Self(format!("W/\"{:016x}\"", hasher.finish()))
    }

    /// The answer to a reader that has the current one.
    pub(super) fn not_modified(&self, headers: &HeaderMap) -> Option<Response> {
        let known = headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let is_known = known
            .flat_map(|value| value.split(','))
            .any(|tag| tag.trim() == "*" || tag.trim() == self.0);
        is_known.then(|| self.on(StatusCode::NOT_MODIFIED.into_response()))
    }

    /// Puts the tag on an answer.
    pub(super) fn on(&self, mut response: Response) -> Response {
        if let Ok(tag) = HeaderValue::from_str(&self.0) {
            response.headers_mut().insert(header::ETAG, tag);
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
        response
    }
}
