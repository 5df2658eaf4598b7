//! A batch on its way into the lake: its chunks resolved and staged, its series made, one commit for all of it.

use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::stream::{FuturesUnordered, StreamExt};
use platform_error::{Error as Failure, Result};
use platform_lake::{Receipt, Stage, Written};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{Report, Summary, Upload};
use crate::deed::Touched;
use crate::error::Error;
use crate::ingest::{Decoded, Head, RowError, Rows, SeriesDescription};
use crate::series::{DEFAULT_SOURCE, SeriesId, SourceId};
use crate::store::Store;
use crate::store::resolve::Earlier;

/// Chunks that are written to files at the same time.
const WRITING: usize = 2;

/// What is remembered of a batch with a key.
#[derive(Serialize, Deserialize)]
struct Remembered {
    summary: Summary,
}

/// A batch on its way into the lake. One chunk waits: a batch of one chunk shares its commit with other batches.
pub(super) struct Intake<'a> {
    store: &'a Store,
    upload: Upload,
    earlier: Earlier,
    unknown: Vec<SeriesDescription>,
    waiting: Option<RecordBatch>,
    stage: Option<Arc<Stage>>,
    refused: Vec<RowError>,
    summary: Summary,
    described: usize,
    touched: Touched,
}

impl<'a> Intake<'a> {
    pub(super) fn new(store: &'a Store, upload: Upload) -> Self {
        Self {
            store,
            upload,
            earlier: Earlier::default(),
            unknown: Vec::new(),
            waiting: None,
            stage: None,
            refused: Vec::new(),
            summary: Summary::default(),
            described: 0,
            touched: Touched::default(),
        }
    }

