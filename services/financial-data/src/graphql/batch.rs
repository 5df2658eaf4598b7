//! The bulk request that a mutation becomes: one way into the store means one set of rules and of reports.

use std::io::Cursor;
use std::sync::Arc;

use async_graphql::MaybeUndefined;
use platform_error::{Error as Failure, Result};
use serde::Serialize;
use serde_json::{Map, Value};

use super::input::{DataPointInput, FinancialDataInput};
use super::scalars::{GivenDate, GivenInstant};
use crate::aside::aside;
use crate::error::Error;
use crate::ingest::{Format, SeriesName};
use crate::series::{Series, SeriesId, SourceId};
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
    /// The series of the row, that was stored in a request of this source.
    pub(super) fn series(&self, store: &Store, source: Option<&str>) -> Option<SeriesId> {
        let name = name(self.source.as_deref(), &self.series_id);
        store.meaning(&name, source.map(str::trim)).ok()
    }
}

/// A name as the bulk endpoint reads it: white space around it means nothing, and an empty source is none.
fn name(source: Option<&str>, series: &str) -> SeriesName {
    let source = source.map(str::trim).filter(|source| !source.is_empty());
    SeriesName::new(source, series.trim())
}

impl DataPointInput {
    /// The row of a point, which belongs to `series` of this source unless it says otherwise.
    pub(super) fn row(self, series: &str, source: Option<&str>) -> Row {
        let own = self.external_id.or(self.series_id.map(|id| id.0));
        let timestamp = || self.timestamp.map(GivenInstant::date);
        Row {
            series_id: own.unwrap_or_else(|| series.to_owned()),
            source: self.source.or(source.map(str::to_owned)),
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

    /// Adds what this says of a series and its points, in an upload of this source or of none.
    pub(super) fn add_to(self, batch: &mut Batch, store: &Store, upload: Option<&str>) -> Result<()> {
        let Some(series) = self.external_id.clone().or(self.series_id.clone().map(|id| id.0)) else {
            return Err(Error::field("data", "has an entry that names no series; set seriesId or externalId").into());
        };
        let source = self.source.clone();
        let mut said = self.said();
        if !said.is_empty() {
            let (source, external_id) = self.described(&series, store, upload)?;
            said.insert("source".to_owned(), source.into());
            said.insert("externalId".to_owned(), external_id.into());
            batch.series.push(Value::Object(said));
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

    /// The source and the external id of the series that is described. Only who keeps it knows those of an id.
    fn described(&self, series: &str, store: &Store, upload: Option<&str>) -> Result<(Option<String>, String)> {
        let name = name(self.source.as_deref(), series);
        if matches!(name, SeriesName::Id { .. }) {
            let meaning = store.meaning(&name, upload.map(str::trim));
            let id = meaning.map_err(|unclear| unclear.refusing(series))?;
            if let Ok(known) = store.series(id) {
                return Ok((Some(store.source_name(&known)), known.external_id.clone()));
            }
        }
        Ok((self.source.clone(), series.to_owned()))
    }

    /// What is said of the series itself, by the names of the bulk endpoint.
    fn said(&self) -> Map<String, Value> {
        let text = |said: &MaybeUndefined<String>| said.clone().map_value(Value::from);
        let date = |said: &MaybeUndefined<GivenDate>| said.clone().map_value(|date| Value::String(date.0));
        let title = match self.title.is_value() || self.name.is_undefined() {
            true => &self.title,
            false => &self.name,
        };
        let metadata = match self.is_flat() {
            true => MaybeUndefined::Undefined,
            false => self.metadata.clone(),
        };
        let said = [
            ("title", text(title)),
            ("description", text(&self.description)),
            ("units", text(&self.units)),
            ("frequency", self.frequency.map_value(|known| known.as_str().into())),
            ("seasonalAdjustment", text(&self.seasonal_adjustment)),
            ("startDate", date(&self.start_date)),
            ("endDate", date(&self.end_date)),
            ("isActive", self.is_active.map_value(Value::from)),
            ("metadata", metadata),
        ];
        let said = said.into_iter().filter(|(_, said)| !said.is_undefined());
        said.map(|(field, said)| (field.to_owned(), said.take().unwrap_or_default()))
            .collect()
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
            metadata: self.metadata.value().cloned(),
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
