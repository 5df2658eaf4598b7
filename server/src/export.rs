//! `hansa export`: series as a file that `hansa import` reads back, on another machine too.

mod writer;

use std::{collections::HashMap, path::PathBuf};

use axum::{
    body::Body,
    http::header::{CONTENT_TYPE, HeaderValue, LINK},
};
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use financial_data::series::Series;
use platform_http::Method;
use serde::Deserialize;

use self::writer::Writer;
use crate::{
    cli::Place,
    failure::{Failure, Result},
    out::{self, Sink},
    rows,
    series::day,
    settings::Setup,
    table::count,
    target::{Need, Path, Target, whole},
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa export --all --revisions --format parquet -o everything.parquet
  hansa export GDP CPILFESL --format json -o two.json       with their titles and units
  hansa export --source FRED --as-of 2024-01-01 --format csv | head
  hansa export GDP --revisions -o gdp.csv && hansa import gdp.csv --data elsewhere

Rows name their series by source and external id, so that any Hansa can read them. Only json carries what is
said of the series beside their points, and no format the metadata of single points. Whether a value is an original
release is written for each, also where it was worked out: imported, it counts as what the source declared.";

/// Series that one request asks for: what is known of them is in memory for a moment.
const BATCH: usize = 100;

/// Arguments of `hansa export`.
#[derive(Args)]
pub(crate) struct ExportArgs {
    /// The series: GDP, FRED:GDP or an id
    #[arg(value_name = "SERIES")]
    series: Vec<String>,
    /// All series
    #[arg(long, conflicts_with_all = ["series", "source"])]
    all: bool,
    /// All series of this source
    #[arg(long, value_name = "NAME", conflicts_with = "series")]
    source: Option<String>,
    /// Every revision, not only what is known now
    #[arg(long, conflicts_with = "as_of")]
    revisions: bool,
    /// What was known at the end of this day
    #[arg(long, value_name = "DATE", value_parser = day)]
    as_of: Option<NaiveDate>,
    /// The format of the file [default: by its name, or csv]
    #[arg(long, value_enum)]
    format: Option<ExportFormat>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// The formats of exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    Csv,
    Ndjson,
    /// One document, with the descriptions of the series
    Json,
    /// An Arrow IPC stream
    Arrow,
    Parquet,
}

impl ExportFormat {
    fn of(file: &std::path::Path) -> Option<Self> {
        use financial_data::ingest::Format;
        Some(match Format::from_path(file)? {
            Format::Csv => Self::Csv,
            Format::Ndjson => Self::Ndjson,
            Format::Json => Self::Json,
            Format::ArrowStream => Self::Arrow,
            Format::Parquet => Self::Parquet,
            Format::Protobuf => return None,
        })
    }

    /// Its name when it is not for a terminal.
    fn binary(self) -> Option<&'static str> {
        match self {
            Self::Arrow => Some("arrow"),
            Self::Parquet => Some("parquet"),
            Self::Csv | Self::Ndjson | Self::Json => None,
        }
    }
}

/// A series and its source, as the service lists it.
#[derive(Clone, Deserialize)]
pub(crate) struct Member {
    #[serde(flatten)]
    pub(crate) series: Series,
    pub(crate) source: String,
}

/// Writes the series.
pub(crate) async fn run(args: ExportArgs, setup: Setup) -> Result<()> {
    if args.series.is_empty() && !args.all && args.source.is_none() {
        return Err(Failure::new("which series?").with_hint("name them, or export --all or all of a --source"));
    }
    let target = Target::open(&args.place, setup, Need::Data).await?;
    let (series, rows) = export(&args, &target).await?;
    if let Some(file) = &args.output {
        let (series, rows) = (count(series as u64), count(rows));
        out::note(format!("{series} series, {rows} rows in {}", file.display()));
    }
    Ok(())
}

async fn export(args: &ExportArgs, target: &Target) -> Result<(usize, u64)> {
    let named = args.output.as_deref().and_then(ExportFormat::of);
    let format = args.format.or(named).unwrap_or(ExportFormat::Csv);
    let members = members(args, target).await?;
    let sink = Sink::open(args.output.as_deref(), format.binary())?;
    let mut writer = Writer::new(format, sink, &members)?;
    let mut written = 0;
    for batch in members.chunks(BATCH) {
        let by_id: HashMap<String, &Member> = batch
            .iter()
            .map(|member| (member.series.id.to_string(), member))
            .collect();
        rows::each(&panel(args, batch, target).await?, |id, row| {
            let member = by_id
                .get(id)
                .ok_or_else(|| Failure::new(format!("the answer names the series {id}, which was not asked for")))?;
            written += 1;
            writer.row(member, &row)
        })?;
    }
    writer.finish()?.finish()?;
    Ok((members.len(), written))
}

async fn panel(args: &ExportArgs, batch: &[Member], target: &Target) -> Result<bytes::Bytes> {
    let path = Path::new(&["panel"])
        .with("columns", Some("full"))
        .with("format", Some("csv"))
        .with("revisions", args.revisions.then_some("all"))
        .with("as_of", args.as_of);
    let ids: Vec<String> = batch.iter().map(|member| member.series.id.to_string()).collect();
    let mut request = path.request(Method::POST, Body::from(serde_json::json!(ids).to_string()))?;
    request
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    whole(target.send(request).await?).await
}

/// The series to export, each once.
async fn members(args: &ExportArgs, target: &Target) -> Result<Vec<Member>> {
    let mut members: Vec<Member> = Vec::new();
    for name in &args.series {
        let member = read(&target.read(&Path::new(&["series", name])).await?)?;
        members.push(member);
    }
    if args.all || args.source.is_some() {
        members = listed(args, target).await?;
    }
    if members.is_empty() {
        return Err(Failure::new("there is no series to export").with_hint("`hansa series list` shows what there is"));
    }
    members.sort_by_key(|member| member.series.id);
    members.dedup_by_key(|member| member.series.id);
    Ok(members)
}

async fn listed(args: &ExportArgs, target: &Target) -> Result<Vec<Member>> {
    #[derive(Deserialize)]
    struct Page {
        series: Vec<Member>,
    }
    let mut members: Vec<Member> = Vec::new();
    loop {
        let after = members
            .last()
            .map(|member| financial_data::place::Place::of(&member.series).encode());
        let path = Path::new(&["series"])
            .with("source", args.source.as_ref())
            .with("after", after);
        let answer = target.get(&path).await?;
        let has_next = answer.headers().contains_key(LINK);
        let Page { series } = read(&whole(answer).await?)?;
        members.extend(series);
        if !has_next {
            return Ok(members);
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(answer: &[u8]) -> Result<T> {
    serde_json::from_slice(answer)
        .map_err(|error| Failure::new(format!("the answer has another shape than expected: {error}")))
}
