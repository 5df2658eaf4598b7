//! The messages of `proto/bulk.proto`; a test holds the two together.

use prost::Message;

/// A bulk upload.
#[derive(Clone, PartialEq, Message)]
pub struct BulkDataRequest {
    /// The sender's name for this upload; empty is none.
    #[prost(string, tag = "1")]
    pub batch_id: String,
    /// The source of series and points that name none; empty is none.
    #[prost(string, tag = "2")]
    pub source: String,
    /// Descriptions of series.
    #[prost(message, repeated, tag = "3")]
    pub series: Vec<SeriesData>,
    /// The rows.
    #[prost(message, repeated, tag = "4")]
    pub data_points: Vec<DataPointData>,
}

/// A description of a series.
#[derive(Clone, PartialEq, Message)]
pub struct SeriesData {
    /// What its source calls it.
    #[prost(string, tag = "1")]
    pub external_id: String,
    /// Who publishes it.
    #[prost(string, optional, tag = "2")]
    pub source: Option<String>,
    /// Its title.
    #[prost(string, optional, tag = "3")]
    pub title: Option<String>,
    /// What it measures.
    #[prost(string, optional, tag = "4")]
    pub description: Option<String>,
    /// The units of its values.
    #[prost(string, optional, tag = "5")]
    pub units: Option<String>,
    /// How often it has an observation.
    #[prost(string, optional, tag = "6")]
    pub frequency: Option<String>,
    /// How it is seasonally adjusted.
    #[prost(string, optional, tag = "7")]
    pub seasonal_adjustment: Option<String>,
    /// First observation date, YYYY-MM-DD.
    #[prost(string, optional, tag = "8")]
    pub start_date: Option<String>,
    /// Last observation date, YYYY-MM-DD.
    #[prost(string, optional, tag = "9")]
    pub end_date: Option<String>,
    /// Whether it is still published.
    #[prost(bool, optional, tag = "10")]
    pub is_active: Option<bool>,
    /// A JSON object.
    #[prost(string, optional, tag = "11")]
    pub metadata: Option<String>,
}

/// A row.
#[derive(Clone, PartialEq, Message)]
pub struct DataPointData {
    /// Our id of the series, or what its source calls it.
    #[prost(string, tag = "1")]
    pub series_id: String,
    /// The observation date, YYYY-MM-DD.
    #[prost(string, tag = "2")]
    pub date: String,
    /// A decimal number; absent is a withdrawal.
    #[prost(string, optional, tag = "3")]
    pub value: Option<String>,
    /// The revision date, YYYY-MM-DD; absent is today.
    #[prost(string, optional, tag = "4")]
    pub revision_date: Option<String>,
    /// What the source says of it being an original release.
    #[prost(bool, optional, tag = "5")]
    pub is_original_release: Option<bool>,
    /// A JSON object.
    #[prost(string, optional, tag = "6")]
    pub metadata: Option<String>,
    /// Who publishes the series.
    #[prost(string, optional, tag = "7")]
    pub source: Option<String>,
}
