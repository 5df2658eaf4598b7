//! Questions about points as they stand on the command line, and how an answer is printed.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, ValueEnum, builder::PossibleValuesParser};
use financial_data::{output::Media, transform::Units};
use futures::TryStreamExt;

use crate::{
    failure::{Failure, Result},
    out::{self, Sink},
    target::{Path, Target},
};

/// Which observation dates, and which state of the store.
#[derive(Args)]
pub(super) struct Range {
    /// The first observation date
    #[arg(long, value_name = "DATE", value_parser = day, help_heading = "Dates")]
    start: Option<NaiveDate>,
    /// The last observation date
    #[arg(long, value_name = "DATE", value_parser = day, help_heading = "Dates")]
    end: Option<NaiveDate>,
    /// The points as they were stored at this time, for instance 2026-01-15T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = instant, help_heading = "Dates")]
    system_time: Option<DateTime<Utc>>,
    /// The points as they were stored in this snapshot; see `hansa lake snapshots --table data_points`
    #[arg(
        long,
        value_name = "ID",
        conflicts_with = "system_time",
        allow_negative_numbers = true,
        help_heading = "Dates"
    )]
    snapshot: Option<i64>,
}

impl Range {
    pub(super) fn put(&self, path: Path) -> Path {
        path.with("start", self.start)
            .with("end", self.end)
            .with(
                "system_time",
                self.system_time
                    .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
            )
            .with("snapshot", self.snapshot)
    }
}

/// Which vintages.
#[derive(Args)]
pub(super) struct Window {
    /// Only what was published on or after this day
    #[arg(long, value_name = "DATE", value_parser = day, help_heading = "Vintages")]
    vintage_from: Option<NaiveDate>,
    /// Only what was published on or before this day
    #[arg(long, value_name = "DATE", value_parser = day, help_heading = "Vintages")]
    vintage_to: Option<NaiveDate>,
}

impl Window {
    pub(super) fn is_open(&self) -> bool {
        self.vintage_from.is_none() && self.vintage_to.is_none()
    }

    pub(super) fn put(&self, path: Path) -> Path {
        path.with("vintage_from", self.vintage_from)
            .with("vintage_to", self.vintage_to)
    }
}

/// Which revision of each date.
#[derive(Args)]
pub(super) struct Pick {
    /// What was known at the end of this day
    #[arg(long, value_name = "DATE", value_parser = day, group = "pick", help_heading = "Vintages")]
    as_of: Option<NaiveDate>,
    /// The release of this number of each date; 0 is the first one recorded
    #[arg(long, value_name = "N", group = "pick", help_heading = "Vintages")]
    release: Option<u32>,
    /// Original releases only: first publications of new periods
    #[arg(long, group = "pick", help_heading = "Vintages")]
    original: bool,
}

impl Pick {
    pub(super) fn is_open(&self) -> bool {
        self.as_of.is_none() && self.release.is_none() && !self.original
    }

    pub(super) fn put(&self, path: Path) -> Path {
        path.with("as_of", self.as_of)
            .with("release", self.release)
            .with("original", self.original.then_some(true))
    }

    /// What was asked for, for the title of a drawing.
    pub(super) fn words(&self) -> String {
        match (self.as_of, self.release, self.original) {
            (Some(day), ..) => format!("as of {day}"),
            (_, Some(release), _) => format!("release {release}"),
            (.., true) => "original releases".into(),
            _ => "as known now".into(),
        }
    }
}

/// What to compute.
#[derive(Args)]
pub(super) struct Transform {
    /// What to compute of each value, by FRED's codes: change (chg), from a year ago (ch1), in percent (pch, pc1),
    /// compounded annual rate (pca), continuously compounded (cch, cca), natural logarithm (log)
    #[arg(long, value_name = "UNITS", value_parser = PossibleValuesParser::new(Units::ALL.map(Units::as_str)), hide_possible_values = true, help_heading = "Computed")]
    pub(super) units: Option<String>,
    /// The lower frequency to put observations together to: w, bw, m, q, sa, a, or weeks and fortnights by their
    /// last day (wef, weth, wew, wetu, wem, wesu, wesa, bwew, bwem)
    #[arg(long, value_name = "PERIOD", help_heading = "Computed")]
    pub(super) frequency: Option<String>,
    /// What becomes of the observations of a period: their average, their sum, or the last of them
    #[arg(long, value_name = "METHOD", value_parser = ["avg", "sum", "eop"], requires = "frequency", help_heading = "Computed")]
    aggregation: Option<String>,
}

impl Transform {
    pub(super) fn put(&self, path: Path) -> Path {
        path.with("units", self.units.as_ref())
            .with("frequency", self.frequency.as_ref())
            .with("aggregation", self.aggregation.as_ref())
    }
}

/// How an answer is printed.
#[derive(Args)]
pub(super) struct Print {
    /// How to write the answer; arrow and parquet never go to a terminal
    #[arg(long, value_enum, default_value = "table", help_heading = "Output")]
    pub(super) format: Format,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(super) output: Option<PathBuf>,
}

/// The formats of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Table,
    Csv,
    Json,
    Ndjson,
    Arrow,
    Parquet,
}

impl Format {
    /// The service's name of it; `None` for a table, which is made here.
    fn media(self) -> Option<Media> {
        match self {
            Self::Table => None,
            Self::Csv => Some(Media::Csv),
            Self::Json => Some(Media::Json),
            Self::Ndjson => Some(Media::Ndjson),
            Self::Arrow => Some(Media::Arrow),
            Self::Parquet => Some(Media::Parquet),
        }
    }
}

impl Print {
    /// Prints what the service answers, as it comes. A table is made here and nothing the service has.
    pub(super) async fn answered(&self, target: &Target, path: Path) -> Result<()> {
        let Some(media) = self.format.media() else {
            return Ok(());
        };
        let binary = matches!(media, Media::Arrow | Media::Parquet).then(|| media.as_str());
        let mut body = target
            .get(&path.with("format", Some(media.as_str())))
            .await?
            .into_body()
            .into_data_stream();
        let mut sink = Sink::open(self.output.as_deref(), binary)?;
        let mut ends_line = true;
        while let Some(bytes) = body
            .try_next()
            .await
            .map_err(|_| Failure::new("the answer broke off"))?
        {
            ends_line = bytes.last().map_or(ends_line, |byte| *byte == b'\n');
            std::io::Write::write_all(&mut sink, &bytes)?;
        }
        if media == Media::Json && !ends_line {
            std::io::Write::write_all(&mut sink, b"\n")?;
        }
        sink.finish()
    }

    /// Prints text that was made here.
    pub(super) fn text(&self, text: &str) -> Result<()> {
        let Some(file) = &self.output else {
            return out::write(text);
        };
        let mut sink = Sink::open(Some(file), None)?;
        std::io::Write::write_all(&mut sink, text.as_bytes())?;
        sink.finish()
    }
}

/// Reads a date.
pub(crate) fn day(text: &str) -> Result<NaiveDate, String> {
    financial_data::ingest::day(text).ok_or_else(|| "expected a date such as 2024-12-31".into())
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    time.map_err(|_| "expected a time such as 2026-01-15T12:00:00Z".into())
}
