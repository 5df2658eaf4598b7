//! The bulk request that a mutation becomes: one way into the store means one set of rules and of reports.

use std::io::Cursor;
use std::sync::Arc;

use async_graphql::MaybeUndefined;
use platform_error::{Error as Failure, Result};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::input::{DataPointInput, FinancialDataInput};
use super::scalars::GivenInstant;
use crate::aside::aside;
use crate::error::Error;
use crate::ingest::Format;
use crate::series::{DEFAULT_SOURCE, Frequency, Series, SeriesId, SourceId};
use crate::store::{Report, Store, Upload};

/// The most points of one mutation.
const ROWS: usize = 10_000;

/// A request as the bulk endpoint takes it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Batch {
    pub(super) series: Vec<Value>,
    pub(super) data: Vec<Row>,
}

/// A row as the bulk endpoint takes it. An absent value is a mistake, and null a withdrawal.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    series_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    pub(super) date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    pub(super) revision_date: Option<String>,
    is_original_release: Option<bool>,
    metadata: Option<Value>,
}

impl Row {
    /// The series of the row in a request of this source.
    pub(super) fn series(&self, source: Option<&str>) -> SeriesId {
        let source = self.source.as_deref().or(source).unwrap_or(DEFAULT_SOURCE);
        let named = || SeriesId::of(SourceId::of(source), &self.series_id);
        Uuid::try_parse(&self.series_id).map_or_else(|_| named(), SeriesId)
    }
}

impl DataPointInput {
    /// The row of a point, which belongs to `series` unless it says otherwise.
    pub(super) fn row(self, series: &str, source: Option<&str>) -> Row {
        let own = self.external_id.or(self.series_id.map(|id| id.0));
        let source = if own.is_none() {
            self.source.or(source.map(str::to_owned))
        } else {
            self.source
        };
        let timestamp = || self.timestamp.map(GivenInstant::date);
        Row {
            series_id: own.unwrap_or_else(|| series.to_owned()),
            source,
            date: self.date.map(|date| date.0).or_else(timestamp).unwrap_or_default(),
            value: match self.value {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(Value::Null),
                MaybeUndefined::Value(value) => Some(Value::String(value.0)),
            },
            revision_date: self.revision_date.map(|date| date.0),
            is_original_release: self.is_original_release,
            metadata: self.metadata,
        }
    }
}

impl FinancialDataInput {
    /// Checks that nothing in here names another series than this one.
    pub(super) fn belongs_to(&self, series: &Series, store: &Store) -> Result<(), Error> {
        let source = store.source_name(series);
        let is_own = |reference: &str| {
            reference == series.external_id || store.find(reference, None).is_ok_and(|found| found.id == series.id)
        };
        let points = self.data_points.iter().flatten();
        let sources = points
            .clone()
            .filter_map(|point| point.source.as_deref())
            .chain(self.source.as_deref());
        let ids = points
            .clone()
            .filter_map(|point| point.series_id.as_deref())
            .chain(self.series_id.as_deref());
        let externals = points
            .filter_map(|point| point.external_id.as_ref())
            .chain(&self.external_id);
        if sources
            .into_iter()
            .any(|other| SourceId::of(other) != SourceId::of(&source))
        {
            return Err(Error::field(
                "source",
                "cannot be changed: the id of a series is made of it",
            ));
        }
        if !ids.map(String::as_str).chain(externals.map(String::as_str)).all(is_own) {
            return Err(Error::field(
                "data",
                "names another series than the one to be updated; leave the names out",
            ));
        }
        Ok(())
    }

    /// The same about a series that is known, by its id.
    pub(super) fn of(self, series: &Series) -> Self {
        let unnamed = |point| DataPointInput {
            series_id: None,
            external_id: None,
            source: None,
            ..point
        };
        let data_points = self.data_points.map(|points| points.into_iter().map(unnamed).collect());
        Self {
            series_id: Some(series.id.into()),
            external_id: None,
            source: None,
            data_points,
            ..self
        }
    }

    /// Adds what this says of a series and its points.
    pub(super) fn add_to(self, batch: &mut Batch, store: &Store) -> Result<()> {
        let Some(series) = self.external_id.clone().or(self.series_id.clone().map(|id| id.0)) else {
            return Err(Error::field("data", "has an entry that names no series; set seriesId or externalId").into());
        };
        let known = Uuid::try_parse(&series).ok().map(|id| store.series(SeriesId(id)));
        let source = self.source.clone();
        if self.describes() {
            let known = known
                .transpose()?
                .map(|known| (store.source_name(&known), known.external_id.clone()));
            let (source, name) = match known {
                Some((source, name)) => (Some(source), name),
                None => (source.clone(), series.clone()),
            };
            batch.series.push(self.description(source, &name));
        }
        let flat = self.flat();
        let points = self.data_points.into_iter().flatten().chain(flat);
        batch
            .data
            .extend(points.map(|point| point.row(&series, source.as_deref())));
        Ok(())
    }

    fn is_flat(&self) -> bool {
        self.date.is_some() || self.timestamp.is_some() || !self.value.is_undefined() || self.revision_date.is_some()
    }

    /// Whether anything is said of the series itself.
    fn describes(&self) -> bool {
        let texts = [
            &self.name,
            &self.title,
            &self.description,
            &self.units,
            &self.seasonal_adjustment,
        ];
        texts.iter().any(|text| text.is_some())
            || self.frequency.is_some()
            || self.start_date.is_some()
            || self.end_date.is_some()
            || self.is_active.is_some()
            || (self.metadata.is_some() && !self.is_flat())
    }

    fn description(&self, source: Option<String>, external_id: &str) -> Value {
        json!({
            "source": source,
            "externalId": external_id,
            "title": self.title.as_ref().or(self.name.as_ref()),
            "description": self.description,
            "units": self.units,
            "frequency": self.frequency.map(Frequency::as_str),
            "seasonalAdjustment": self.seasonal_adjustment,
            "startDate": self.start_date.map(|date| date.0),
            "endDate": self.end_date.map(|date| date.0),
            "isActive": self.is_active,
            "metadata": self.metadata.as_ref().filter(|_| !self.is_flat()),
        })
    }

    fn flat(&self) -> Option<DataPointInput> {
        self.is_flat().then(|| DataPointInput {
            series_id: None,
            external_id: None,
            source: None,
            date: self.date.clone(),
            timestamp: self.timestamp.clone(),
            value: self.value.clone(),
            revision_date: self.revision_date.clone(),
            is_original_release: self.is_original_release,
            metadata: self.metadata.clone(),
        })
    }
}

impl Batch {
    /// Stores the batch.
    pub(super) async fn send(self: &Arc<Self>, store: &Store, upload: Upload) -> Result<Report> {
        if self.data.len() > ROWS {
            let reason = format!("has {} points, and one mutation takes at most {ROWS}", self.data.len());
            let error = Failure::from(Error::field("data", reason));
            return Err(error.with_hint("send larger batches to POST /api/v1/financial-data/bulk"));
        }
        let batch = self.clone();
        let write = move || serde_json::to_vec(&*batch).map_err(Failure::internal);
        let body = aside(self.data.len(), write).await??;
        store.upload(upload, Format::Json, Cursor::new(body)).await
    }
}
