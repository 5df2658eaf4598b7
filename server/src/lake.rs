//! `hansa lake`: what the tables weigh, and keeping them small by hand.

use axum::body::Body;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand, ValueEnum};
use platform_config::Duration;
use platform_http::Method;
use platform_service::Clock;
use serde_json::{Value, json};

use crate::{
    cli::Place,
    failure::Result,
    out,
    settings::Setup,
    table::{Side, Table, bytes, count},
    target::{Need, Path, Target, parsed, whole},
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa lake stats                       rows, bytes and files of every table
  hansa lake compact --full              everything into disjoint, sorted files
  hansa lake snapshots --table series
  hansa lake expire --older-than 7d      forget how the tables looked more than a week ago; vintages stay
  hansa lake sweep                       remove files that no snapshot needs

A server does all of this by itself; it may be running on the same directory.";

/// Arguments of `hansa lake`.
#[derive(Args)]
pub(crate) struct LakeArgs {
    #[command(flatten)]
    place: Place,
    /// Answer with JSON
    #[arg(long, global = true, help_heading = "Output")]
    json: bool,
    #[command(subcommand)]
    command: LakeCommand,
}

#[derive(Subcommand)]
enum LakeCommand {
    /// Rows, bytes, files and snapshots of every table
    Stats,
    /// Merge small files and drop superseded rows
    Compact {
        /// Rewrite everything into disjoint files, not only what is due
        #[arg(long)]
        full: bool,
    },
    /// Forget old snapshots: how a table looked then. Vintages are rows and stay
    Expire {
        /// Keep just the newest N of each table, and none of the hours and days that are set to stay beside them
        #[arg(long, value_name = "N")]
        keep: Option<usize>,
        /// Keep just those that are younger than this, for instance 7d
        #[arg(long, value_name = "AGE")]
        older_than: Option<Duration>,
    },
    /// Remove files that no snapshot names
    Sweep {
        /// Leave files younger than this alone, at least 65m: a writer may be about to commit them [default: 2h]
        #[arg(long, value_name = "AGE")]
        older_than: Option<Duration>,
    },
    /// List the snapshots of a table, the newest first
    Snapshots {
        #[arg(long, value_enum, default_value = "data_points")]
        table: TableName,
    },
}

/// The tables of the lake.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum TableName {
    DataPoints,
    Series,
    Sources,
}

impl TableName {
    const ALL: [Self; 3] = [Self::DataPoints, Self::Series, Self::Sources];

    fn as_str(self) -> &'static str {
        match self {
            Self::DataPoints => "data_points",
            Self::Series => "series",
            Self::Sources => "sources",
        }
    }
}

/// Does what was asked and prints what it did.
pub(crate) async fn run(args: LakeArgs, setup: Setup) -> Result<()> {
    let target = Target::open(&args.place, setup, Need::Data).await?;
    let answer = answer(&args.command, &target).await?;
    if args.json {
        return out::write(format!("{answer:#}\n"));
    }
    let table = match args.command {
        LakeCommand::Stats => stats(&answer),
        LakeCommand::Compact { .. } => compactions(&answer),
        LakeCommand::Expire { .. } => expired(&answer),
        LakeCommand::Sweep { .. } => swept(&answer),
        LakeCommand::Snapshots { .. } => snapshots(&answer),
    };
    out::write(table.render())?;
    if matches!(args.command, LakeCommand::Compact { full: false }) && table.is_empty() {
        out::note("nothing is due; --full rewrites everything");
    }
    Ok(())
}

async fn answer(command: &LakeCommand, target: &Target) -> Result<Value> {
    match command {
        LakeCommand::Stats => target.json(&Path::lake("stats")).await,
        LakeCommand::Compact { full } => {
            act(target, Path::lake("compact").with("effort", full.then_some("full"))).await
        }
        LakeCommand::Expire {
            keep: None,
            older_than: None,
        } => act(target, Path::lake("expire")).await,
        LakeCommand::Expire { keep, older_than } => expire(target, keep.unwrap_or(1), *older_than).await,
        LakeCommand::Sweep { older_than } => act(target, Path::lake("sweep").with("older_than", *older_than)).await,
        LakeCommand::Snapshots { table } => listed(target, *table).await,
    }
}

async fn act(target: &Target, path: Path) -> Result<Value> {
    parsed(&whole(target.send(path.request(Method::POST, Body::empty())?).await?).await?)
}

