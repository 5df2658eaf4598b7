//! Upkeep beside the requests: what others committed, compaction, the sweep, forgotten batches.

use chrono::Duration;
use futures::future::join_all;
use platform_error::Result;
use platform_lake::{Effort, Table};
use platform_service::Context;

use super::Store;

/// A sweep comes after so many looks for what is to be merged. None comes at a start: whoever started it by mistake, on
/// files that are not its own, has time to end it.
const SWEEP_ROUNDS: u32 = 600;

impl Store {
    /// Takes over what other processes commit, for as long as the service runs.
    pub async fn follow(context: Context, store: Self) -> Result<()> {
        let stop = context.shutdown();
        while stop
            .run_until_cancelled(tokio::time::sleep(store.settings().refresh.0))
            .await
            .is_some()
        {
            if let Err(error) = store.refresh().await {
                tracing::warn!(error = ?error, "the lake could not be refreshed");
            }
        }
        Ok(())
    }

    /// Merges files when there are enough of them and sweeps orphans, for as long as the service runs.
    pub async fn maintain(context: Context, store: Self) -> Result<()> {
        if !store.settings().maintenance {
            context.shutdown().cancelled().await;
            return Ok(());
        }
        let often = store.settings().refresh.0;
        // Side by side, because a compaction that is paused waits for as long as it is.
        let merging = store.tables().map(|table| every(&context, often, move || merge(table)));
        let cleaning = every(&context, often.saturating_mul(SWEEP_ROUNDS), || store.clean());
        tokio::join!(join_all(merging), cleaning);
        Ok(())
    }

    /// Sweeps orphans and forgets old batches.
    pub async fn clean(&self) -> Result<()> {
        for table in self.tables() {
            table.sweep(self.settings().orphan_grace()).await?;
        }
        let remembered = Duration::from_std(self.settings().remember_batches.0).unwrap_or(Duration::MAX);
        let before = self.context().clock().now() - remembered;
        self.lake().forget_receipts(before).await?;
        Ok(())
    }
}

async fn merge(table: &Table) -> Result<()> {
    while table.compact(Effort::Due).await?.is_some() {}
    Ok(())
}

/// Does `work` after each pause for as long as the service runs.
async fn every<F: Future<Output = Result<()>>>(context: &Context, pause: std::time::Duration, work: impl Fn() -> F) {
    let stop = context.shutdown();
    while stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
        if let Some(Err(error)) = stop.run_until_cancelled(work()).await {
            tracing::warn!(error = ?error, "upkeep of the lake failed and will be tried again");
        }
    }
}
