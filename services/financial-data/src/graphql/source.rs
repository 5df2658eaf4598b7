//! Who publishes series.

use std::sync::Arc;

use async_graphql::{ID, Object};
use uuid::Uuid;

use super::scalars::Instant;
use crate::series::{self, SourceId};
use crate::store::Store;

/// A source as GraphQL shows it.
pub(crate) struct Source(pub(super) Arc<series::Source>);

/// Who publishes series.
#[Object(name = "SeriesSource")]
impl Source {
    /// Made of the name in lower case.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Unique whatever its case, for instance `FRED`.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Where its data can be found.
    async fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// When it was first named here.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When it was last changed here.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }
}

/// The id of the source that is called so, or that has this id.
pub(super) fn source_id(store: &Store, reference: &str) -> SourceId {
    let known = Uuid::try_parse(reference)
        .ok()
        .map(SourceId)
        .filter(|id| store.source(*id).is_some());
    known.unwrap_or_else(|| SourceId::of(reference))
}

/// The source that is called so, or that has this id.
pub(super) fn find(store: &Store, reference: &str) -> Option<Source> {
    store.source(source_id(store, reference)).map(Source)
}
