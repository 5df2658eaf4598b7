//! How many points one request gets, however many fields, aliases and entities it spreads them over: an answer is in
//! memory whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use async_graphql::DataContext;
use axum::Router;
use axum::extract::Request;
use axum::http::Extensions;
use axum::middleware::map_request;
use platform_error::{Error as Failure, Result};

use crate::error::Error;
use crate::store::Store;

/// Pages of points that fit one answer.
const PAGES: usize = 100;

/// How many more points fit the answer of a request.
pub(super) struct Room(AtomicUsize);

impl Room {
    /// Takes up room for points.
    pub(super) fn take(&self, points: usize) -> Result<(), Error> {
        let taken = self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(points));
        taken.map(drop).map_err(|_| {
            Error::field(
                "timeRange",
                "holds more points than fit one answer; take a shorter one, fewer series or fewer vintages",
            )
        })
    }
}

/// Gives each request its room.
pub(crate) fn limited(store: &Store, router: Router) -> Router {
    let most = store.settings().page_limit.saturating_mul(PAGES);
    router.layer(map_request(move |mut request: Request| async move {
        request.extensions_mut().insert(Arc::new(Room(AtomicUsize::new(most))));
        request
    }))
}

/// The room of the request.
pub(super) fn room<'a>(ctx: &impl DataContext<'a>) -> Result<&'a Arc<Room>> {
    let extensions = ctx.data_opt::<Extensions>();
    let room = extensions.and_then(|extensions| extensions.get::<Arc<Room>>());
    room.ok_or_else(|| Failure::internal("the schema is served without room for points"))
}
