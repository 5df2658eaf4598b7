//! Upkeep beside the requests: what others committed, compaction, the sweep, forgotten batches.

use chrono::Duration;
use platform_error::Result;
use platform_lake::Effort;
use platform_service::Context;

use super::Store;

/// Rounds between two sweeps.
const SWEEP_ROUNDS: u64 = 600;

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
        let stop = context.shutdown();
        let mut round = 0_u64;
        while stop
            .run_until_cancelled(tokio::time::sleep(store.settings().refresh.0))
            .await
            .is_some()
        {
            let work = async {
                for table in store.tables() {
                    while table.compact(Effort::Due).await?.is_some() {}
                }
                match round.is_multiple_of(SWEEP_ROUNDS) {
                    true => store.clean().await,
                    false => Ok(()),
                }
            };
            if let Some(Err(error)) = stop.run_until_cancelled(work).await {
                tracing::warn!(error = ?error, "upkeep of the lake failed and will be tried again");
            }
            round += 1;
        }
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
