//! Describing one series, which creates it when it is not there, with its points when they come along.

use std::collections::BTreeMap;
use std::io::Cursor;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use platform_error::{Code, Error as Failure, Result};
use platform_http::{Json, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use crate::aside::aside;
use crate::error::Error;
use crate::ingest::{Format, SeriesDescription};
use crate::output::Listed;
use crate::series::{SeriesId, SourceId};
use crate::store::{Report, Store, Upload};

/// The names under which a description may give the external id.
const EXTERNAL_ID: [&str; 4] = ["externalId", "external_id", "seriesId", "series_id"];

/// The fewest characters that a point takes, more or less.
const SHORTEST_POINT: usize = 40;

/// Fields as they were sent: the digits of numbers survive.
type Fields = BTreeMap<String, Box<RawValue>>;

/// A series and what became of the points that came with its description.
#[derive(Serialize)]
struct Described<'a> {
    #[serde(flatten)]
    series: Listed<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
}

/// Describes a series, creating it when it is named by source and external id and not there yet. Points that come
/// with the description are stored with it, all or none.
pub(super) async fn put(
    State(store): State<Store>,
    Path(name): Path<String>,
    Json(mut fields): Json<Fields>,
) -> Result<Response, Problem> {
    let target = Target::of(&store, &name)?;
    let points = fields.remove("points");
    let description = target.description(fields)?;
    let report = match points {
        Some(points) => Some(store_points(&store, &target, (&description, &points)).await?),
        None => {
            store
                .describe(&[read::<SeriesDescription>(&description)?], None)
                .await?;
            None
        }
    };
    let series = store.series(target.id)?;
    let answer = Json(Described {
        series: Listed {
            series: &series,
            source: &target.source,
        },
        report,
    });
    Ok(match target.is_new {
        false => answer.into_response(),
        true => {
            let location = format!("/api/v1/financial-data/series/{}", series.id);
            (StatusCode::CREATED, [(header::LOCATION, location)], answer).into_response()
        }
    })
}

/// The series that a URL names, whether it is there or would be created.
struct Target {
    id: SeriesId,
    source: String,
    external_id: String,
    is_new: bool,
}

impl Target {
    fn of(store: &Store, name: &str) -> Result<Self> {
        match store.find(name, None) {
            Ok(series) => Ok(Self {
                id: series.id,
                source: store.source_name(&series),
                external_id: series.external_id.clone(),
                is_new: false,
            }),
            Err(error @ Error::NoSuchSeries(_)) => Self::new(name)
                .ok_or_else(|| Failure::from(error).with_hint("to create a series, name it SOURCE:EXTERNAL_ID")),
            Err(error) => Err(error.into()),
        }
    }

    /// The series that `SOURCE:EXTERNAL_ID` would create.
    fn new(name: &str) -> Option<Self> {
        let (source, external_id) = name.split_once(':')?;
        let (source, external_id) = (source.trim(), external_id.trim());
        let is_complete = !source.is_empty() && !external_id.is_empty();
        is_complete.then(|| Self {
            id: SeriesId::of(SourceId::of(source), external_id),
            source: source.to_string(),
            external_id: external_id.to_string(),
            is_new: true,
        })
    }

    /// The description as text, with the source and the external id of this series.
    fn description(&self, mut fields: Fields) -> Result<String> {
        for name in EXTERNAL_ID {
            if let Some(given) = fields.remove(name)
                && read::<String>(given.get())? != self.external_id
            {
                return Err(Error::field("external_id", "cannot be changed: the id of a series is made of it").into());
            }
        }
        if let Some(given) = fields.remove("source")
            && SourceId::of(&read::<String>(given.get())?) != SourceId::of(&self.source)
        {
            return Err(Error::field("source", "cannot be changed: the id of a series is made of it").into());
        }
        fields.insert(
            "externalId".into(),
            to_raw_value(&self.external_id).map_err(Failure::internal)?,
        );
        fields.insert("source".into(), to_raw_value(&self.source).map_err(Failure::internal)?);
        serde_json::to_string(&fields).map_err(Failure::internal)
    }
}

/// Stores a description and its points as the bulk upload they are.
async fn store_points(store: &Store, target: &Target, (description, points): (&str, &RawValue)) -> Result<Report> {
    let (id, points) = (target.id, points.to_owned());
    let length = points.get().len() / SHORTEST_POINT;
    let rows = aside(length, move || rows_of(id, &points)).await??;
    let body = format!("{{\"series\":[{description}],\"data\":{rows}}}");
    let upload = Upload {
        source: Some(target.source.clone()),
        atomic: true,
        ..Upload::default()
    };
    store.upload(upload, Format::Json, Cursor::new(body)).await
}

/// Points as rows that name their series.
fn rows_of(series: SeriesId, points: &RawValue) -> Result<String> {
    let mut rows: Vec<Fields> = read(points.get())?;
    for row in &mut rows {
        row.insert("series_id".into(), to_raw_value(&series).map_err(Failure::internal)?);
    }
    serde_json::to_string(&rows).map_err(Failure::internal)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        Failure::new(
            Code::Invalid,
            format!("the JSON body does not have the expected shape: {error}"),
        )
        .with_status(422)
    })
}