    /// Resolves chunks as they come while others are being written.
    pub(super) async fn take_all(&mut self, mut inbox: mpsc::Receiver<(Arc<Head>, Rows)>) -> Result<()> {
        let mut writing = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(written) = writing.next(), if !writing.is_empty() => written?,
                chunk = inbox.recv(), if writing.len() < WRITING => {
                    let Some((head, rows)) = chunk else { break };
                    if let Some((stage, batch)) = self.resolve(&head, rows).await? {
                        writing.push(async move { stage.write(batch).await });
                    }
                }
            }
        }
        while let Some(written) = writing.next().await {
            written?;
        }
        Ok(())
    }

    pub(super) async fn take(&mut self, head: &Head, rows: Rows) -> Result<()> {
        if let Some((stage, batch)) = self.resolve(head, rows).await? {
            stage.write(batch).await?;
        }
        Ok(())
    }

    /// Resolves one chunk; from the second on there is a batch to write.
    async fn resolve(&mut self, head: &Head, rows: Rows) -> Result<Option<(Arc<Stage>, RecordBatch)>> {
        self.source_of(head)?;
        self.announce(&head.series);
        let resolved = self.store.resolve(rows, &self.upload, &mut self.earlier).await?;
        self.touched.join(resolved.touched);
        self.unknown.extend(resolved.unknown);
        let most = self.store.settings().upload_series;
        if self.unknown.len() > most {
            return Err(Error::TooManySeries(most).into());
        }
        self.summary.failed += resolved.refused.len() as u64;
        self.summary.unchanged += resolved.unchanged;
        self.summary.withdrawn += resolved.withdrawn;
        self.summary.not_withdrawn += resolved.not_withdrawn;
        self.check_withdrawals(self.earlier.unplaced)?;
        let room = self.store.settings().reported_errors.saturating_sub(self.refused.len());
        self.refused.extend(resolved.refused.into_iter().take(room));
        let Some(batch) = resolved.batch else { return Ok(None) };
        match (self.waiting.take(), &self.stage) {
            (None, None) => {
                self.waiting = Some(batch);
                Ok(None)
            }
            (None, Some(stage)) => Ok(Some((stage.clone(), batch))),
            (Some(first), _) => {
                let stage = Arc::new(self.store.points_table().stage());
                self.stage = Some(stage.clone());
                stage.write(first).await?;
                Ok(Some((stage, batch)))
            }
        }
    }

    /// Refuses withdrawals where a refused row may have meant any series. Mostly they are left out, but chunks that were
    /// resolved before that row came have theirs already.
    fn check_withdrawals(&self, unplaced: Option<u64>) -> Result<(), Error> {
        match unplaced {
            Some(row) if self.summary.withdrawn > 0 => Err(Error::Unplaced(row)),
            _ => Ok(()),
        }
    }

    /// Takes over the source that the body names; it may not contradict the one that the sender named beside it.
    fn source_of(&mut self, head: &Head) -> Result<(), Error> {
        match (&self.upload.source, &head.source) {
            (Some(asked), Some(own)) if SourceId::of(asked) != SourceId::of(own) => Err(Error::field(
                "source",
                "and the source in the body contradict each other: send one of them",
            )),
            (None, Some(own)) => {
                self.upload.source = Some(own.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Series that a request describes may be named by id in its rows.
    fn announce(&mut self, series: &[SeriesDescription]) {
        for description in series {
            let source = description.source.as_deref().or(self.upload.source.as_deref());
            let source = source.unwrap_or(DEFAULT_SOURCE);
            self.earlier.announced.describe(source, &description.external_id);
        }
    }

    fn id_of(&self, description: &SeriesDescription) -> SeriesId {
        let source = description.source.as_deref().or(self.upload.source.as_deref());
        SeriesId::of(SourceId::of(source.unwrap_or(DEFAULT_SOURCE)), &description.external_id)
    }

    pub(super) async fn finish(mut self, decoded: Decoded, fingerprint: String) -> Result<Report> {
        self.source_of(&decoded.head)?;
        let key = self.upload.key.clone().or_else(|| decoded.head.batch_id.clone());
        self.summary.failed += decoded.failed;
        self.summary.total_processed = decoded.rows;
        self.summary.successful = decoded.rows - self.summary.failed;
        self.refused.extend(decoded.errors);
        self.refused.sort_by_key(|error| error.row);
        self.refused.truncate(self.store.settings().reported_errors);
        if let Some(key) = &key
            && let Some(receipt) = self.store.points_table().receipt(key).await?
        {
            return self.repeated(&receipt, &fingerprint);
        }
        self.check_withdrawals(decoded.unplaced)?;
        if self.upload.atomic && self.summary.failed > 0 {
            let (failed, total) = (self.summary.failed, self.summary.total_processed);
            let report = serde_json::to_value(self.report(key, None, false)).unwrap_or_default();
            return Err(Error::NotAtomic { failed, total, report }.into());
        }
        self.create_series(&decoded.head.series).await?;
        let receipt = key.clone().map(|key| self.receipt(key, &fingerprint));
        match self.commit(receipt).await? {
            Some(Written::Repeated(receipt)) => self.repeated(&receipt, &fingerprint),
            Some(Written::Committed(committed)) => Ok(self.report(key, Some(committed.snapshot_id), false)),
            None => Ok(self.report(key, None, false)),
        }
    }

    /// Series come before their points: a point never names a series that is not there.
    async fn create_series(&mut self, described: &[SeriesDescription]) -> Result<()> {
        let default = self.upload.source.clone();
        let ids: Vec<SeriesId> = described.iter().map(|description| self.id_of(description)).collect();
        self.touched.add(ids);
        self.described = described.len();
        let unknown = std::mem::take(&mut self.unknown);
        for series in [described, &unknown] {
            if !series.is_empty() {
                self.summary.new_series += self.store.put(series, default.as_deref()).await?.created;
            }
        }
        Ok(())
    }

    async fn commit(&mut self, receipt: Option<Receipt>) -> Result<Option<Written>> {
        let table = self.store.points_table();
        let _nobody_deletes = self.store.0.deleting.read().await;
        self.check_series()?;
        match (self.stage.take(), self.waiting.take()) {
            (Some(stage), _) => {
                let stage = Arc::try_unwrap(stage).map_err(|_| Failure::internal("a chunk is still being written"))?;
                Ok(Some(stage.commit(receipt).await?))
            }
            (None, Some(batch)) => Ok(Some(table.append(batch, receipt).await?)),
            (None, None) => match receipt {
                Some(receipt) => Ok(table.acknowledge(&receipt).await?.map(Written::Repeated)),
                None => Ok(None),
            },
        }
    }

    /// A point never names a series that is not there, also where one was deleted since its rows were resolved.
    fn check_series(&self) -> Result<(), Error> {
        let mut stored = self.earlier.stored.iter();
        let gone = stored.find(|id| self.store.series(**id).is_err());
        gone.map_or(Ok(()), |id| Err(Error::Deleted(*id)))
    }

    fn receipt(&self, key: String, fingerprint: &str) -> Receipt {
        let body = serde_json::to_string(&Remembered { summary: self.summary }).unwrap_or_default();
        Receipt {
            key,
            fingerprint: fingerprint.to_string(),
            body,
            at: self.store.context().clock().now(),
        }
    }

    /// The answer to a batch that was stored before.
    fn repeated(self, receipt: &Receipt, fingerprint: &str) -> Result<Report> {
        if receipt.fingerprint != fingerprint {
            return Err(Error::KeyReused(receipt.key.clone()).into());
        }
        let remembered: Remembered = serde_json::from_str(&receipt.body).map_err(Failure::internal)?;
        let summary = remembered.summary;
        Ok(Report {
            summary,
            ..self.report(Some(receipt.key.clone()), None, true)
        })
    }

    fn report(&self, batch_id: Option<String>, snapshot: Option<i64>, repeated: bool) -> Report {
        Report {
            batch_id,
            summary: self.summary,
            snapshot_id: snapshot.map(|id| id.to_string()),
            repeated,
            errors_truncated: self.summary.failed > self.refused.len() as u64,
            errors: self.refused.clone(),
            described: self.described,
            touched: self.touched.clone(),
        }
    }
}
