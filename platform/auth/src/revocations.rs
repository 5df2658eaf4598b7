//! Sessions that have ended before their tokens, asked for again and again so that no lost message keeps one alive.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use platform_service::Context;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{calls::Auth, wire};

/// How long an ended session is remembered after its last token, in seconds: longer than clocks may differ.
const FORGET_AFTER: i64 = 600;
/// A reason for which they cannot be asked for is told in at most so many characters, and of one time no more than these.
const LONGEST_REASON: usize = 300;
const MOST_REASONS: usize = 20;

/// The sessions whose tokens are not believed any more. Cheap to clone; clones share them. A session is forgotten when
/// the last of its tokens has expired, so that there are as many as people end within minutes.
#[derive(Clone, Default)]
pub struct Revocations(Arc<RwLock<HashMap<Uuid, i64>>>);

impl Revocations {
    /// Ends a session, or an API key, here and now. `until` is when its last token expires, in seconds since 1970.
    pub fn revoke(&self, session: Uuid, until: i64) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let last = known.entry(session).or_insert(until);
        *last = until.max(*last);
    }

    /// Whether a session has ended.
    pub fn has(&self, session: Uuid) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.contains_key(&session)
    }

    fn forget_before(&self, now: i64) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, until| *until >= now);
    }

    /// Asks the service that ends sessions again and again. While it is away what is known stays, and tokens still
    /// expire within minutes.
    pub(crate) async fn keep(self, auth: Auth, context: Context, pause: Duration) {
        let shutdown = context.shutdown();
        let (mut since, mut told) = (0, HashSet::new());
        loop {
            match auth.revocations(since).await {
                Some(Ok(answer)) => {
                    self.absorb(answer.revoked);
                    since = answer.next;
                    told.clear();
                }
                Some(Err(error)) if told.len() < MOST_REASONS => {
                    let reason = error.in_full(LONGEST_REASON);
                    if told.insert(reason.clone()) {
                        tracing::warn!(
                            error = reason,
                            "ended sessions cannot be asked for; tokens are believed until they expire"
                        );
                    }
                }
                Some(Err(_)) | None => {}
            }
            self.forget_before(context.clock().now().timestamp() - FORGET_AFTER);
            tokio::select! {
                () = sleep(pause) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    fn absorb(&self, revoked: Vec<wire::Revoked>) {
        for one in revoked {
            self.revoke(one.session, one.until);
        }
    }
}
