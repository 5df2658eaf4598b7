//! Bulk writes: a body of any size in any accepted format, stored while it arrives.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use platform_error::{Code, Error as Failure, Result};
use platform_http::{Json, Problem};
use serde_json::json;

use super::arguments::{Argument, Arguments, Kind, argument};
use super::arriving::Arriving;
use crate::error::Error;
use crate::ingest::{Format, series_day};
use crate::store::{Missing, Mode, Report, Store, Upload, days};

const PROTO: &str = include_str!("../../proto/bulk.proto");

/// The arguments of [`upload`].
pub(super) const ARGUMENTS: &[Argument] = &[
    argument("source", Kind::Text, "The source of rows that name none."),
    argument(
        "batch_id",
        Kind::Text,
        "The idempotency key: a batch sent again under it is not stored again.",
    ),
    argument(
        "mode",
        Kind::OneOf(&MODES),
        "upsert stores every row. changes takes the rows for whole histories and stores what differs from what was known.",
    ),
    argument(
        "missing",
        Kind::OneOf(&MISSING),
        "With mode=changes: what becomes of known dates that the histories no longer have. keep unless told otherwise. What a refused row may have meant is never withdrawn.",
    ),
    argument(
        "all_or_nothing",
        Kind::Flag,
        "Whether one refused row refuses the batch.",
    ),
    argument(
        "revision_date",
        Kind::Date,
        "The revision date of rows without one; today unless told otherwise.",
    ),
];
/// The headers of [`upload`].
pub(super) const HEADERS: &[Argument] = &[
    argument("Idempotency-Key", Kind::Text, "The same as batch_id."),
    argument("X-Batch-ID", Kind::Text, "The same as batch_id."),
    argument("X-Source", Kind::Text, "The same as source."),
];
const MODES: [&str; 2] = ["upsert", "changes"];
const MISSING: [&str; 2] = ["keep", "withdraw"];

/// Stores a batch of points and reports what became of its rows.
pub(super) async fn upload(
    State(store): State<Store>,
    arguments: Arguments,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let upload = asked(&arguments, &headers)?;
    let format = format(&headers)?;
    let (arriving, _wanted) = Arriving::new(body, store.uploading().clone());
    let report = store.upload(upload, format, arriving).await?;
    match report.summary.is_refused() {
        true => Err(Problem(nothing_stored(&report))),
        false => Ok(Json(report).into_response()),
    }
}

/// The definition of the protobuf format.
pub(super) async fn proto() -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], PROTO).into_response()
}

fn nothing_stored(report: &Report) -> Failure {
    let failed = report.summary.failed;
    let said = match failed {
        1 => "the only row was refused".to_string(),
        failed => format!("all {failed} rows were refused"),
    };
    let stored = match report.described {
        0 => "nothing was stored",
        _ => "only what is said of series was stored",
    };
    let error = Failure::new(Code::Invalid, format!("{said} and {stored}")).with_status(422);
    error
        .with_hint("correct the rows of the report")
        .with_details(json!({ "report": report }))
}

/// The format that the header `Content-Type` names.
fn format(headers: &HeaderMap) -> Result<Format> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    given.and_then(Format::from_content_type).ok_or_else(|| {
        let accepted = Format::ALL.map(Format::content_type);
        let said = given.map_or("no content type".to_string(), |given| given.chars().take(100).collect());
        Failure::new(Code::Invalid, format!("{said} is not a format of uploads"))
            .with_status(415)
            .with_hint(format!(
                "name the format in the header content-type: {}",
                accepted.join(", ")
            ))
            .with_details(json!({ "accepted": accepted }))
    })
}

fn asked(arguments: &Arguments, headers: &HeaderMap) -> Result<Upload> {
    Ok(Upload {
        source: one("source", arguments, (headers, &["x-source"]))?,
        key: one("batch_id", arguments, (headers, &["idempotency-key", "x-batch-id"]))?,
        mode: mode(arguments)?,
        atomic: arguments.flag("all_or_nothing")?,
        revision_date: arguments.parsed("revision_date", "a date from 1600-01-01 to 2200-12-31", |text| {
            series_day(text).map(days)
        })?,
    })
}

fn mode(arguments: &Arguments) -> Result<Mode, Error> {
    let missing = arguments.word("missing", &MISSING)?;
    match arguments.word("mode", &MODES)? {
        Some("changes") => {
            let missing = if missing == Some("withdraw") {
                Missing::Withdrawn
            } else {
                Missing::Kept
            };
            Ok(Mode::Changes { missing })
        }
        _ if missing.is_some() => Err(Error::field(
            "missing",
            "needs mode=changes: only a whole history lacks dates",
        )),
        _ => Ok(Mode::Upsert),
    }
}

/// What is said in the URL or in one of some headers; they may not contradict each other.
fn one(
    name: &'static str,
    arguments: &Arguments,
    (headers, names): (&HeaderMap, &[&str]),
) -> Result<Option<String>, Error> {
    let mut said = arguments.text(name).map(str::to_string);
    for header in names {
        let mut values = headers.get_all(*header).iter();
        let Some(value) = values.next() else { continue };
        if values.next().is_some() {
            return Err(Error::field(
                name,
                format!("is said by more than one header {header}: send one of them"),
            ));
        }
        let value = value
            .to_str()
            .map_err(|_| Error::field(name, format!("expects ASCII text in the header {header}")))?;
        match &said {
            Some(said) if said != value => {
                return Err(Error::field(
                    name,
                    format!("and the header {header} contradict each other: send one of them"),
                ));
            }
            _ => said = Some(value.to_string()),
        }
    }
    Ok(said.filter(|said| !said.is_empty()))
}
