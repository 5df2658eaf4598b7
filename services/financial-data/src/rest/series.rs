//! Series and their sources: lists, search, description, deletion.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use platform_http::{Json, Problem};
use serde_json::json;
use uuid::Uuid;

use super::arguments::{Argument, Arguments, Kind, argument};
use super::media;
use crate::error::Error;
use crate::output::{Listed, series_list};
use crate::series::{Frequency, SeriesId, SourceId};
use crate::store::{SeriesFilter, Store};

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
        "limit",
        Kind::Count,
        "How many there may be at most; 100 unless told otherwise.",
    ),
    argument("offset", Kind::Count, "How many to leave out at the beginning."),
    argument(
        "after",
        Kind::Text,
        "The id of the last series of the page before; the header Link has it.",
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
    let filter = filter(&arguments)?;
    arguments.exclusive(&["offset", "after"])?;
    let (limit, offset) = (limit(&store, &arguments)?, arguments.count("offset")?.unwrap_or(0));
    let (page, total, more) = match arguments.text("q") {
        Some(text) => {
            arguments.exclusive(&["q", "after"])?;
            arguments.exclusive(&["q", "prefix"])?;
            let (page, total) = store.search(text, &filter, (offset, limit))?;
            let more = offset.saturating_add(page.len()) < total;
            (page, total, more)
        }
        None => {
            let expected = "the id of a series";
            let after = arguments.parsed("after", expected, |text| Uuid::try_parse(text).ok().map(SeriesId))?;
            let (mut page, total) = store.list(&filter, after, offset.saturating_add(limit).saturating_add(1));
            page.drain(..offset.min(page.len()));
            let more = page.len() > limit;
            page.truncate(limit);
            (page, total, more)
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
        && let Some(link) = next_page(&uri, &arguments, (last.id, offset.saturating_add(limit)))
    {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

fn filter(arguments: &Arguments) -> Result<SeriesFilter, Error> {
    let expected = format!("one of {}", FREQUENCIES.join(", "));
    Ok(SeriesFilter {
        source: arguments.text("source").map(source),
        frequency: arguments.parsed("frequency", &expected, Frequency::parse)?,
        is_active: arguments.optional_flag("is_active")?,
        seasonal_adjustment: arguments.text("seasonal_adjustment").map(str::to_string),
        external_id_prefix: arguments.text("prefix").map(str::to_string),
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
fn next_page(uri: &Uri, arguments: &Arguments, (last, offset): (SeriesId, usize)) -> Option<HeaderValue> {
    let parts = uri.query().unwrap_or_default().split('&');
    let kept = parts.filter(|part| !part.is_empty() && !part.starts_with("after=") && !part.starts_with("offset="));
    let next = match arguments.text("q") {
        Some(_) => format!("offset={offset}"),
        None => format!("after={last}"),
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