async fn listed(target: &Target, table: TableName) -> Result<Value> {
    target
        .json(&Path::lake("snapshots").with("table", Some(table.as_str())))
        .await
}

/// Keeps exactly the newest ones and those that are young enough, with none of the thinning that is set for the lake.
async fn expire(target: &Target, keep: usize, older_than: Option<Duration>) -> Result<Value> {
    let mut tables = Vec::new();
    for table in TableName::ALL {
        let young = match older_than {
            None => 0,
            Some(age) => younger(&listed(target, table).await?, age),
        };
        let path = Path::lake("expire")
            .with("table", Some(table.as_str()))
            .with("keep", Some(keep.max(young)));
        let answer = act(target, path.with("hourly", Some("0s")).with("daily", Some("0s"))).await?;
        tables.extend(items(&answer, "tables").iter().cloned());
    }
    Ok(json!({ "tables": tables }))
}

/// How many of the snapshots are younger than `age`.
fn younger(snapshots: &Value, age: Duration) -> usize {
    let age = TimeDelta::from_std(age.0).unwrap_or(TimeDelta::MAX);
    let Some(oldest) = Clock::system().now().checked_sub_signed(age) else {
        return usize::MAX;
    };
    let at = |snapshot: &&Value| snapshot["at"].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok());
    items(snapshots, "snapshots")
        .iter()
        .filter(|snapshot| at(snapshot).is_some_and(|at| at >= oldest))
        .count()
}

fn stats(answer: &Value) -> Table {
    let mut table = columns(&[
        "table",
        "rows",
        "size",
        "bytes/row",
        "files",
        "small",
        "manifests",
        "snapshots",
    ]);
    for stats in items(answer, "tables") {
        let tenths = (number(stats, "bytes") * 10)
            .checked_div(number(stats, "rows"))
            .unwrap_or(0);
        table.row([
            text(stats, "table"),
            count(number(stats, "rows")),
            bytes(number(stats, "bytes")),
            format!("{}.{}", tenths / 10, tenths % 10),
            count(number(stats, "files")),
            count(number(stats, "smallFiles")),
            count(number(stats, "manifests")),
            count(number(stats, "snapshots")),
        ]);
    }
    table
}

fn compactions(answer: &Value) -> Table {
    let mut table = columns(&["table", "files", "now", "rows", "now", "size", "now"]);
    for compacted in items(answer, "tables") {
        for done in items(compacted, "compactions") {
            table.row([
                text(compacted, "table"),
                count(number(done, "filesBefore")),
                count(number(done, "filesAfter")),
                count(number(done, "rowsBefore")),
                count(number(done, "rowsAfter")),
                bytes(number(done, "bytesBefore")),
                bytes(number(done, "bytesAfter")),
            ]);
        }
    }
    table
}

fn expired(answer: &Value) -> Table {
    let mut table = columns(&["table", "snapshots forgotten"]);
    items(answer, "tables")
        .iter()
        .for_each(|done| table.row([text(done, "table"), count(number(done, "expired"))]));
    table
}

fn swept(answer: &Value) -> Table {
    let mut table = columns(&["table", "files seen", "files removed", "size removed"]);
    for done in items(answer, "tables") {
        let swept = &done["swept"];
        let removed = (
            count(number(swept, "filesRemoved")),
            bytes(number(swept, "bytesRemoved")),
        );
        table.row([
            text(done, "table"),
            count(number(swept, "filesSeen")),
            removed.0,
            removed.1,
        ]);
    }
    table
}

fn snapshots(answer: &Value) -> Table {
    let sides = [("at", Side::Left), ("id", Side::Left), ("operation", Side::Left)];
    let numbers = ["rows added", "rows", "files"].map(|name| (name, Side::Right));
    let mut table = Table::new(sides.into_iter().chain(numbers));
    for snapshot in items(answer, "snapshots") {
        table.row([
            text(snapshot, "at"),
            text(snapshot, "id"),
            text(snapshot, "operation"),
            count(number(snapshot, "addedRows")),
            count(number(snapshot, "totalRows")),
            count(number(snapshot, "totalFiles")),
        ]);
    }
    table
}

/// A table whose first column is a name and whose others are numbers.
fn columns(names: &[&str]) -> Table {
    let side = |at: usize| if at == 0 { Side::Left } else { Side::Right };
    Table::new(names.iter().enumerate().map(|(at, name)| (*name, side(at))))
}

fn items<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_default().to_owned()
}

fn number(answer: &Value, name: &str) -> u64 {
    answer[name].as_u64().unwrap_or_default()
}
