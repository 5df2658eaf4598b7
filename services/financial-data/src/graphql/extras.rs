//! What stored points say beside their values. It is read only when somebody asks for it.

use arrow::array::{Array, AsArray, Date32Array, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use chrono::DateTime;
use platform_error::{Error, Result};
use platform_lake::Snapshot;
use serde_json::value::RawValue;

use super::scalars::Instant;
use crate::series::SeriesId;

const COLUMNS: [&str; 5] = ["date", "revision_date", "metadata", "created_at", "updated_at"];

/// Metadata and times of the points of a series, sorted by date and revision date.
pub(super) struct Extras {
    dates: Date32Array,
    revisions: Date32Array,
    metadata: StringArray,
    created: TimestampMicrosecondArray,
    updated: TimestampMicrosecondArray,
}

impl Extras {
    /// Reads them from a state of the table of points.
    pub(super) async fn read(points: &Snapshot, series: SeriesId) -> Result<Self> {
        let rows = points.read(&series.to_string(), &COLUMNS).await?;
        let column = |name| rows.column_by_name(name).ok_or_else(|| unexpected(name));
        let days = |name| {
            column(name)?
                .as_primitive_opt::<Date32Type>()
                .cloned()
                .ok_or_else(|| unexpected(name))
        };
        let times = |name| {
            column(name)?
                .as_primitive_opt::<TimestampMicrosecondType>()
                .cloned()
                .ok_or_else(|| unexpected(name))
        };
        let texts = |name| {
            column(name)?
                .as_string_opt::<i32>()
                .cloned()
                .ok_or_else(|| unexpected(name))
        };
        Ok(Self {
            dates: days("date")?,
            revisions: days("revision_date")?,
            metadata: texts("metadata")?,
            created: times("created_at")?,
            updated: times("updated_at")?,
        })
    }

    /// The row of a point, if it is stored.
    pub(super) fn row(&self, date: i32, revision: i32) -> Option<usize> {
        let (dates, revisions) = (self.dates.values(), self.revisions.values());
        let from = dates.partition_point(|other| *other < date);
        let to = from + dates[from..].partition_point(|other| *other == date);
        revisions[from..to].binary_search(&revision).ok().map(|at| from + at)
    }

    /// The JSON text of the metadata in a row. What another writer of the table left there and is not JSON is passed over.
    pub(super) fn metadata(&self, row: usize) -> Option<&str> {
        let text = self.metadata.is_valid(row).then(|| self.metadata.value(row))?;
        serde_json::from_str::<&RawValue>(text).is_ok().then(|| text.trim())
    }

    pub(super) fn created_at(&self, row: usize) -> Option<Instant> {
        DateTime::from_timestamp_micros(self.created.value(row)).map(Instant)
    }

    pub(super) fn updated_at(&self, row: usize) -> Option<Instant> {
        DateTime::from_timestamp_micros(self.updated.value(row)).map(Instant)
    }
}

fn unexpected(column: &str) -> Error {
    Error::internal(format!(
        "the table of points has no column {column} of the type expected"
    ))
}
