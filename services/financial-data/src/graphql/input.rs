//! What mutations take.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined};
use serde_json::Value;

use super::scalars::{GivenDate, GivenDecimal, GivenInstant};
use crate::series::Frequency;

/// A revision of an observation.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct DataPointInput {
    /// The series, by our id or its external id, where nothing around the point names it.
    pub series_id: Option<ID>,
    /// What the source calls the series, instead of `seriesId`.
    pub external_id: Option<String>,
    /// The source of the series, where it is another than that of the entry or of the request.
    pub source: Option<String>,
    /// The observation date: the first day of the period.
    pub date: Option<GivenDate>,
    /// The observation date as its first moment in UTC, instead of `date`.
    pub timestamp: Option<GivenInstant>,
    /// The exact value as a string with its published digits; null is a withdrawal.
    pub value: MaybeUndefined<GivenDecimal>,
    /// When the value was published; absent is today.
    pub revision_date: Option<GivenDate>,
    /// What the source declares of its being an original release; absent leaves it to the frontier rule.
    pub is_original_release: Option<bool>,
    /// What the source says beside it: a JSON object.
    pub metadata: Option<Value>,
}

/// What is known of a series, with points of it, or one row of points of any series. What is absent stays as it is, and
/// null takes back what was said of the series.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct FinancialDataInput {
    /// The series, by our id or its external id.
    pub series_id: Option<ID>,
    /// What its source calls it, at most 255 characters. It goes before `seriesId`.
    pub external_id: Option<String>,
    /// Who publishes it.
    pub source: Option<String>,
    /// Its title, by its other name.
    pub name: MaybeUndefined<String>,
    /// What it is called, at most 500 characters.
    pub title: MaybeUndefined<String>,
    /// What it is, at most 20,000 characters.
    pub description: MaybeUndefined<String>,
    /// The unit of its values, at most 100 characters.
    pub units: MaybeUndefined<String>,
    /// How often it has an observation.
    pub frequency: MaybeUndefined<Frequency>,
    /// How it is seasonally adjusted, at most 100 characters.
    pub seasonal_adjustment: MaybeUndefined<String>,
    /// First observation date.
    pub start_date: MaybeUndefined<GivenDate>,
    /// Last observation date, not before the first.
    pub end_date: MaybeUndefined<GivenDate>,
    /// Whether its source still publishes it.
    pub is_active: MaybeUndefined<bool>,
    /// A JSON object of at most 64 KiB: about the series, or about the point where `date` or `timestamp` is given.
    pub metadata: MaybeUndefined<Value>,
    /// Points of the series.
    pub data_points: Option<Vec<DataPointInput>>,
    /// One more point, given flat: its observation date.
    pub date: Option<GivenDate>,
    /// One more point, given flat: its observation date as the first moment in UTC.
    pub timestamp: Option<GivenInstant>,
    /// The value of the flat point; null is a withdrawal.
    pub value: MaybeUndefined<GivenDecimal>,
    /// When the value of the flat point was published; absent is today.
    pub revision_date: Option<GivenDate>,
    /// Whether the flat point is declared to be an original release.
    pub is_original_release: Option<bool>,
}

/// Points to be stored together.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct BulkDataPointsInput {
    /// The points, at most 10,000.
    pub data_points: Vec<DataPointInput>,
    /// The source of external ids that name none.
    pub source: Option<String>,
    /// The series of points that name none: our id, or what the source calls it.
    pub series_id: Option<ID>,
    /// A key of your own for this batch: sent again under the same key it is not stored again.
    pub batch_id: Option<String>,
    /// How the points meet what is stored.
    #[graphql(default)]
    pub mode: BulkUploadMode,
    /// With mode CHANGES: whether dates between the first and the last one given that are missing now were withdrawn.
    /// What a refused point may have meant stays.
    #[graphql(default)]
    pub withdraw_missing: bool,
    /// Whether one refused point refuses all.
    #[graphql(default)]
    pub all_or_nothing: bool,
}

/// How points meet what is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub(crate) enum BulkUploadMode {
    /// Every point is stored; one of the same date and revision date takes the place of the other.
    #[default]
    Upsert,
    /// The points are a crawl of whole histories: only what differs from what was known is stored.
    Changes,
}
