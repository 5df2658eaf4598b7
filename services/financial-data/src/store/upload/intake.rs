//! A batch on its way into the lake: its chunks resolved and staged, its series made, one commit for all of it.

use std::pin::pin;
use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::stream::{FuturesUnordered, Stream, StreamExt};
use platform_error::{Error as Failure, Result};
use platform_lake::{Receipt, Stage, Written};
use serde::{Deserialize, Serialize};

use super::{Report, Summary, Upload};
use crate::aside::waiting;
use crate::deed::Touched;
use crate::error::Error;
use crate::ingest::{Decoded, Head, RowError, Rows, SeriesDescription};
use crate::series::{DEFAULT_SOURCE, SeriesId, SourceId};
use crate::store::resolve::{Earlier, Resolved};
use crate::store::{Store, days};

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
            earlier: Earlier {
                today: days(store.context().clock().today()),
                ..Earlier::default()
            },
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
    pub(super) async fn take_all(&mut self, chunks: impl Stream<Item = (Arc<Head>, Rows)> + Send) -> Result<()> {
        let mut writing = FuturesUnordered::new();
        let mut chunks = pin!(chunks);
        while let Some((head, rows)) = beside(&mut writing, chunks.next()).await? {
            let taking = Box::pin(self.take(&head, rows));
            if let Some((stage, batch)) = beside(&mut writing, taking).await?? {
                writing.push(async move { stage.write(batch).await });
            }
            while writing.len() >= WRITING {
                writing.next().await.transpose()?;
            }
        }
        while let Some(written) = writing.next().await {
            written?;
        }
        Ok(())
    }

    /// Takes in one chunk; from the second on there is a batch to write.
    async fn take(&mut self, head: &Arc<Head>, rows: Rows) -> Result<Option<(Arc<Stage>, RecordBatch)>> {
        self.agree(head)?;
        let resolved = self.resolve(head.clone(), rows).await?;
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

    /// Resolves one chunk, away from the threads that answer requests.
    async fn resolve(&mut self, head: Arc<Head>, rows: Rows) -> Result<Resolved> {
        let (store, upload, count) = (self.store.clone(), self.upload.clone(), rows.len() + head.series.len());
        let (mut earlier, turn) = (std::mem::take(&mut self.earlier), store.0.turns.take(count).await);
        let work = Box::pin(async move {
            let _turn = turn;
            earlier.announced.describe(&head.series, upload.source.as_deref());
            (store.resolve(rows, &upload, &mut earlier).await, earlier)
        });
        let (resolved, earlier) = waiting(count, work).await?;
        self.earlier = earlier;
        resolved
    }

    /// Refuses withdrawals where a refused row may have meant any series. Mostly they are left out, but chunks that were
    /// resolved before that row came have theirs already.
    fn check_withdrawals(&self, unplaced: Option<u64>) -> Result<(), Error> {
        match unplaced {
            Some(row) if self.summary.withdrawn > 0 => Err(Error::Unplaced(row)),
            _ => Ok(()),
        }
    }

    /// Takes over the source and the key that the body names; they may not contradict those that the sender named
    /// beside it.
    fn agree(&mut self, head: &Head) -> Result<(), Error> {
        let upload = &mut self.upload;
        let contradict = |field, own: &str| {
            let reason = format!("and the {own} in the body contradict each other: send one of them");
            Err(Error::field(field, reason))
        };
        if let (Some(asked), Some(own)) = (&upload.source, &head.source)
            && SourceId::of(asked) != SourceId::of(own)
        {
            return contradict("source", "source");
        }
        if let (Some(asked), Some(own)) = (&upload.key, &head.batch_id)
            && asked != own
        {
            return contradict("batch_id", "batchId");
        }
        upload.source = upload.source.take().or_else(|| head.source.clone());
        upload.key = upload.key.take().or_else(|| head.batch_id.clone());
        Ok(())
    }

    pub(super) async fn finish(mut self, decoded: Decoded, fingerprint: String) -> Result<Report> {
        self.agree(&decoded.head)?;
        self.summary.failed += decoded.failed;
        self.summary.total_processed = decoded.rows;
        self.summary.successful = decoded.rows - self.summary.failed;
        self.refused.extend(decoded.errors);
        self.refused.sort_by_key(|error| error.row);
        self.refused.truncate(self.store.settings().reported_errors);
        if let Some(key) = &self.upload.key
            && let Some(receipt) = self.store.points_table().receipt(key).await?
        {
            return self.repeated(&receipt, &fingerprint);
        }
        self.check_withdrawals(decoded.unplaced)?;
        if self.upload.atomic && self.summary.failed > 0 {
            let (failed, total) = (self.summary.failed, self.summary.total_processed);
            let report = serde_json::to_value(self.report(None, false)).unwrap_or_default();
            return Err(Error::NotAtomic { failed, total, report }.into());
        }
        self.create_series(decoded.head).await?;
        match self.commit(self.receipt(&fingerprint)).await? {
            Some(Written::Repeated(receipt)) => self.repeated(&receipt, &fingerprint),
            Some(Written::Committed(committed)) => Ok(self.report(Some(committed.snapshot_id), false)),
            None => Ok(self.report(None, false)),
        }
    }

    /// Series come before their points: a point never names a series that is not there.
    async fn create_series(&mut self, head: Arc<Head>) -> Result<()> {
        let (store, default) = (self.store.clone(), self.upload.source.clone());
        let id_of = |description: &SeriesDescription| {
            let source = description.source.as_deref().or(default.as_deref());
            SeriesId::of(SourceId::of(source.unwrap_or(DEFAULT_SOURCE)), &description.external_id)
        };
        self.touched.add(head.series.iter().map(id_of));
        self.described = head.series.len();
        let unknown = std::mem::take(&mut self.unknown);
        let count = self.described + unknown.len();
        let turn = store.0.turns.take(count).await;
        let work = Box::pin(async move {
            let (_turn, mut created) = (turn, 0);
            for series in [&head.series, &unknown] {
                if !series.is_empty() {
                    created += store.put(series, default.as_deref()).await?.created;
                }
            }
            Ok::<_, Failure>(created)
        });
        self.summary.new_series += waiting(count, work).await??;
        Ok(())
    }

    async fn commit(&mut self, receipt: Option<Receipt>) -> Result<Option<Written>> {
        let table = self.store.points_table();
        let _nobody_deletes = self.store.0.deleting.read().await;
        // A point never names a series that is not there, also where one was deleted since its rows were resolved.
        if let Some(id) = self.store.gone(&self.earlier.stored).await?.first() {
            return Err(Error::Deleted(*id).into());
        }
        let written = match (self.stage.take(), self.waiting.take()) {
            (Some(stage), _) => {
                let stage = Arc::try_unwrap(stage).map_err(|_| Failure::internal("a chunk is still being written"))?;
                Some(stage.commit(receipt).await?)
            }
            (None, Some(batch)) => Some(table.append(batch, receipt).await?),
            (None, None) => match receipt {
                Some(receipt) => table.acknowledge(&receipt).await?.map(Written::Repeated),
                None => None,
            },
        };
        if let Some(Written::Committed(_)) = written {
            // What another process has deleted meanwhile takes the rows with it, as if they had come before.
            let gone = self.store.gone(&self.earlier.stored).await?;
            if !gone.is_empty() {
                let leads: Vec<String> = gone.iter().map(SeriesId::to_string).collect();
                table.delete(&leads).await?;
            }
        }
        Ok(written)
    }

    /// What is to be remembered of the batch. One of which every row was refused may be sent again under its key.
    fn receipt(&self, fingerprint: &str) -> Option<Receipt> {
        if self.summary.is_refused() {
            return None;
        }
        Some(Receipt {
            key: self.upload.key.clone()?,
            fingerprint: fingerprint.to_string(),
            body: serde_json::to_string(&Remembered { summary: self.summary }).unwrap_or_default(),
            at: self.store.context().clock().now(),
        })
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
            ..self.report(None, true)
        })
    }

    fn report(&self, snapshot: Option<i64>, repeated: bool) -> Report {
        Report {
            batch_id: self.upload.key.clone(),
            summary: self.summary,
            snapshot_id: snapshot.map(|id| id.to_string()),
            repeated,
            errors_truncated: self.summary.failed > self.refused.len() as u64,
            errors: self.refused.clone(),
            described: self.described,
            touched: self.touched.clone(),
            revision: self.upload.revision_date.unwrap_or(self.earlier.today),
        }
    }
}

/// Does something while chunks are being written: they hold memory that it may wait for.
async fn beside<T>(
    writing: &mut FuturesUnordered<impl Future<Output = platform_lake::Result<()>>>,
    mut work: impl Future<Output = T> + Unpin,
) -> Result<T> {
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            Some(written) = writing.next(), if !writing.is_empty() => written?,
        }
    }
}
