//! What can go wrong in the lake, and which of the nine codes a caller sees.

mod object;

use std::fmt;
use std::io;

use chrono::{DateTime, SecondsFormat, Utc};
use platform_error::{Code, Coded};

/// The usual result of the lake.
pub type Result<T, E = LakeError> = std::result::Result<T, E>;

/// A cause that only the log shows.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A failure of the lake.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The directory or bucket of the lake could not do what was asked.
    #[error("{trouble}")]
    Storage {
        /// What kind of failure it was.
        trouble: Trouble,
        /// What was attempted, where, and why it failed.
        #[source]
        fault: Fault,
    },
    /// The catalog's database failed; nothing was committed.
    #[error("the lake's catalog did not answer: try again later")]
    Catalog(#[source] sqlx::Error),
    /// The catalog's server takes no more connections; nothing was committed. What to do about it is no business of a
    /// client.
    #[error("the lake's catalog is busy: try again in a moment")]
    CatalogFull(#[source] Cause),
    /// The connection was lost in the middle of a commit and the catalog cannot be asked how it ended.
    #[error(
        "the lake's catalog was lost during a commit, whether it is stored is unknown: \
         send the same batch with the same idempotency key again"
    )]
    OutcomeUnknown(#[source] Cause),
    /// Every retry of a commit met a commit of someone else.
    #[error("table {table} is being changed by others: try again")]
    Conflict {
        /// The table, as `namespace.name`.
        table: String,
    },
    /// A write went on for so long that a sweep took its files for orphans before they were committed.
    #[error(
        "a sweep took files of this write to {table}, which went on for more than an hour: \
         nothing of it is stored, send it again"
    )]
    Swept {
        /// The table, as `namespace.name`.
        table: String,
    },
    /// What its owner says of the lake is not usable, or not with what is there.
    #[error("{0}")]
    Setting(String),
    /// What was asked breaks a rule of the lake. Who asks is a service of ours, not its client.
    #[error("{0}")]
    Invalid(String),
    /// A file of the lake does not hold what it must.
    #[error("{uri} is damaged: {what}")]
    Corrupt {
        /// The file.
        uri: String,
        /// What was expected of it.
        what: String,
    },
    /// The work needs more memory than it may have.
    #[error("{needed} bytes of memory are needed and {limit} are allowed: ask for less or raise the limit")]
    MemoryLimit {
        /// How many bytes the work needs.
        needed: usize,
        /// How many it may have.
        limit: usize,
    },
    /// The catalog has no table of this name.
    #[error("there is no table {0}")]
    NoSuchTable(String),
    /// The table has no such snapshot, or no longer.
    #[error("there is no snapshot {0}: it was never written or has expired")]
    NoSuchSnapshot(String),
    /// Snapshots between two that are kept have left the history, and the one asked for may be among them.
    #[error(
        "what was stored at {} is not kept any more: ask for {} or {}, the moments next to it that are",
        moment(.time), moment(.before), moment(.after)
    )]
    Thinned {
        /// The time asked for.
        time: DateTime<Utc>,
        /// When the snapshot before it was committed.
        before: DateTime<Utc>,
        /// When the snapshot after it was committed.
        after: DateTime<Utc>,
    },
    /// The table uses a part of Iceberg that this lake does not.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// Table metadata or manifests could not be read or built.
    #[error("iceberg metadata could not be processed")]
    Iceberg(#[from] iceberg::Error),
    /// A Parquet file could not be read or written.
    #[error("parquet could not be processed")]
    Parquet(#[source] parquet::errors::ParquetError),
    /// Arrow data could not be processed.
    #[error("arrow data could not be processed")]
    Arrow(#[source] arrow::error::ArrowError),
    /// Batches with these idempotency keys were acknowledged meanwhile, by someone else.
    #[error("a batch with the same idempotency key was acknowledged meanwhile: send it again to get its answer")]
    Repeated(Vec<String>),
    /// Several writes shared a commit that failed.
    #[error("{0}")]
    Group(std::sync::Arc<LakeError>),
    /// The table is being closed.
    #[error("the lake is shutting down: send the batch again")]
    Closed,
    /// A background thread ended early.
    #[error("a task of the lake was cancelled or panicked")]
    Task(#[from] tokio::task::JoinError),
}

/// The kinds of failure of storage that a caller can act upon; its text is what a client may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The disk or the quota is full.
    Full,
    /// The storage is read-only or the process may not write there.
    Denied,
    /// The bucket does not exist.
    NoBucket,
    /// The file does not exist.
    Missing,
    /// The file exists already; files of the lake are never overwritten.
    Exists,
    /// Anything else: input or output errors, a network that is away.
    Away,
}

/// Where storage failed; for the log, because addresses are no business of a client.
#[derive(Debug)]
pub struct Fault {
    /// What was attempted, as a participle: `writing`.
    pub action: &'static str,
    /// The file or directory.
    pub uri: String,
    /// Why it failed.
    pub cause: Cause,
}

impl LakeError {
    /// A failure of the local file system.
    pub(crate) fn io(action: &'static str, uri: impl Into<String>, error: io::Error) -> Self {
        let trouble = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Trouble::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Trouble::Denied,
            io::ErrorKind::NotFound => Trouble::Missing,
            io::ErrorKind::AlreadyExists => Trouble::Exists,
            _ => Trouble::Away,
        };
        let fault = Fault {
            action,
            uri: uri.into(),
            cause: error.into(),
        };
        Self::Storage { trouble, fault }
    }

    /// What kind of storage failure this is, if it is one.
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Group(shared) => shared.trouble(),
            Self::Storage { trouble, .. } => Some(*trouble),
            _ => None,
        }
    }
}

