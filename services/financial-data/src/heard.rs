//! What this service does when others tell it something, where not everybody may do everything.

use chrono::TimeDelta;
use contracts::access::{GrantsChanged, RolesChanged};
use platform_database::{DatabaseError, Tx};
use platform_error::{Error, Result};
use platform_events::{Consumers, Received, Start};
use platform_service::Context;

use crate::access::Gate;
use crate::journal::{self, Journal};
use crate::store::Store;

/// Longer than any request may take: what was begun before is no longer being done.
const OVER: TimeDelta = TimeDelta::minutes(65);
/// Looks for changes between two looks for what is over.
const ROUNDS: u64 = 600;

fn consumers() -> Consumers<Store> {
    Consumers::new()
        .begin("financial-data", Start::End)
        .on("financial-data", roles_changed)
        .on("financial-data", grants_changed)
}

async fn roles_changed(store: &Store, tx: &Tx, _: Received<RolesChanged>) -> Result<()> {
    decide_anew(store, tx).await
}

async fn grants_changed(store: &Store, tx: &Tx, _: Received<GrantsChanged>) -> Result<()> {
    decide_anew(store, tx).await
}

/// Forgets all decisions: here at once, and soon in the other processes, of which each event reaches only one.
async fn decide_anew(store: &Store, tx: &Tx) -> Result<()> {
    journal::changed(tx).await.map_err(DatabaseError::from)?;
    if let Some(gate) = store.gate().cloned() {
        tx.on_commit(move || gate.forget());
    }
    Ok(())
}

impl Store {
    /// Hears of changed roles and tells of what nobody ended, for as long as the service runs.
    pub async fn hear(context: Context, store: Self) -> Result<()> {
        let Some(gate) = store.gate() else { return Ok(()) };
        let journal = gate.opened(&context).await?;
        let consumers = consumers();
        let (heard, ()) = tokio::join!(
            consumers.run(&journal.events, &store),
            watch(&context, &store, (gate, journal))
        );
        heard.map_err(Error::from)
    }
}

async fn watch(context: &Context, store: &Store, (gate, journal): (&Gate, &Journal)) {
    let stop = context.shutdown();
    let (mut seen, mut again, mut round) = (0, false, 0_u64);
    while !stop.is_cancelled() {
        match journal.changes().await {
            Ok(changes) if changes != seen || again => {
                gate.forget();
                // A process of `security` that has yet to see the change may have been asked in between.
                again = changes != seen;
                seen = changes;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a changed role may take ten seconds to act"),
        }
        if round.is_multiple_of(ROUNDS)
            && let Err(error) = journal.give_up(context.clock().now() - OVER).await
        {
            tracing::warn!(%error, "the audit log is told later of what did not end");
        }
        round += 1;
        stop.run_until_cancelled(tokio::time::sleep(store.settings().refresh.0))
            .await;
    }
}
