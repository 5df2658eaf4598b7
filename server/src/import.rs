//! `hansa import`: sends files to the service as they are, and shows what became of their rows.

mod input;
mod report;

use std::path::PathBuf;

use axum::{
    body::Body,
    http::{StatusCode, header},
};
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use platform_http::Method;
use serde_json::Value;

use self::input::{FileFormat, Input};
use crate::{
    Done,
    cli::Place,
    failure::{Failure, Result},
    series::day,
    settings::Setup,
    target::{Need, Path, Target, problem, whole},
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa import gdp.csv --source FRED
  hansa import *.parquet
  curl … | hansa import - --format ndjson
  hansa import crawl.json.zst --mode changes --missing withdraw
  hansa import big.csv --batch nightly-2026-01-15       a second time nothing is stored twice
  hansa import gdp.csv --url http://127.0.0.1:8001      into a running server

A row has series_id, date, value and optionally revision_date, is_original_release, metadata, source, digits.
An empty value is a withdrawal; a row without a revision_date was published today.
A series unknown so far is created. Files may be packed with gzip or zstd.";

/// Arguments of `hansa import`.
#[derive(Args)]
pub(crate) struct ImportArgs {
    /// The files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The format of the files [default: by their names, or by how they begin]
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// The source of rows that name none, for instance FRED
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// What the rows are: to be stored as they are, or whole histories of which only what differs is stored
    #[arg(long, value_enum, default_value = "upsert")]
    mode: Mode,
    /// With --mode changes: what becomes of known dates that the histories no longer have
    #[arg(long, value_enum)]
    missing: Option<Missing>,
    /// Store nothing of a file when one of its rows is refused
    #[arg(long)]
    all_or_nothing: bool,
    /// The revision date of rows without one [default: today]
    #[arg(long, value_name = "DATE", value_parser = day)]
    revision_date: Option<NaiveDate>,
    /// The idempotency key: a file sent again under it is not stored again
    #[arg(long, value_name = "KEY")]
    batch: Option<String>,
    /// Answer with JSON: one report a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Every row is stored; one with a known key takes the place of the other
    Upsert,
    /// The rows are whole histories; only what differs from what was known is stored
    Changes,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Missing {
    /// They stay as they were known
    Keep,
    /// Between the first and the last date of the file they count as withdrawn, unless a refused row may have meant them
    Withdraw,
}

/// Imports the files one after the other.
pub(crate) async fn run(args: ImportArgs, setup: Setup) -> Result<Done> {
    if args.batch.is_some() && args.files.len() > 1 {
        return Err(
            Failure::new("a batch is one file").with_hint("import the files one by one, each with a key of its own")
        );
    }
    if args.missing.is_some() && args.mode == Mode::Upsert {
        return Err(Failure::new(
            "--missing needs --mode changes: only a whole history lacks dates",
        ));
    }
    let target = Target::open(&args.place, setup, Need::Nothing).await?;
    import(&args, &target).await
}

async fn import(args: &ImportArgs, target: &Target) -> Result<Done> {
    let (mut done, mut is_read) = (Done::Well, true);
    for file in &args.files {
        let report = send(args, file, target).await?;
        if report["summary"]["failed"].as_u64() != Some(0) {
            done = Done::Refused;
        }
        let text = match args.json {
            true => format!("{report}\n"),
            false => report::render(file, &report),
        };
        // The files that follow are wanted, whoever reads of them.
        match crate::out::write(text) {
            Err(Failure::Unread) => is_read = false,
            written => written?,
        }
    }
    match (done, is_read) {
        (Done::Well, false) => Err(Failure::Unread),
        _ => Ok(done),
    }
}

/// Sends one file and gives back the report.
async fn send(args: &ImportArgs, file: &std::path::Path, target: &Target) -> Result<Value> {
    let input = Input::open(file, args.format).await?;
    let path = Path::new(&["bulk"])
        .with("source", args.source.as_ref())
        .with("batch_id", args.batch.as_ref())
        .with("mode", (args.mode == Mode::Changes).then_some("changes"))
        .with(
            "missing",
            args.missing
                .map(|missing| if missing == Missing::Keep { "keep" } else { "withdraw" }),
        )
        .with("all_or_nothing", args.all_or_nothing.then_some(true))
        .with("revision_date", args.revision_date);
    let (progress, format, encoding) = (input.progress(), input.format, input.encoding);
    let mut request = path.request(Method::POST, Body::from_stream(input.stream()))?;
    request.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(format.content_type()),
    );
    if let Some(encoding) = encoding {
        request
            .headers_mut()
            .insert(header::CONTENT_ENCODING, header::HeaderValue::from_static(encoding));
    }
    let answer = target.call(request).await;
    progress.finish_and_clear();
    let answer = answer?;
    let status = answer.status();
    let answer: Value = serde_json::from_slice(&whole(answer).await?).unwrap_or_default();
    match status {
        StatusCode::OK if answer["summary"].is_object() => Ok(answer),
        // Refused as a whole, with a report that says why.
        _ if answer["report"]["summary"].is_object() => Ok(refused(answer)),
        _ => Err(problem(status, &answer).within(file)),
    }
}

/// The report of a batch of which nothing was stored.
fn refused(mut answer: Value) -> Value {
    let mut report = answer["report"].take();
    report["refused"] = answer["detail"].take();
    report
}
