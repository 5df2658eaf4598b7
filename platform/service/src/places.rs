//! Places for streams that clients may leave open: so many in all, and for one client a part of them.

use std::{net::SocketAddr, sync::Arc};

use axum::{extract::ConnectInfo, http::Extensions};
use platform_http::{Clients, Place};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

/// One client may hold this part of the places.
const SHARE: usize = 10;

/// The places for one kind of stream.
pub(crate) struct Places {
    all: Arc<Semaphore>,
    each: Arc<Clients>,
    refusal: &'static str,
}

/// A place, which is free again when this is dropped.
pub(crate) struct Taken {
    _place: OwnedSemaphorePermit,
    _share: Place,
}

impl Places {
    /// So many. A refusal says that too many do what `refusal` says.
    pub(crate) fn new(most: usize, refusal: &'static str) -> Self {
        Self {
            all: Arc::new(Semaphore::new(most)),
            each: Clients::new((most / SHARE).max(1), Arc::default()),
            refusal,
        }
    }

    /// A place for whoever asked with these extensions. Who is in this process has no share.
    pub(crate) fn take(&self, asked: &Extensions) -> Result<Taken, Status> {
        let share = match asked.get::<ConnectInfo<SocketAddr>>() {
            Some(ConnectInfo(client)) => self.each.admit(client.ip()),
            None => Some(Place::default()),
        };
        let refused = |who: &str| Status::resource_exhausted(format!("too many {who}{}", self.refusal));
        let share = share.ok_or_else(|| refused("from your address "))?;
        match self.all.clone().try_acquire_owned() {
            Ok(place) => Ok(Taken {
                _place: place,
                _share: share,
            }),
            Err(_) => Err(refused("")),
        }
    }
}