/// A time as one would ask for it.
fn moment(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "no space left in the lake's storage: free space and try again; nothing was written",
            Self::Denied => {
                "the lake's storage may not be written or read: give this process the permission; \
                 nothing was written"
            }
            Self::NoBucket => {
                "the bucket of the lake does not exist: make it, or name another one in lake.warehouse; \
                 nothing was written"
            }
            Self::Missing => "a file of the lake does not exist",
            Self::Exists => "a file of the lake exists already and is never overwritten",
            Self::Away => "the lake's storage did not answer as expected: try again later; nothing was written",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action, self.uri)
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.cause.as_ref())
    }
}

/// Parquet's readers and writers wrap the lake's own errors: they come out as they went in.
impl From<parquet::errors::ParquetError> for LakeError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        use parquet::errors::ParquetError;
        match error {
            ParquetError::External(inner) => match inner.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(inner) => Self::Parquet(ParquetError::External(inner)),
            },
            other => Self::Parquet(other),
        }
    }
}

impl From<LakeError> for parquet::errors::ParquetError {
    fn from(error: LakeError) -> Self {
        Self::External(Box::new(error))
    }
}

/// As for Parquet.
impl From<arrow::error::ArrowError> for LakeError {
    fn from(error: arrow::error::ArrowError) -> Self {
        use arrow::error::ArrowError;
        match error {
            ArrowError::ExternalError(inner) => match inner.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(inner) => Self::Arrow(ArrowError::ExternalError(inner)),
            },
            other => Self::Arrow(other),
        }
    }
}

impl Coded for LakeError {
    fn code(&self) -> Code {
        match self {
            Self::Storage {
                trouble: Trouble::Missing | Trouble::Exists,
                ..
            } => Code::Internal,
            Self::Storage { .. } | Self::OutcomeUnknown(_) | Self::MemoryLimit { .. } => Code::Unavailable,
            Self::Catalog(_) | Self::CatalogFull(_) => Code::Unavailable,
            Self::Closed | Self::Swept { .. } => Code::Unavailable,
            Self::Group(shared) => shared.code(),
            Self::Conflict { .. } | Self::Repeated(_) => Code::Conflict,
            Self::Setting(_) => Code::Invalid,
            Self::NoSuchTable(_) | Self::NoSuchSnapshot(_) | Self::Thinned { .. } => Code::NotFound,
            // Their texts may name files.
            Self::Invalid(_) | Self::Unsupported(_) | Self::Corrupt { .. } => Code::Internal,
            Self::Iceberg(_) | Self::Parquet(_) | Self::Arrow(_) | Self::Task(_) => Code::Internal,
        }
    }
}
