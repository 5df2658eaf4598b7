//! Bulk writes: chunks are decoded, resolved and written side by side, and one commit makes them visible.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use futures::stream::{FuturesUnordered, StreamExt};
use platform_error::{Error as Failure, Result};
use platform_lake::{Receipt, Stage, Written};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::Store;
use crate::error::Error;
use crate::ingest::{DecodeError, Decoded, Format, Head, Limits, RowError, Rows, SeriesDescription, decode};
use crate::series::{DEFAULT_SOURCE, SeriesId, SourceId};

/// Chunks that are written to files at the same time.
const WRITING: usize = 2;

/// What becomes of known dates that a crawl of a whole history no longer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// They stay as they were known.
    Kept,
    /// Between the first and the last date of the crawl they count as withdrawn.
    Withdrawn,
}

/// How rows meet what is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Every row is stored; one with a known key takes the place of the other.
    #[default]
    Upsert,
    /// The rows are a crawl of whole histories: only what differs from what was known is stored.
    Changes {
        /// What becomes of dates the crawl no longer has.
        missing: Missing,
    },
}

/// What a sender says of a batch.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    /// The source of rows that name none.
    pub source: Option<String>,
    /// The idempotency key: a batch sent again under it is not stored again.
    pub key: Option<String>,
    /// How rows meet what is stored.
    pub mode: Mode,
    /// Whether one refused row refuses the whole batch.
    pub atomic: bool,
    /// The revision date of rows without one, in days since 1970-01-01; absent is today.
    pub revision_date: Option<i32>,
}

/// Counts of a batch, by the seed's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Rows read.
    pub total_processed: u64,
    /// Rows stored, or known already.
    pub successful: u64,
    /// Rows refused.
    pub failed: u64,
    /// Of the successful those that said nothing new.
    pub unchanged: u64,
    /// Withdrawals recorded for dates that a crawl no longer had.
    pub withdrawn: u64,
    /// Series created.
    pub new_series: u64,
}

/// What became of a batch.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The idempotency key, or the batch's own name.
    pub batch_id: Option<String>,
    /// How many rows went where.
    pub summary: Summary,
    /// The snapshot that holds the rows; absent when nothing was to be stored.
    pub snapshot_id: Option<String>,
    /// Whether this is the answer to an earlier sending of the same batch.
    pub repeated: bool,
    /// The first refused rows.
    pub errors: Vec<RowError>,
    /// Whether more rows were refused than `errors` describes.
    pub errors_truncated: bool,
}

/// What is remembered of a batch with a key.
#[derive(Serialize, Deserialize)]
struct Remembered {
    summary: Summary,
}

impl Store {
    /// Decodes and stores a batch. `input` is read on a thread of its own.
    pub async fn upload(&self, upload: Upload, format: Format, input: impl Read + Send + 'static) -> Result<Report> {
        let digest = Arc::new(Mutex::new(Sha256::new()));
        let input = Hashed {
            inner: input,
            digest: digest.clone(),
        };
        let (chunks, inbox) = mpsc::channel(1);
        let limits = self.limits();
        let decoding = tokio::task::spawn_blocking(move || {
            let mut sink = |head: &Head, rows: Rows| {
                let sent = chunks.blocking_send((head.clone(), rows));
                sent.map_err(|_| {
                    DecodeError::Stopped(Failure::new(
                        platform_error::Code::Unavailable,
                        "the upload was stopped",
                    ))
                })
            };
            decode(format, input, &limits, &mut sink)
        });
        let mut intake = Intake::new(self, upload);
        let written = intake.take_all(inbox).await;
        let decoded = decoding.await.map_err(Failure::internal)?;
        written?;
        let fingerprint = format!(
            "{:x}",
            digest.lock().expect("no panic while hashing").clone().finalize()
        );
        intake.finish(decoded?, fingerprint).await
    }

    /// Stores rows that were decoded elsewhere.
    pub async fn upload_rows(&self, upload: Upload, head: Head, rows: Vec<Rows>) -> Result<Report> {
        let mut digest = Sha256::new();
        let mut decoded = Decoded {
            head: head.clone(),
            ..Decoded::default()
        };
        let mut intake = Intake::new(self, upload);
        for rows in rows {
            decoded.rows += rows.len() as u64;
            digest.update(format!(
                "{:?}",
                (
                    &rows.names,
                    &rows.series,
                    &rows.dates,
                    &rows.values,
                    &rows.digits,
                    &rows.revisions
                )
            ));
            intake.take(&head, rows).await?;
        }
        intake.finish(decoded, format!("{:x}", digest.finalize())).await
    }

