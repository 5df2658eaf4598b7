//! Series and their sources: lists, search, description, deletion.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use platform_http::{Json, Problem};
use serde_json::json;
use uuid::Uuid;

use super::arguments::{Argument, Arguments, Kind, argument};
use super::media;
use crate::discovery::Wanted;
use crate::error::Error;
use crate::output::{Listed, series_list};
use crate::place::Place;
use crate::series::{Frequency, Series, SourceId};
use crate::store::{SeriesFilter, Store, date};

/// Series of a list unless told otherwise.
const PAGE: usize = 100;
const TOTAL: HeaderName = HeaderName::from_static("x-total-count");
const FREQUENCIES: [&str; 9] = [
    "daily",
    "weekly",
    "biweekly",
    "monthly",
    "quarterly",
    "semiannual",
    "annual",
    "irregular",
    "other",
];

/// The arguments of [`list`].
pub(super) const LIST: &[Argument] = &[
    argument(
        "q",
        Kind::Text,
        "Words to search for in names and descriptions; the best come first. Small mistakes are forgiven.",
    ),
    argument(
        "series",
        Kind::List,
        "Only these, separated by commas: ids, SOURCE:EXTERNAL_ID or unambiguous external ids.",
    ),
    argument("source", Kind::Text, "Series of this source, by name or id."),
    argument(
        "frequency",
        Kind::OneOf(&FREQUENCIES),
        "Series of this frequency; FRED's short forms are understood.",
    ),
    argument(
        "is_active",
        Kind::Flag,
        "Series that are still published, or that are not.",
    ),
    argument(
        "seasonal_adjustment",
        Kind::Text,
        "Series with this seasonal adjustment, in any case.",
    ),
    argument("prefix", Kind::Text, "Series whose external id begins so, in any case."),
    argument(
        "observed_from",
        Kind::Date,
        "Series with observations on this date or later, as declared or else as stored.",
    ),
    argument(
        "observed_to",
        Kind::Date,
        "Series with observations on this date or earlier, as declared or else as stored.",
    ),
    argument(
        "limit",
        Kind::Count,
        "How many there may be at most; 100 unless told otherwise.",
    ),
    argument("offset", Kind::Count, "How many to leave out at the beginning."),
    argument(
        "after",
        Kind::Text,
        "Where the page before ended: the address in the header Link has it. The id of its last series will do.",
    ),
];

/// A page of the series that fit a filter, in the order of their external ids, or the best finds of a search.
pub(super) async fn list(
    State(store): State<Store>,
    arguments: Arguments,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let media = media::wanted(&arguments, &headers, media::LISTS)?;
    let wanted = wanted(&arguments)?;
    arguments.exclusive(&["offset", "after"])?;
    let (limit, offset) = (limit(&store, &arguments)?, arguments.count("offset")?.unwrap_or(0));
    let (page, total, more) = match arguments.text("q") {
        Some(text) => {
            arguments.exclusive(&["q", "after"])?;
            let (page, total) = store.best(&wanted, text, (offset, limit)).await?;
            let more = offset.saturating_add(page.len()) < total;
            (page, total, more)
        }
        None => {
            let after = arguments.text("after").map(|after| store.place(after)).transpose()?;
            let mut page = store.page(&wanted, (after, offset.saturating_add(limit))).await?;
            page.series.drain(..offset.min(page.series.len()));
            (page.series, page.total, page.after)
        }
    };
    let sources: Vec<String> = page.iter().map(|series| store.source_name(series)).collect();
    let listed: Vec<Listed<'_>> = page
        .iter()
        .zip(&sources)
        .map(|(series, source)| Listed { series, source })
        .collect();
    let mut response = media::answer(media, series_list(media, &listed, total)?);
    response.headers_mut().insert(TOTAL, HeaderValue::from(total));
    if let Some(last) = page.last().filter(|_| more)
        && let Some(link) = next_page(&uri, &arguments, (last, offset.saturating_add(limit)))
    {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

fn wanted(arguments: &Arguments) -> Result<Wanted, Error> {
    let expected = format!("one of {}", FREQUENCIES.join(", "));
    let names = |text: &str| text.split(',').map(|name| name.trim().to_string()).collect();
    Ok(Wanted {
        names: arguments.text("series").map(names),
        filter: SeriesFilter {
            source: arguments.text("source").map(source),
            frequency: arguments.parsed("frequency", &expected, Frequency::parse)?,
            is_active: arguments.optional_flag("is_active")?,
            seasonal_adjustment: arguments.text("seasonal_adjustment").map(str::to_string),
            external_id_prefix: arguments.text("prefix").map(str::to_string),
        },
        text: None,
        observed_from: arguments.day("observed_from")?.map(date),
        observed_to: arguments.day("observed_to")?.map(date),
    })
}

/// The source that a name or an id means.
pub(super) fn source(text: &str) -> SourceId {
    Uuid::try_parse(text).map_or_else(|_| SourceId::of(text), SourceId)
}

fn limit(store: &Store, arguments: &Arguments) -> Result<usize, Error> {
    let most = store.settings().page_limit;
    let limit = arguments.count("limit")?.unwrap_or(PAGE.min(most));
    match (1..=most).contains(&limit) {
        true => Ok(limit),
        false => Err(Error::field("limit", format!("expects a number from 1 to {most}"))),
    }
}

/// Where the next page is: after the last series of this one, or further down in what was found.
fn next_page(uri: &Uri, arguments: &Arguments, (last, offset): (&Series, usize)) -> Option<HeaderValue> {
    let parts = uri.query().unwrap_or_default().split('&');
    let kept = parts.filter(|part| !part.is_empty() && !part.starts_with("after=") && !part.starts_with("offset="));
    let next = match arguments.text("q") {
        Some(_) => format!("offset={offset}"),
        None => format!("after={}", Place::of(last).encode()),
    };
    let query: Vec<&str> = kept.chain([next.as_str()]).collect();
    HeaderValue::from_str(&format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"))).ok()
}

/// The description of a series.
pub(super) async fn get(State(store): State<Store>, Path(id): Path<String>) -> Result<Response, Problem> {
    let series = store.find(&id, None)?;
    Ok(Json(Listed {
        series: &series,
        source: &store.source_name(&series),
    })
    .into_response())
}

/// Deletes a series with all its points.
pub(super) async fn delete(State(store): State<Store>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    store.delete(store.find(&id, None)?.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All sources by name.
pub(super) async fn sources(State(store): State<Store>) -> Response {
    let sources = store.sources();
    let sources: Vec<_> = sources.iter().map(|source| &**source).collect();
    Json(json!({ "sources": sources })).into_response()
}
