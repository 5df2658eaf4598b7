//! Series and sources as rows of their tables, and back.

use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use arrow::datatypes::{Field, Schema};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::series::{Frequency, Series, SeriesId, Source, SourceId};

/// Days since 1970-01-01.
pub(crate) fn days(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

/// The date so many days after 1970-01-01.
pub(crate) fn date(days: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(days).unwrap_or(NaiveDate::MIN)
}

fn instants<'a>(times: impl Iterator<Item = &'a DateTime<Utc>>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(times.map(|at| at.timestamp_micros())).with_timezone("+00:00"))
}

fn texts<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(texts.collect::<StringArray>())
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let field = |(name, column): &(&str, ArrayRef)| Field::new(*name, column.data_type().clone(), true);
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(schema, columns).expect("columns are made of the same rows")
}

pub(crate) fn series_batch(series: &[Arc<Series>]) -> RecordBatch {
    let text = |of: fn(&Series) -> Option<String>| -> ArrayRef {
        Arc::new(series.iter().map(|series| of(series)).collect::<StringArray>())
    };
    let day = |of: fn(&Series) -> Option<NaiveDate>| -> ArrayRef {
        Arc::new(
            series
                .iter()
                .map(|series| of(series).map(days))
                .collect::<Date32Array>(),
        )
    };
    batch(vec![
        ("id", text(|series| Some(series.id.to_string()))),
        ("source_id", text(|series| Some(series.source_id.to_string()))),
        ("external_id", text(|series| Some(series.external_id.clone()))),
        ("title", text(|series| Some(series.title.clone()))),
        ("description", text(|series| series.description.clone())),
        ("units", text(|series| series.units.clone())),
        ("frequency", text(|series| Some(series.frequency.as_str().to_string()))),
        ("seasonal_adjustment", text(|series| series.seasonal_adjustment.clone())),
        ("start_date", day(|series| series.start_date)),
        ("end_date", day(|series| series.end_date)),
        (
            "is_active",
            Arc::new(
                series
                    .iter()
                    .map(|series| Some(series.is_active))
                    .collect::<BooleanArray>(),
            ),
        ),
        (
            "metadata",
            text(|series| series.metadata.as_ref().map(ToString::to_string)),
        ),
        ("created_at", instants(series.iter().map(|series| &series.created_at))),
    ])
}

pub(crate) fn source_batch(sources: &[Arc<Source>]) -> RecordBatch {
    let ids: StringArray = sources.iter().map(|source| Some(source.id.to_string())).collect();
    batch(vec![
        ("id", Arc::new(ids)),
        ("name", texts(sources.iter().map(|source| Some(source.name.as_str())))),
        (
            "description",
            texts(sources.iter().map(|source| source.description.as_deref())),
        ),
        ("url", texts(sources.iter().map(|source| source.url.as_deref()))),
        ("created_at", instants(sources.iter().map(|source| &source.created_at))),
    ])
}

/// Reads cells of a batch by the name of their column.
struct Cells<'a>(&'a RecordBatch);

impl Cells<'_> {
    fn text(&self, name: &str, row: usize) -> Option<&str> {
        let column = self.0.column_by_name(name)?.as_string_opt::<i32>()?;
        column.is_valid(row).then(|| column.value(row))
    }

    fn day(&self, name: &str, row: usize) -> Option<NaiveDate> {
        let column = self.0.column_by_name(name)?.as_primitive_opt::<Date32Type>()?;
        column.is_valid(row).then(|| date(column.value(row)))
    }

    fn instant(&self, name: &str, row: usize) -> Option<DateTime<Utc>> {
        let column = self
            .0
            .column_by_name(name)?
            .as_primitive_opt::<TimestampMicrosecondType>()?;
        DateTime::from_timestamp_micros(column.value(row))
    }

    fn id(&self, name: &str, row: usize) -> Option<Uuid> {
        Uuid::from_str(self.text(name, row)?).ok()
    }
}

/// The series in a batch; rows without an id are not ours and are passed over.
pub(crate) fn read_series(batch: &RecordBatch) -> Vec<Arc<Series>> {
    let cells = Cells(batch);
    let read = |row: usize| {
        Some(Arc::new(Series {
            id: SeriesId(cells.id("id", row)?),
            source_id: SourceId(cells.id("source_id", row)?),
            external_id: cells.text("external_id", row)?.to_string(),
            title: cells.text("title", row)?.to_string(),
            description: cells.text("description", row).map(str::to_string),
            units: cells.text("units", row).map(str::to_string),
            frequency: cells
                .text("frequency", row)
                .and_then(Frequency::parse)
                .unwrap_or(Frequency::Other),
            seasonal_adjustment: cells.text("seasonal_adjustment", row).map(str::to_string),
            start_date: cells.day("start_date", row),
            end_date: cells.day("end_date", row),
            is_active: batch.column_by_name("is_active")?.as_boolean_opt()?.value(row),
            metadata: cells
                .text("metadata", row)
                .and_then(|text| serde_json::from_str(text).ok()),
            created_at: cells.instant("created_at", row)?,
            updated_at: cells.instant("updated_at", row)?,
        }))
    };
    (0..batch.num_rows()).filter_map(read).collect()
}

/// The sources in a batch.
pub(crate) fn read_sources(batch: &RecordBatch) -> Vec<Arc<Source>> {
    let cells = Cells(batch);
    let read = |row: usize| {
        Some(Arc::new(Source {
            id: SourceId(cells.id("id", row)?),
            name: cells.text("name", row)?.to_string(),
            description: cells.text("description", row).map(str::to_string),
            url: cells.text("url", row).map(str::to_string),
            created_at: cells.instant("created_at", row)?,
            updated_at: cells.instant("updated_at", row)?,
        }))
    };
    (0..batch.num_rows()).filter_map(read).collect()
}
