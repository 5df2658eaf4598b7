//! The one step that makes a change visible, and the question how it ended when its answer is lost.

use std::time::Duration;

use super::database::Transaction;
use super::sql::SqlCatalog;
use super::{Receipt, TableName, metadata, schema};
use crate::error::{LakeError, Result};
use crate::fault;

/// When a catalog is asked how a commit ended whose answer was lost, each time after the time before.
const ASK: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(4),
];

/// What became of the pointer.
#[derive(Debug)]
pub(super) enum Swap {
    Moved,
    Conflict,
    Repeated(Vec<String>),
}

/// A step of a table from one metadata file to the next.
pub(super) struct Step<'a> {
    pub(super) table: &'a TableName,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) receipts: &'a [Receipt],
}

impl SqlCatalog {
    /// Moves the pointer of a table and remembers receipts, in one transaction. Every error but
    /// [`LakeError::OutcomeUnknown`] means that it did not happen.
    pub(super) async fn swap(&self, step: Step<'_>) -> Result<Swap> {
        let mut transaction = self.database.begin().await?;
        fault::point("commit.before_swap");
        let swap = self.swap_in(&mut transaction, &step).await?;
        if !matches!(swap, Swap::Moved) {
            transaction.roll_back().await?;
            return Ok(swap);
        }
        match transaction.commit().await {
            Ok(()) => Ok(Swap::Moved),
            Err(lost) => self.settle(step, lost).await,
        }
    }

    async fn swap_in(&self, transaction: &mut Transaction, step: &Step<'_>) -> Result<Swap> {
        let [catalog, namespace, name] = self.key(step.table);
        if transaction
            .execute(schema::SWAP, &[catalog, namespace, name, step.from, step.to])
            .await?
            == 0
        {
            return Ok(Swap::Conflict);
        }
        let mut repeated = Vec::new();
        for receipt in step.receipts {
            if !self.add_receipt(transaction, step.table, receipt).await? {
                repeated.push(receipt.key.clone());
            }
        }
        Ok(if repeated.is_empty() {
            Swap::Moved
        } else {
            Swap::Repeated(repeated)
        })
    }

    /// Adds a receipt, unless there is one under its key.
    pub(super) async fn add_receipt(
        &self,
        transaction: &mut Transaction,
        table: &TableName,
        receipt: &Receipt,
    ) -> Result<bool> {
        let [catalog, namespace, name] = self.key(table);
        let (
            Receipt {
                key, fingerprint, body, ..
            },
            at,
        ) = (receipt, schema::instant(receipt.at));
        let row = [catalog, namespace, name, key, fingerprint, body, &at];
        Ok(transaction.execute(schema::ADD_RECEIPT, &row).await? == 1)
    }

    /// Finds out whether a step happened whose transaction ended with an error.
    async fn settle(&self, step: Step<'_>, lost: LakeError) -> Result<Swap> {
        for pause in ASK {
            tokio::time::sleep(pause).await;
            match self.is_in_history(&step).await {
                Ok(Some(true)) => return Ok(Swap::Moved),
                Ok(Some(false)) => return Err(lost),
                Ok(None) => break,
                Err(error) => tracing::warn!(table = %step.table, %error, "the catalog cannot say how a commit ended"),
            }
        }
        Err(LakeError::OutcomeUnknown(lost.into()))
    }

    /// Whether a step happened, or `None` when the table's log of metadata files no longer reaches back to it.
    async fn is_in_history(&self, step: &Step<'_>) -> Result<Option<bool>> {
        let Some(current) = self.settled_pointer(step.table).await? else {
            return Ok(None);
        };
        if current == step.to || current == step.from {
            return Ok(Some(current == step.to));
        }
        let current = metadata::read(&self.storage, &current).await?;
        let log = current.metadata.metadata_log();
        let logged = |location| log.iter().any(|entry| entry.metadata_file == location);
        Ok(match (logged(step.to), logged(step.from)) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        })
    }

    /// The pointer once no transaction is moving it any more.
    async fn settled_pointer(&self, table: &TableName) -> Result<Option<String>> {
        let sql = if self.database.locks_rows() {
            schema::POINTER_SETTLED
        } else {
            schema::POINTER
        };
        let mut transaction = self.database.begin().await?;
        let rows = transaction.read(sql, &self.key(table)).await?;
        transaction.roll_back().await?;
        Ok(rows.into_iter().flatten().next().flatten())
    }
}
