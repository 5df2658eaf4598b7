//! What became of an upload.

use async_graphql::{Enum, ID, SimpleObject};

use crate::ingest::{self, RowError};
use crate::store::{self, Report};

/// What became of an upload.
#[derive(SimpleObject)]
pub(crate) struct BulkUploadResult {
    #[graphql(flatten)]
    summary: BulkUploadSummary,
    #[graphql(flatten)]
    outcome: UploadOutcome,
}

impl From<Report> for BulkUploadResult {
    fn from(report: Report) -> Self {
        Self {
            summary: report.summary.into(),
            outcome: report.into(),
        }
    }
}

/// What became of points that were sent together.
#[derive(SimpleObject)]
pub(crate) struct BulkDataPointsResult {
    /// How many points went where.
    pub summary: BulkUploadSummary,
    #[graphql(flatten)]
    pub(super) outcome: UploadOutcome,
    /// What became of each point, in the order sent; null when that is not known of each: for a batch that was sent
    /// before, and when more points were refused than `errors` describes.
    pub results: Option<Vec<DataPointResult>>,
}

/// What there is to say of any upload.
#[derive(SimpleObject)]
pub(crate) struct UploadOutcome {
    /// The key of the batch, where it has one.
    pub batch_id: Option<String>,
    /// The snapshot that holds the points, for `snapshotId`; null when nothing new was stored.
    pub snapshot_id: Option<ID>,
    /// Whether this answers an earlier sending of the same batch.
    pub repeated: bool,
    /// The first refused points.
    pub errors: Vec<BulkUploadError>,
    /// Whether more points were refused than `errors` describes.
    pub errors_truncated: bool,
}

impl From<Report> for UploadOutcome {
    fn from(report: Report) -> Self {
        Self {
            batch_id: report.batch_id,
            snapshot_id: report.snapshot_id.map(ID),
            repeated: report.repeated,
            errors: report.errors.into_iter().map(Into::into).collect(),
            errors_truncated: report.errors_truncated,
        }
    }
}

/// What became of a point.
#[derive(SimpleObject)]
pub(crate) struct DataPointResult {
    /// The id of the point; null when it was refused, and in mode CHANGES, where a point may be nothing new.
    pub data_point_id: Option<ID>,
    /// Whether it was stored, or known already.
    pub success: bool,
    /// Why it was refused.
    pub errors: Vec<BulkUploadError>,
}

/// How many points went where.
#[derive(SimpleObject)]
pub(crate) struct BulkUploadSummary {
    /// Points read.
    pub total_processed: u64,
    /// Points stored, or known already.
    pub successful: u64,
    /// Points refused.
    pub failed: u64,
    /// Of the successful those that said nothing new.
    pub unchanged: u64,
    /// Withdrawals recorded for dates that a crawl no longer had.
    pub withdrawn: u64,
    /// Dates that a crawl no longer had and that stay as they were known: a refused point may have meant them.
    pub not_withdrawn: u64,
    /// Series created, because they were described or because points named them.
    pub new_series: u64,
}

impl From<store::Summary> for BulkUploadSummary {
    fn from(summary: store::Summary) -> Self {
        let store::Summary {
            total_processed,
            successful,
            failed,
            unchanged,
            withdrawn,
            not_withdrawn,
            new_series,
        } = summary;
        Self {
            total_processed,
            successful,
            failed,
            unchanged,
            withdrawn,
            not_withdrawn,
            new_series,
        }
    }
}

/// A point that was refused, and why.
#[derive(Clone, SimpleObject)]
pub(crate) struct BulkUploadError {
    /// Its number, counted from 1 over all points of the mutation.
    pub row: u64,
    /// The field that is wrong, as the bulk endpoint calls it, for instance `revision_date`.
    pub field: String,
    /// What stood there, cut at 100 characters.
    pub value: Option<String>,
    /// Which rule it broke.
    pub error_type: BulkUploadErrorType,
    /// What was expected.
    pub message: String,
    /// What to write instead.
    pub suggested_fix: Option<String>,
}

impl From<RowError> for BulkUploadError {
    fn from(error: RowError) -> Self {
        Self {
            row: error.row,
            field: error.field.to_owned(),
            value: error.value,
            error_type: error.error_type.into(),
            message: error.message,
            suggested_fix: error.suggested_fix,
        }
    }
}

/// Which rule a point broke, by the names that all reports use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "ingest::RowErrorType", rename_items = "PascalCase")]
pub(crate) enum BulkUploadErrorType {
    /// A date that is not a calendar date, or outside 1600-01-01 to 2200-12-31.
    InvalidDateFormat,
    /// A value that is not a decimal number, or has more digits than are kept.
    InvalidNumericValue,
    /// A field that every point needs is absent or empty.
    MissingRequiredField,
    /// A series that is unknown by that id, or a name that cannot be one.
    InvalidSeriesReference,
    /// The same series, date and revision date stand in the batch twice with different values.
    DuplicateDataPoint,
    /// The point as a whole has the wrong shape.
    SchemaMismatch,
    /// A field has the wrong type.
    DataTypeMismatch,
}