    fn limits(&self) -> Limits {
        let settings = self.settings();
        Limits {
            rows: settings.upload_rows,
            bytes: settings.upload_bytes.bytes(),
            chunk_bytes: self.lake().memory().chunk(),
            reported_errors: settings.reported_errors,
        }
    }
}

/// A batch on its way into the lake. One chunk waits: a batch of one chunk shares its commit with other batches.
struct Intake<'a> {
    store: &'a Store,
    upload: Upload,
    announced: HashMap<SeriesId, ()>,
    unknown: Vec<SeriesDescription>,
    waiting: Option<RecordBatch>,
    stage: Option<Arc<Stage>>,
    refused: Vec<RowError>,
    summary: Summary,
}

impl<'a> Intake<'a> {
    fn new(store: &'a Store, upload: Upload) -> Self {
        Self {
            store,
            upload,
            announced: HashMap::new(),
            unknown: Vec::new(),
            waiting: None,
            stage: None,
            refused: Vec::new(),
            summary: Summary::default(),
        }
    }

    /// Resolves chunks as they come while others are being written.
    async fn take_all(&mut self, mut inbox: mpsc::Receiver<(Head, Rows)>) -> Result<()> {
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

    async fn take(&mut self, head: &Head, rows: Rows) -> Result<()> {
        if let Some((stage, batch)) = self.resolve(head, rows).await? {
            stage.write(batch).await?;
        }
        Ok(())
    }

    /// Resolves one chunk; from the second on there is a batch to write.
    async fn resolve(&mut self, head: &Head, rows: Rows) -> Result<Option<(Arc<Stage>, RecordBatch)>> {
        self.upload.source = self.upload.source.take().or_else(|| head.source.clone());
        self.announce(&head.series);
        let resolved = self.store.resolve(rows, &self.upload, &mut self.announced).await?;
        self.unknown.extend(resolved.unknown);
        self.summary.failed += resolved.refused.len() as u64;
        self.summary.unchanged += resolved.unchanged;
        self.summary.withdrawn += resolved.withdrawn;
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

    /// Series that a request describes may be named by id in its rows.
    fn announce(&mut self, series: &[SeriesDescription]) {
        for description in series {
            self.announced.insert(self.id_of(description), ());
        }
    }

    fn id_of(&self, description: &SeriesDescription) -> SeriesId {
        let source = description.source.as_deref().or(self.upload.source.as_deref());
        SeriesId::of(SourceId::of(source.unwrap_or(DEFAULT_SOURCE)), &description.external_id)
    }

    async fn finish(mut self, decoded: Decoded, fingerprint: String) -> Result<Report> {
        self.upload.source = self.upload.source.take().or_else(|| decoded.head.source.clone());
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
        if !described.is_empty() {
            let ids: HashSet<SeriesId> = described.iter().map(|description| self.id_of(description)).collect();
            self.summary.new_series = ids.into_iter().filter(|id| self.store.series(*id).is_err()).count() as u64;
            self.store.describe(described, default.as_deref()).await?;
        }
        let known =
            |unknown: &SeriesDescription| self.store.find(&unknown.external_id, unknown.source.as_deref()).is_ok();
        let unknown: Vec<SeriesDescription> = self.unknown.drain(..).filter(|unknown| !known(unknown)).collect();
        self.summary.new_series += unknown.len() as u64;
        if !unknown.is_empty() {
            self.store.describe(&unknown, default.as_deref()).await?;
        }
        Ok(())
    }

    async fn commit(&mut self, receipt: Option<Receipt>) -> Result<Option<Written>> {
        let table = self.store.points_table();
        match (self.stage.take(), self.waiting.take()) {
            (Some(stage), _) => {
                let stage = Arc::try_unwrap(stage).map_err(|_| Failure::internal("a chunk is still being written"))?;
                Ok(Some(stage.commit(receipt).await?))
            }
            (None, Some(batch)) => Ok(Some(table.append(batch, receipt).await?)),
            (None, None) => Ok(None),
        }
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
        }
    }
}

/// A reader that keeps a digest of what went through it.
struct Hashed<R> {
    inner: R,
    digest: Arc<Mutex<Sha256>>,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.digest
            .lock()
            .expect("no panic while hashing")
            .update(&buffer[..count]);
        Ok(count)
    }
}
