//! A ring's file while processes run: looked at again now and then, and taken over where nothing is lost by it.

use std::{sync::Mutex, time::Duration};

use arc_swap::ArcSwap;
use tokio::time::Instant;

use super::{Document, file::Place};

/// A file that is looked at by whoever needs the ring: nothing is sealed or believed by a ring that is older than the
/// settings allow, also where it was not needed for long.
pub(super) struct Watched {
    place: Place,
    every: Duration,
    looked: Mutex<Looked>,
}

struct Looked {
    at: Instant,
    /// Why what is there was not taken over, so that it is told once.
    refused: Option<String>,
}

impl Watched {
    /// A file that was read just now.
    pub(super) fn new(place: Place, every: Duration) -> Self {
        Self {
            place,
            every,
            looked: Mutex::new(Looked {
                at: Instant::now(),
                refused: None,
            }),
        }
    }

    /// Looks whether the file has another ring by now, if it is time to.
    pub(super) fn look(&self, ring: &ArcSwap<Document>) {
        // Whoever comes while another one looks goes on with what there is: a slow disk holds up one.
        let Ok(mut looked) = self.looked.try_lock() else { return };
        if looked.at.elapsed() < self.every {
            return;
        }
        looked.at = Instant::now();
        let file = self.place.path().display();
        match self.newer(&ring.load()) {
            Ok(newer) => {
                looked.refused = None;
                if let Some(newer) = newer {
                    tracing::info!(%file, keys = ?newer.standings(), "the key ring was read again");
                    ring.store(newer.into());
                }
            }
            Err(reason) if looked.refused.as_ref() == Some(&reason) => {}
            Err(reason) => {
                tracing::error!(%file, reason, "the key ring cannot be used as it is now; the one before stays");
                looked.refused = Some(reason);
            }
        }
    }

    fn newer(&self, known: &Document) -> Result<Option<Document>, String> {
        let found = self.place.read()?;
        found.keeps(known)?;
        Ok((found != *known).then_some(found))
    }
}
