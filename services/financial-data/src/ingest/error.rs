//! Why an upload as a whole cannot be read.

use std::io;

use platform_error::{Code, Coded};

use super::Format;

/// Why decoding ended before the end of the upload.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// There is nothing where something is needed.
    #[error("the upload is empty, expected {0}")]
    Empty(&'static str),
    /// The bytes are not in the format they are said to be in.
    #[error("the upload is not {format}: {reason} ({place})")]
    Malformed {
        /// What it should be.
        format: Format,
        /// Where it is not, for instance `at byte 120`.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// Columns or fields are missing, unknown, doubled or of the wrong type.
    #[error("the columns do not fit: {0}")]
    Columns(String),
    /// A description of a series cannot be used.
    #[error("series {series} of the request is refused: {reason}")]
    Series {
        /// Its number in the request, counted from 1, and its name as far as that can be read.
        series: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The descriptions of series are more than may be held.
    #[error("the descriptions of series have more than {limit} bytes together (series {number} of the request)")]
    TooMuchDescribed {
        /// The first that is too much, counted from 1.
        number: usize,
        /// The most bytes they may take in memory.
        limit: usize,
    },
    /// Rows of one series that must be looked at together are more than may be held.
    #[error("the rows of one series, up to row {0}, are too many to be compared together")]
    LongSeries(u64),
    /// The envelope comes too late or twice.
    #[error("`{0}` stands after the rows it is about or stands twice")]
    LateHead(&'static str),
    /// More rows than an upload may have.
    #[error("the upload has more than {0} rows")]
    TooManyRows(u64),
    /// More bytes than an upload may have.
    #[error("the upload has more than {0} bytes when unpacked")]
    TooManyBytes(u64),
    /// One indivisible part is larger than may be held.
    #[error("{what} is larger than {limit} bytes ({place})")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// The most bytes it may have.
        limit: usize,
        /// Where it is.
        place: String,
    },
    /// Something that cannot be read within bounded memory.
    #[error("{0}")]
    Unsupported(String),
    /// The bytes stopped coming.
    #[error("the upload broke off after {position} bytes")]
    BrokenOff {
        /// How many bytes had been read.
        position: u64,
        /// What the reader said.
        #[source]
        cause: io::Error,
    },
    /// A Parquet upload could not be put into a temporary file.
    #[error("the upload could not be kept in a temporary file")]
    Spool(#[source] io::Error),
    /// Whoever takes the rows wants no more of them.
    #[error("{0}")]
    Stopped(platform_error::Error),
}

impl DecodeError {
    pub(super) fn malformed(format: Format, position: u64, reason: impl ToString) -> Self {
        Self::Malformed {
            format,
            place: format!("at byte {position}"),
            reason: one_line(&reason.to_string()),
        }
    }

    pub(super) fn too_large(what: &'static str, limit: usize, position: u64) -> Self {
        Self::TooLarge {
            what,
            limit,
            place: format!("at byte {position}"),
        }
    }
}

impl Coded for DecodeError {
    fn code(&self) -> Code {
        match self {
            Self::Spool(_) => Code::Unavailable,
            Self::BrokenOff { cause, .. } if cause.kind() == io::ErrorKind::TimedOut => Code::Timeout,
            Self::Stopped(error) => error.code(),
            _ => Code::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Stopped(error) => return error.hint().map(str::to_owned),
            Self::Empty(_) => "send at least a header or an empty list of rows",
            Self::Malformed { .. } => {
                "check that the content type names the format of the body and that the body is complete"
            }
            Self::Columns(_) => {
                "a row has series_id, date, value and optionally revision_date, is_original_release, metadata, source, digits"
            }
            Self::Series { .. } => "correct this description or leave it out",
            Self::LateHead(_) => "put batchId, source and series once and before the rows",
            Self::TooManyRows(_) | Self::TooManyBytes(_) | Self::TooMuchDescribed { .. } => {
                "split the upload into smaller ones"
            }
            Self::LongSeries(_) => {
                "send its vintages in several uploads, the oldest first, or give a larger lake.memory-limit"
            }
            Self::TooLarge { .. } => {
                "write smaller parts: smaller Arrow record batches or Parquet pages; in CSV look for a quote that is never closed"
            }
            Self::Unsupported(_) => "write it with zstd, snappy or without compression",
            Self::BrokenOff { .. } => {
                "send it again if it is whole, and can be unpacked, on your side; with an idempotency key nothing is stored twice"
            }
            Self::Spool(_) => "try again later or send another format",
        };
        Some(hint.to_owned())
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Stopped(error) => error.details().cloned(),
            _ => None,
        }
    }

    fn http_status(&self) -> u16 {
        match self {
            Self::TooManyRows(_)
            | Self::TooManyBytes(_)
            | Self::TooMuchDescribed { .. }
            | Self::LongSeries(_)
            | Self::TooLarge { .. } => 413,
            Self::Columns(_) | Self::Series { .. } | Self::LateHead(_) | Self::Unsupported(_) => 422,
            Self::Stopped(error) => error.http_status(),
            other => other.code().http_status(),
        }
    }
}

impl From<platform_error::Error> for DecodeError {
    fn from(error: platform_error::Error) -> Self {
        Self::Stopped(error)
    }
}

/// What a library says, fit for one line of a report.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(300)
        .collect()
}
