//! Reading one series: its points, its newest one, its vintages, and dates against vintages.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use platform_error::{Code, Error as Failure};
use platform_http::{Json, Problem};
use serde_json::json;

use super::arguments::{Argument, Arguments, Kind, argument, day};
use super::query::{PointsQuery, moment, range};
use super::tag::Tag;
use super::{media, query};
use crate::aside::aside;
use crate::error::Error;
use crate::history::History;
use crate::output::{Encoder, Media, matrix as written};
use crate::question::{Pick, Question};
use crate::store::{Store, date};

/// The vintages a matrix shows unless told otherwise.
const LAST: usize = 12;
/// Cells that a matrix may have: about 80 MB of text.
const MOST_CELLS: usize = 5_000_000;

/// The arguments of [`latest`].
pub(super) const LATEST: &[Argument] = &[argument(
    "as_of",
    Kind::Date,
    "What was the newest at the end of this day.",
)];
/// The arguments of [`matrix`].
pub(super) const MATRIX: &[Argument] = &[
    argument(
        "vintages",
        Kind::List,
        "The days whose knowledge to show, as dates separated by commas.",
    ),
    argument(
        "last",
        Kind::Count,
        "As many of the newest vintages; 12 unless told otherwise.",
    ),
];

/// The points of a series that a question asks for.
pub(super) async fn points(
    State(store): State<Store>,
    Path(id): Path<String>,
    arguments: Arguments,
    (uri, headers): (Uri, HeaderMap),
) -> Result<Response, Problem> {
    let PointsQuery { question, columns } = PointsQuery::of(&arguments)?;
    let (offset, limit) = (arguments.count("offset")?, arguments.count("limit")?);
    let media = media::wanted(&arguments, &headers, media::POINTS)?;
    let series = store.find(&id, None)?;
    let tag = Tag::of(&store, &series, (&uri, media));
    if let Some(known) = tag.not_modified(&headers) {
        return Ok(known);
    }
    let mut points = store.answer(&series, &question).await?;
    if offset.is_some() || limit.is_some() {
        points = points.page(offset.unwrap_or(0), limit.unwrap_or(usize::MAX));
    }
    let encoder = Encoder::one(media, columns, question.pick.as_of())?;
    let id = series.id.to_string();
    let body = aside(points.len(), move || encoder.finish_with(&id, &points)).await??;
    Ok(tag.on(media::answer(media, body)))
}

/// The newest observation of a series that has a value.
pub(super) async fn latest(
    State(store): State<Store>,
    Path(id): Path<String>,
    arguments: Arguments,
) -> Result<Response, Problem> {
    let pick = arguments.day("as_of")?.map_or(Pick::Latest, Pick::AsOf);
    let series = store.find(&id, None)?;
    let points = store
        .answer(
            &series,
            &Question {
                pick,
                ..Question::default()
            },
        )
        .await?;
    let newest = points.iter().rev().find_map(|point| Some((point, point.value?)));
    let answer = match newest {
        None => json!({ "seriesId": series.id, "date": null, "value": null }),
        Some((point, value)) => json!({
            "seriesId": series.id,
            "date": date(point.date),
            "value": value.to_string(),
            "revisionDate": date(point.revision_date),
            "isOriginalRelease": point.is_original_release,
            "releaseRank": point.release_rank,
        }),
    };
    Ok(Json(answer).into_response())
}

/// The days on which something was published of a series.
pub(super) async fn vintages(
    State(store): State<Store>,
    Path(id): Path<String>,
    arguments: Arguments,
) -> Result<Response, Problem> {
    let moment = moment(&arguments)?;
    let series = store.find(&id, None)?;
    let history = store.history_at(series.id, moment).await?;
    let vintages: Vec<_> = history.vintages().iter().map(|day| date(*day)).collect();
    Ok(Json(json!({ "seriesId": series.id, "vintages": vintages })).into_response())
}

/// What each of some vintages says of each date.
pub(super) async fn matrix(
    State(store): State<Store>,
    Path(id): Path<String>,
    arguments: Arguments,
    (uri, headers): (Uri, HeaderMap),
) -> Result<Response, Problem> {
    let (range, moment) = (range(&arguments)?, moment(&arguments)?);
    let media = media::wanted(&arguments, &headers, media::POINTS)?;
    let series = store.find(&id, None)?;
    let tag = Tag::of(&store, &series, (&uri, media));
    if let Some(known) = tag.not_modified(&headers) {
        return Ok(known);
    }
    let history = store.history_at(series.id, moment).await?;
    let vintages = chosen(&arguments, &history)?;
    let cells = history.latest(range).len().saturating_mul(vintages.len());
    if cells > MOST_CELLS {
        let error = Failure::new(Code::Invalid, format!("a matrix has at most {MOST_CELLS} cells"));
        return Err(Problem(
            error
                .with_status(422)
                .with_hint("ask for fewer vintages or a shorter range"),
        ));
    }
    let name = match media {
        Media::Json => series.id.to_string(),
        // Columns are named after the vintages, as ALFRED names them.
        _ => series.external_id.clone(),
    };
    let write = move || written(media, &name, &history.matrix(&vintages, range));
    Ok(tag.on(media::answer(media, aside(cells, write).await??)))
}

fn chosen(arguments: &Arguments, history: &Arc<History>) -> Result<Vec<i32>, Error> {
    arguments.exclusive(&["vintages", "last"])?;
    let days = |text: &str| {
        text.split(',')
            .map(|text| day(text.trim()))
            .collect::<Option<Vec<i32>>>()
    };
    if let Some(mut vintages) = arguments.parsed("vintages", "dates separated by commas", days)? {
        // A column stands once, where it was named first.
        let mut seen = HashSet::new();
        vintages.retain(|vintage| seen.insert(*vintage));
        return Ok(vintages);
    }
    let known = history.vintages();
    let last = arguments.count("last")?.unwrap_or(LAST);
    Ok(known[known.len().saturating_sub(last)..].to_vec())
}

/// The groups of arguments of [`points`].
pub(super) const POINTS: super::arguments::Groups = &[
    query::RANGE,
    query::PICK,
    query::TRANSFORM,
    query::MOMENT,
    query::COLUMNS,
    query::PAGE,
    media::FORMAT,
];
