//! Bulk uploads: bytes in any accepted format become columns of rows and a report of the rows that were refused.
//!
//! An upload is read once, from front to back. What is held of it is one chunk of rows and at most one unit of the
//! format: a CSV line, a JSON row or a protobuf field of 1 MiB, an Arrow message of 128 MiB, a Parquet page of 64 MiB.
//! Beside it are descriptions of series, 64 MiB in all. Where a series may not be cut, a chunk has up to three times its size.
//!
//! A row is `series_id, date, value, revision_date, is_original_release, metadata, source, digits`, in snake or camel
//! case and in any order; the first three are required, and `external_id` is another name of `series_id`. The columns
//! `id`, `created_at`, `updated_at` and `release_rank` of our own exports are passed over. Any other name is refused: for the whole
//! upload where a header or schema says it once, for the row where JSON repeats it.
//!
//! A value is read from its text and never through a binary number. Empty, null, `.` and `NA` are a withdrawal.
//! A decimal column has been published with as many digits as its scale, unless a column `digits` says otherwise.
//! A binary floating point column is read as the shortest decimal that gives the same number back.

mod arrow;
mod cells;
mod columns;
mod csv;
mod dates;
mod description;
mod error;
mod fault;
mod field;
mod format;
mod head;
mod input;
mod intake;
mod ipc;
mod json;
mod json_row;
mod names;
mod pages;
mod parquet;
mod protobuf;
mod quotes;
mod rows;
mod shapes;
mod thrift;
mod window;
mod wire;

#[cfg(test)]
mod tests;

use std::io::Read;
use std::sync::Arc;

pub use dates::{day, series_day};
pub use description::{Said, SeriesDescription};
pub use error::DecodeError;
pub use format::Format;
pub use head::Head;
pub use rows::{NO_DATE, RefusedRow, RowError, RowErrorType, Rows, SeriesName, WITHDRAWN};
pub use wire::{BulkDataRequest, DataPointData, SeriesData};

use input::Input;
use intake::Intake;

/// The most bytes a row of text, a series description or a protobuf field may have.
pub const ROW_BYTES: usize = 1 << 20;
/// The most bytes the metadata of a row or a series may have.
pub const METADATA_BYTES: usize = 64 << 10;
/// The most series that an upload may describe.
pub const MAX_SERIES: usize = 100_000;
/// The most characters of an idempotency key.
const KEY_CHARS: usize = 255;

/// Whether a text can be an idempotency key.
pub fn is_key(text: &str) -> bool {
    (1..=KEY_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// How large an upload may be, and how it is cut.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Rows, refused ones included.
    pub rows: u64,
    /// Bytes after decompression; what Arrow and Parquet unpack to counts as well.
    pub bytes: u64,
    /// About how many bytes of rows are handed over at a time.
    pub chunk_bytes: usize,
    /// Whether rows of one series that follow each other stay together, in a chunk that may then be larger.
    pub whole_series: bool,
    /// Whether what can be read of refused rows is handed over too.
    pub place_refused: bool,
    /// How many refused rows are described; the others are only counted.
    pub reported_errors: usize,
}

/// What is known of an upload when all of its rows have been handed over.
#[derive(Clone, Debug, Default)]
pub struct Decoded {
    /// What the upload says of itself.
    pub head: Arc<Head>,
    /// How many rows there were, refused ones included.
    pub rows: u64,
    /// How many rows were refused.
    pub failed: u64,
    /// The first refused rows, at most [`Limits::reported_errors`].
    pub errors: Vec<RowError>,
    /// The first refused row of which not even the series can be read, where [`Limits::place_refused`] asks for it.
    pub unplaced: Option<u64>,
}

/// Takes a chunk of rows, with what the upload has said of itself so far. An error ends the decoding.
pub type Sink<'a> = dyn FnMut(&Arc<Head>, Rows) -> Result<(), DecodeError> + 'a;

/// Reads all of `input` and hands its rows to `sink` in chunks, in the order they stand in.
///
/// Rows that name no source carry the source of the request, once that is known. An error of this function is about
/// the upload as a whole; chunks handed over before it are correct and incomplete.
pub fn decode(
    format: Format,
    input: impl Read + Send,
    limits: &Limits,
    sink: &mut Sink<'_>,
) -> Result<Decoded, DecodeError> {
    let input = Input::new(input, limits.bytes);
    let mut intake = Intake::new(limits, sink);
    match format {
        Format::Json => json::document(input, &mut intake)?,
        Format::Ndjson => json::lines(input, &mut intake)?,
        Format::Csv => csv::decode(input, &mut intake)?,
        Format::ArrowStream => arrow::decode(input, &mut intake)?,
        Format::Parquet => parquet::decode(input, &mut intake)?,
        Format::Protobuf => protobuf::decode(input, &mut intake)?,
    }
    intake.finish()
}
