//! What an upload says of itself beside its rows.

use super::SeriesDescription;

/// The envelope of an upload. CSV, NDJSON, Arrow and Parquet have none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Head {
    /// The sender's name for this upload, by which a repetition is recognised.
    pub batch_id: Option<String>,
    /// The source of rows and series that name none.
    pub source: Option<String>,
    /// Descriptions of series.
    pub series: Vec<SeriesDescription>,
}
