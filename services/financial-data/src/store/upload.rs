//! Bulk writes: chunks are decoded, resolved and written side by side, and one commit makes them visible.

mod intake;

use std::io::Read;
use std::sync::{Arc, Mutex};

use contracts::audit::Recorded;
use futures::stream;
use platform_error::{Error as Failure, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::Store;
use crate::deed::{Intent, Touched, short};
use crate::error::Error;
use crate::ingest::{DecodeError, Decoded, Format, Head, Limits, RowError, Rows, decode, is_key};
use crate::series::Source;

use intake::Intake;

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

impl Upload {
    /// This upload when its source and its key can be used.
    fn checked(mut self) -> Result<Self, Error> {
        self.source = self.source.map(|source| source.trim().to_owned());
        if self
            .source
            .as_deref()
            .is_some_and(|source| !Source::may_be_called(source))
        {
            return Err(Error::field("source", format!("has {}", Source::NAMING)));
        }
        if self.key.as_deref().is_some_and(|key| !is_key(key)) {
            return Err(Error::field("batch_id", "has 1 to 255 printable characters"));
        }
        Ok(self)
    }

    /// What tells batches apart beside their rows, in a form that outlives releases.
    fn said(&self) -> String {
        let mode = match self.mode {
            Mode::Upsert => "upsert",
            Mode::Changes { missing: Missing::Kept } => "changes",
            Mode::Changes {
                missing: Missing::Withdrawn,
            } => "changes, missing withdrawn",
        };
        json!([self.source, mode, self.atomic, self.revision_date]).to_string()
    }

    /// Whether dates may be withdrawn because the rows lack them.
    fn withdraws(&self) -> bool {
        let missing = Missing::Withdrawn;
        self.mode == Mode::Changes { missing }
    }

    fn intent(&self) -> Intent {
        Intent {
            action: "points.uploaded",
            kind: "series",
            id: String::new(),
            facts: json!({ "source": self.source.as_deref().map(short), "batch": self.key.as_deref().map(short) }),
        }
    }
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
    /// Dates that a crawl no longer had and that stay as they were known: a refused row may have meant them.
    #[serde(default)]
    pub not_withdrawn: u64,
    /// Series created.
    pub new_series: u64,
}

impl Summary {
    /// Whether there were rows and all of them were refused.
    pub(crate) fn is_refused(&self) -> bool {
        self.total_processed > 0 && self.successful == 0
    }
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
    /// How many series it describes.
    #[serde(skip)]
    pub(crate) described: usize,
    /// The first of the series that it is about.
    #[serde(skip)]
    pub(crate) touched: Touched,
    /// The revision date of its rows that have none, in days since 1970-01-01.
    #[serde(skip)]
    pub(crate) revision: i32,
}

impl Report {
    /// Adds to an entry of the audit log which series, and how many rows.
    fn tell(&self, store: &Store, event: &mut Recorded) {
        let rows = &self.summary;
        if rows.total_processed == 0 {
            event.action = "series.described".to_owned();
        }
        self.touched.tell(store, event);
        event.data["rows"] = json!({
            "read": rows.total_processed,
            "stored": rows.successful,
            "refused": rows.failed,
            "unchanged": rows.unchanged,
            "withdrawn": rows.withdrawn,
        });
        event.data["newSeries"] = rows.new_series.into();
        event.data["batch"] = json!(self.batch_id.as_deref().map(short));
        event.data["snapshot"] = json!(self.snapshot_id);
        event.data["repeated"] = self.repeated.into();
    }
}

impl Store {
    /// Decodes and stores a batch. `input` is read on a thread of its own.
    pub async fn upload(&self, upload: Upload, format: Format, input: impl Read + Send + 'static) -> Result<Report> {
        let upload = upload.checked()?;
        let intent = upload.intent();
        let uploaded = self.take(upload, format, input);
        let told = |report: &Report, event: &mut Recorded| report.tell(self, event);
        self.record(intent, uploaded, told).await
    }

    /// Stores rows that were decoded elsewhere.
    pub async fn upload_rows(&self, upload: Upload, head: Head, rows: Vec<Rows>) -> Result<Report> {
        let upload = upload.checked()?;
        let intent = upload.intent();
        let uploaded = self.take_rows(upload, head, rows);
        let told = |report: &Report, event: &mut Recorded| report.tell(self, event);
        self.record(intent, uploaded, told).await
    }

    async fn take(&self, upload: Upload, format: Format, input: impl Read + Send + 'static) -> Result<Report> {
        let digest = Arc::new(Mutex::new(Sha256::new_with_prefix(upload.said())));
        let input = Hashed {
            inner: input,
            digest: digest.clone(),
        };
        let (chunks, mut inbox) = mpsc::channel(1);
        let limits = self.limits(&upload);
        let decoding = tokio::task::spawn_blocking(move || {
            let mut sink = |head: &Arc<Head>, rows: Rows| {
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
        let written = intake
            .take_all(stream::poll_fn(move |task| inbox.poll_recv(task)))
            .await;
        let decoded = decoding.await.map_err(Failure::internal)?;
        written?;
        let fingerprint = format!(
            "{:x}",
            digest.lock().expect("no panic while hashing").clone().finalize()
        );
        intake.finish(decoded?, fingerprint).await
    }

    async fn take_rows(&self, upload: Upload, head: Head, rows: Vec<Rows>) -> Result<Report> {
        let mut digest = Sha256::new_with_prefix(upload.said());
        let head = Arc::new(head);
        let mut decoded = Decoded {
            head: head.clone(),
            ..Decoded::default()
        };
        let mut intake = Intake::new(self, upload);
        let chunks = rows.into_iter().map(|rows| {
            decoded.rows += rows.len() as u64;
            digest.update(format!(
                "{:?}",
                (
                    &rows.names,
                    &rows.series,
                    &rows.dates,
                    &rows.values,
                    &rows.digits,
                    &rows.revisions,
                    &rows.originals,
                    &rows.metadata
                )
            ));
            (head.clone(), rows)
        });
        intake.take_all(stream::iter(chunks)).await?;
        intake.finish(decoded, format!("{:x}", digest.finalize())).await
    }

    fn limits(&self, upload: &Upload) -> Limits {
        let settings = self.settings();
        Limits {
            rows: settings.upload_rows,
            bytes: settings.upload_bytes.bytes(),
            chunk_bytes: self.lake().memory().chunk(),
            whole_series: upload.mode != Mode::Upsert,
            place_refused: upload.withdraws(),
            reported_errors: settings.reported_errors,
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
