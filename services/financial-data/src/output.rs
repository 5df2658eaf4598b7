//! How answers are written: points, panels of many series, vintage matrices and lists of series.
//!
//! Numbers are written with the digits they were published with. In CSV, text that a spreadsheet would take
//! for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a carriage return) gets a `'` in front; numbers
//! and dates never do. Who needs such a text unchanged asks for another format.

mod batch;
mod encoder;
mod list;
mod matrix;
mod rows;
#[cfg(test)]
mod tests;
pub(crate) mod text;

use platform_error::{Code, Coded};

pub use encoder::Encoder;
pub use list::{Listed, series_list};
pub use matrix::matrix;
pub use rows::columnar;

/// A format in which answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Media {
    /// One JSON document.
    Json,
    /// One JSON object per line.
    Ndjson,
    /// Comma separated with a header line.
    Csv,
    /// The Arrow IPC streaming format.
    Arrow,
    /// A Parquet file.
    Parquet,
}

impl Media {
    /// Every format, the usual one first.
    pub const ALL: [Self; 5] = [Self::Json, Self::Csv, Self::Ndjson, Self::Arrow, Self::Parquet];

    /// Its name on the command line and in `?format=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
        }
    }

    /// How the name of a file of it ends, without the point.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Arrow => "arrows",
            other => other.as_str(),
        }
    }

    /// Its registered or usual media type.
    pub fn media_type(self) -> &'static str {
        self.media_types()[0]
    }

    /// The media types by which it is asked for, its own first.
    pub fn media_types(self) -> &'static [&'static str] {
        match self {
            Self::Json => &["application/json"],
            Self::Ndjson => &["application/x-ndjson", "application/ndjson", "application/jsonl"],
            Self::Csv => &["text/csv"],
            Self::Arrow => &["application/vnd.apache.arrow.stream", "application/x-apache-arrow"],
            Self::Parquet => &["application/vnd.apache.parquet", "application/x-parquet"],
        }
    }

    /// What a `Content-Type` header says of it.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            other => other.media_type(),
        }
    }

    /// Reads a name, a file extension or a media type, whatever its case.
    pub fn parse(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "jsonl" => Some(Self::Ndjson),
            "arrows" | "ipc" => Some(Self::Arrow),
            "pq" => Some(Self::Parquet),
            name => Self::ALL
                .into_iter()
                .find(|media| name == media.as_str() || media.media_types().contains(&name)),
        }
    }
}

/// Which columns of a point are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Columns {
    /// The date and the value.
    #[default]
    Short,
    /// Also when it was published, whether that was an original release, and its release rank.
    Full,
}

/// Why an answer could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The answer exists, and not in this format.
    #[error("a list of series is not written as {}; ask for json, ndjson or csv", .0.as_str())]
    NotInThisFormat(Media),
    /// The Arrow writer failed.
    #[error("writing an arrow stream failed")]
    Arrow(#[from] arrow::error::ArrowError),
    /// The Parquet writer failed.
    #[error("writing a parquet file failed")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The JSON writer failed.
    #[error("writing json failed")]
    Json(#[from] serde_json::Error),
}

impl Coded for OutputError {
    fn code(&self) -> Code {
        match self {
            Self::NotInThisFormat(_) => Code::Invalid,
            Self::Arrow(_) | Self::Parquet(_) | Self::Json(_) => Code::Internal,
        }
    }

    fn http_status(&self) -> u16 {
        match self {
            Self::NotInThisFormat(_) => 406,
            other => other.code().http_status(),
        }
    }
}
