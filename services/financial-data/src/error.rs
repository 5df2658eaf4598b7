//! What can be wrong with a question or an order to this service.

use platform_error::{Code, Coded};

use crate::series::SeriesId;

/// A refusal of this service.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No series has this name or id.
    #[error("there is no series {0}")]
    NoSuchSeries(String),
    /// Several sources have a series of this name.
    #[error("several series are called {name}: {}", .candidates.join(", "))]
    AmbiguousSeries {
        /// The name.
        name: String,
        /// The full names, `SOURCE:EXTERNAL_ID`.
        candidates: Vec<String>,
    },
    /// A field of the input breaks a rule.
    #[error("{field} {reason}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it, as the rest of a sentence.
        reason: String,
    },
    /// The idempotency key was used for another batch.
    #[error("the idempotency key {0} was used for a batch with other content or other parameters")]
    KeyReused(String),
    /// The rows of a series stand too far apart in a crawl to be compared together.
    #[error(
        "the rows of the series {0} do not follow each other, and the upload is too large for them to be compared together"
    )]
    ScatteredSeries(String),
    /// A refused row may have meant any series, and known dates of some were found to be gone before it came.
    #[error(
        "row {0} was refused and does not say which series it is of; the upload is too large for the withdrawals before it to be left out, so nothing was stored"
    )]
    Unplaced(u64),
    /// A series was deleted while rows of it were on their way.
    #[error("the series {0} was deleted while its rows were being stored, and nothing of the upload was stored")]
    Deleted(SeriesId),
    /// An upload names more series that do not exist than it may create.
    #[error("the upload creates more than {0} series")]
    TooManySeries(usize),
    /// A batch that had to be stored whole or not at all has rows that cannot be stored.
    #[error("{failed} of {total} rows were refused and nothing was stored, as you asked")]
    NotAtomic {
        /// Refused rows.
        failed: u64,
        /// All rows.
        total: u64,
        /// The report.
        report: serde_json::Value,
    },
}

impl Error {
    /// A field that breaks a rule.
    pub fn field(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Field {
            field,
            reason: reason.into(),
        }
    }

    /// No series has this id.
    pub fn unknown(id: SeriesId) -> Self {
        Self::NoSuchSeries(id.to_string())
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::NoSuchSeries(_) => Code::NotFound,
            Self::AmbiguousSeries { .. }
            | Self::Field { .. }
            | Self::ScatteredSeries(_)
            | Self::Unplaced(_)
            | Self::TooManySeries(_)
            | Self::NotAtomic { .. } => Code::Invalid,
            Self::KeyReused(_) | Self::Deleted(_) => Code::Conflict,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoSuchSeries(_) => "use its id, its external id or SOURCE:EXTERNAL_ID, or search for it".to_string(),
            Self::AmbiguousSeries { .. } => "name the source too".to_string(),
            Self::KeyReused(_) => "send every batch with a key of its own".to_string(),
            Self::Deleted(_) => "send it again".to_string(),
            Self::ScatteredSeries(_) => "sort the rows by series, or give a larger lake.memory-limit".to_string(),
            Self::Unplaced(_) => "correct the row, or leave out missing=withdraw".to_string(),
            Self::TooManySeries(_) => {
                "split the upload into smaller ones, or raise financial-data.upload-series".to_string()
            }
            Self::NotAtomic { .. } => "correct the rows of the report, or allow partial success".to_string(),
            Self::Field { .. } => return None,
        })
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::NotAtomic { report, .. } => Some(serde_json::json!({ "report": report })),
            _ => None,
        }
    }

    fn http_status(&self) -> u16 {
        match self {
            Self::KeyReused(_) | Self::NotAtomic { .. } | Self::ScatteredSeries(_) | Self::Unplaced(_) => 422,
            Self::TooManySeries(_) => 413,
            other => other.code().http_status(),
        }
    }
}
