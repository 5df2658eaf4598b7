//! In which format to answer.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use platform_error::{Code, Error as Failure};
use platform_http::negotiate;

use super::arguments::{Argument, Arguments, Kind, argument};
use crate::error::Error;
use crate::output::Media;

/// The formats of points.
pub(super) const POINTS: &[Media] = &Media::ALL;
/// The formats of lists of series.
pub(super) const LISTS: &[Media] = &[Media::Json, Media::Csv, Media::Ndjson];

/// How an answer of points is written.
pub(super) const FORMAT: &[Argument] = &[argument(
    "format",
    Kind::OneOf(&["json", "csv", "ndjson", "arrow", "parquet"]),
    "The format of the answer; it takes precedence over the header Accept.",
)];
/// How a list is written.
pub(super) const LIST_FORMAT: &[Argument] = &[argument(
    "format",
    Kind::OneOf(&["json", "csv", "ndjson"]),
    "The format of the answer; it takes precedence over the header Accept.",
)];

/// The format that the argument `format` or the header `Accept` asks for.
pub(super) fn wanted(arguments: &Arguments, headers: &HeaderMap, offered: &'static [Media]) -> Result<Media, Failure> {
    let is_offered = |media: &Media| offered.contains(media);
    if let Some(format) = arguments.text("format") {
        let names: Vec<&str> = offered.iter().map(|media| media.as_str()).collect();
        let refusal = || Error::field("format", format!("expects one of {}", names.join(", ")));
        return Ok(Media::parse(format).filter(is_offered).ok_or_else(refusal)?);
    }
    let named = |media: &'static Media| media.media_types().iter().map(move |name| (*name, *media));
    let (names, media): (Vec<&str>, Vec<Media>) = offered.iter().flat_map(named).unzip();
    let best = negotiate(headers, &names).map(|index| media[index]);
    best.ok_or_else(|| {
        let types: Vec<&str> = offered.iter().map(|media| media.media_type()).collect();
        let error = Failure::new(Code::Invalid, format!("this is answered as {}", types.join(", ")));
        error
            .with_status(406)
            .with_details(serde_json::json!({ "available": types }))
    })
}

/// An answer in a format.
pub(super) fn answer(media: Media, body: impl Into<Body>) -> Response {
    let mut response = body.into().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    response
}
