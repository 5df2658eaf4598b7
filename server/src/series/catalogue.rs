//! Lists of series, what is known of one, and its end.

use clap::{Args, ValueEnum};
use financial_data::series::Frequency;
use platform_http::Method;
use serde_json::Value;

use axum::body::Body;

use crate::{
    failure::{Failure, Result},
    out,
    table::{Side, Table, count, facts},
    target::{Path, Target, parsed, whole},
};

/// The header that says how many fit, of which an answer may have fewer.
const TOTAL: &str = "x-total-count";

/// Arguments of `hansa series list`.
#[derive(Args)]
pub(super) struct ListArgs {
    /// Words to search for; the best finds come first, small mistakes are forgiven
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only series of this source
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Only series of this frequency, for instance quarterly or q
    #[arg(long, value_name = "FREQUENCY", value_parser = frequency)]
    frequency: Option<Frequency>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// How to write the answer
    #[arg(long, value_enum, default_value = "table")]
    format: ListFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    Table,
    Csv,
    Json,
    Ndjson,
}

/// Arguments of `hansa series show`.
#[derive(Args)]
pub(super) struct ShowArgs {
    /// The series: GDP, FRED:GDP or an id
    series: String,
    /// Answer with JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `hansa series delete`.
#[derive(Args)]
pub(super) struct DeleteArgs {
    /// The series: GDP, FRED:GDP or an id
    series: String,
    /// Do not ask whether that is meant
    #[arg(long)]
    yes: bool,
}

/// Prints a list.
pub(super) async fn list(args: ListArgs, target: &Target) -> Result<()> {
    let path = Path::new(&["series"])
        .with("q", args.search.as_ref())
        .with("source", args.source.as_ref())
        .with("frequency", args.frequency.map(Frequency::as_str))
        .with("limit", Some(args.limit));
    let format = match args.format {
        ListFormat::Csv => "csv",
        ListFormat::Ndjson => "ndjson",
        ListFormat::Json | ListFormat::Table => "json",
    };
    let answer = target.get(&path.with("format", Some(format))).await?;
    let total = answer.headers().get(TOTAL).and_then(|total| total.to_str().ok());
    let total = total.and_then(|total| total.parse::<usize>().ok());
    let body = whole(answer).await?;
    match args.format {
        ListFormat::Table => out::write(table(&parsed(&body)?))?,
        ListFormat::Json => out::write([&body[..], b"\n"].concat())?,
        ListFormat::Csv | ListFormat::Ndjson => out::write(body)?,
    }
    if let Some(total) = total.filter(|total| args.limit < *total) {
        let (shown, total) = (count(args.limit as u64), count(total as u64));
        out::note(format!("{shown} of {total}; --limit shows more"));
    }
    Ok(())
}

fn table(answer: &Value) -> String {
    let mut table = Table::new(["series", "frequency", "title", "units"].map(|name| (name, Side::Left)));
    let series = answer["series"].as_array().map(Vec::as_slice).unwrap_or_default();
    for series in series {
        let text = |name: &str| series[name].as_str().unwrap_or_default();
        let name = format!("{}:{}", text("source"), text("externalId"));
        table.row([name.as_str(), text("frequency"), text("title"), text("units")]);
    }
    table.render()
}

/// Prints all there is to know.
pub(super) async fn show(args: ShowArgs, target: &Target) -> Result<()> {
    let series = target.json(&Path::new(&["series", &args.series])).await?;
    if args.json {
        return out::write(format!("{series:#}\n"));
    }
    let vintages = target.json(&Path::new(&["series", &args.series, "vintages"])).await?;
    let latest = target.json(&Path::new(&["series", &args.series, "latest"])).await?;
    let text = |name: &str| match &series[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut lines = vec![
        ("name", format!("{}:{}", text("source"), text("externalId"))),
        ("title", text("title")),
        ("id", text("id")),
        ("frequency", text("frequency")),
        ("units", text("units")),
        ("seasonal adjustment", text("seasonalAdjustment")),
        ("description", text("description")),
        ("metadata", text("metadata")),
        ("stored since", text("createdAt")),
    ];
    let days = vintages["vintages"].as_array().map(Vec::as_slice).unwrap_or_default();
    if let [first, .., last] | [first @ last] = days {
        let (first, last) = (first.as_str().unwrap_or_default(), last.as_str().unwrap_or_default());
        lines.push((
            "vintages",
            format!("{}, from {first} to {last}", count(days.len() as u64)),
        ));
    }
    if let (Some(date), Some(value)) = (latest["date"].as_str(), latest["value"].as_str()) {
        let published = latest["revisionDate"].as_str().unwrap_or_default();
        lines.push(("latest", format!("{value} for {date}, published {published}")));
    }
    out::write(facts(lines))
}

/// Deletes a series after asking.
pub(super) async fn delete(args: DeleteArgs, target: &Target) -> Result<()> {
    let series = target.json(&Path::new(&["series", &args.series])).await?;
    let text = |name: &str| series[name].as_str().unwrap_or_default();
    let name = format!("{}:{}", text("source"), text("externalId"));
    if !args.yes
        && !out::confirmed(&format!(
            "Delete {name} ({}) with all its points in {}? [y/N] ",
            text("title"),
            target.place()
        ))?
    {
        return Err(Failure::new("nothing was deleted"));
    }
    let path = Path::new(&["series", text("id")]);
    target.send(path.request(Method::DELETE, Body::empty())?).await?;
    out::write(format!("deleted {name}; older snapshots hold it until they expire\n"))
}

fn frequency(text: &str) -> Result<Frequency, String> {
    let known = || format!("expected one of {}", Frequency::ALL.map(Frequency::as_str).join(", "));
    Frequency::parse(text).ok_or_else(known)
}
