//! What happens beside requests: seeing changes that other processes made, and clearing away ended grants.
//!
//! The audit log numbers changes in the order in which they were committed, so it is the feed of changes: who reads on
//! from the last number that was seen misses none.

use std::time::Duration;

use platform_database::{
    Database,
    orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect},
    sql,
};
use platform_service::Context;

use super::{Store, memory};
use crate::{audit, error::Error, grant};

const BATCH: u64 = 500;
/// How often ended grants are looked for.
const CLEAR: Duration = Duration::from_secs(600);

impl Store {
    /// Forgets what other processes changed, until the service stops.
    pub async fn follow(context: Context, store: Self) -> Result<(), Error> {
        let shutdown = context.shutdown();
        let mut seen = store.0.opened;
        loop {
            tokio::select! {
                () = tokio::time::sleep(*store.settings().refresh) => {}
                () = shutdown.cancelled() => return Ok(()),
            }
            seen = store.catch_up(seen).await?;
        }
    }

    /// Forgets what was changed after an entry of the log, and gives back the last entry that was seen.
    pub async fn catch_up(&self, seen: i64) -> Result<i64, Error> {
        let (newest, mut seen) = (newest(self.db()).await?, seen);
        while seen < newest {
            let changes = audit::Entity::find()
                .select_only()
                .columns([audit::Column::Seq, audit::Column::Action, audit::Column::TargetId])
                .filter(audit::Column::Seq.gt(seen))
                .filter(audit::Column::Seq.lte(newest))
                .filter(audit::Column::Source.eq("security"))
                .filter(audit::Column::Outcome.eq("done"))
                .order_by_asc(audit::Column::Seq)
                .limit(BATCH)
                .into_tuple::<(i64, String, String)>()
                .all(self.db().read())
                .await?;
            let is_last = (changes.len() as u64) < BATCH;
            for (seq, action, target) in changes {
                seen = seq;
                match (action.split('.').next(), memory::subject_of(&target)) {
                    (Some("grants"), Some(subject)) => self.0.memory.forget(&subject),
                    (Some("roles" | "grants"), _) => self.0.memory.forget_all(),
                    _ => {}
                }
            }
            if is_last {
                seen = newest;
            }
        }
        Ok(seen)
    }

    /// Clears away grants that ended long ago, until the service stops.
    pub async fn clear(context: Context, store: Self) -> Result<(), Error> {
        let shutdown = context.shutdown();
        loop {
            store.clear_ended().await?;
            tokio::select! {
                () = tokio::time::sleep(CLEAR) => {}
                () = shutdown.cancelled() => return Ok(()),
            }
        }
    }

    /// Deletes grants that ended long ago; they have been worth nothing since. It says how many there were.
    pub async fn clear_ended(&self) -> Result<u64, Error> {
        let keep = chrono::TimeDelta::from_std(*self.settings().keep_ended).unwrap_or(chrono::TimeDelta::MAX);
        let Some(before) = self.0.clock.now().checked_sub_signed(keep) else {
            return Ok(0);
        };
        let tx = self.db().begin().await?;
        let ended = grant::Entity::delete_many().filter(grant::Column::ExpiresAt.lt(before));
        let ended = ended.exec(&tx).await?.rows_affected;
        tx.commit().await?;
        Ok(ended)
    }
}

/// The number of the newest entry of the log.
pub(super) async fn newest(db: &Database) -> Result<i64, Error> {
    let row = sql::one(db.read(), "select seq from audit_head", []).await?;
    Ok(row.map(|row| row.try_get("", "seq")).transpose()?.unwrap_or_default())
}
