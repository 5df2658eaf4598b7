//! Reading one series: its points, revisions, vintages, and dates against vintages.

use chrono::NaiveDate;
use clap::Args;

use super::question::{Format, Pick, Print, Range, Transform, Window, day};
use crate::{
    failure::{Failure, Result},
    plot,
    rows::{self, Row},
    table::{Side, Table},
    target::{Path, Target},
};

/// Arguments of `hansa series points`.
#[derive(Args)]
pub(super) struct PointsArgs {
    /// The series: GDP, FRED:GDP or an id
    series: String,
    #[command(flatten)]
    pick: Pick,
    #[command(flatten)]
    transform: Transform,
    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    print: Print,
    /// Also say when each value was published (tables do so anyway)
    #[arg(long, help_heading = "Output")]
    full: bool,
    /// Draw a line in the terminal
    #[arg(long, conflicts_with = "full", help_heading = "Output")]
    plot: bool,
}

/// Arguments of `hansa series revisions`.
#[derive(Args)]
pub(super) struct RevisionsArgs {
    /// The series: GDP, FRED:GDP or an id
    series: String,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    pick: Pick,
    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    print: Print,
}

/// Arguments of `hansa series vintages`.
#[derive(Args)]
pub(super) struct VintagesArgs {
    /// The series: GDP, FRED:GDP or an id
    series: String,
    /// How to write the answer
    #[arg(long, value_enum, default_value = "table", help_heading = "Output")]
    format: Listing,
}

/// Arguments of `hansa series matrix`.
#[derive(Args)]
pub(super) struct MatrixArgs {
    /// The series: GDP, FRED:GDP or an id
    series: String,
    /// The days whose knowledge to show, separated by commas
    #[arg(long, value_name = "DATES", value_delimiter = ',', value_parser = day, help_heading = "Vintages")]
    vintages: Vec<NaiveDate>,
    /// So many of the newest vintages [default: 6]
    #[arg(long, value_name = "N", conflicts_with = "vintages", help_heading = "Vintages")]
    last: Option<usize>,
    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    print: Print,
}

/// The formats of a list of days.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Listing {
    Table,
    Csv,
    Json,
}

/// Vintages that fit beside each other on a terminal.
const COLUMNS: usize = 6;

/// Prints one value per date.
pub(super) async fn points(args: PointsArgs, target: &Target) -> Result<()> {
    let path = Path::new(&["series", &args.series, "points"]);
    let path = args.range.put(args.transform.put(args.pick.put(path)));
    if args.plot {
        return draw(&args, path, target).await;
    }
    if args.print.format != Format::Table {
        let columns = args.full.then_some("full");
        return args.print.answered(target, path.with("columns", columns)).await;
    }
    let rows = read(target, path).await?;
    let mut table = Table::new([("date", Side::Left), ("value", Side::Right), ("published", Side::Left)]);
    rows.iter()
        .for_each(|row| table.row([row.date.to_string(), value(row), published(row)]));
    args.print.text(&table.render())
}

async fn draw(args: &PointsArgs, path: Path, target: &Target) -> Result<()> {
    let rows = read(target, path).await?;
    let series = target.json(&Path::new(&["series", &args.series])).await?;
    let drawing = plot::draw(&rows);
    if drawing.is_empty() {
        return Err(Failure::new("there is nothing to draw").with_hint("ask for other dates or another day"));
    }
    let text = |name: &str| series[name].as_str().unwrap_or_default();
    let units = match (&args.transform.units, text("units")) {
        (Some(units), _) if units != "lin" => format!(", {units}"),
        (_, "") => String::new(),
        (_, units) => format!(", {units}"),
    };
    let title = format!("{}{units}, {}", text("title"), args.pick.words());
    let title: String = title
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    args.print.text(&format!("{title}\n\n{drawing}"))
}

/// Prints every revision.
pub(super) async fn revisions(args: RevisionsArgs, target: &Target) -> Result<()> {
    let path = args.range.put(
        args.pick
            .put(args.window.put(Path::new(&["series", &args.series, "points"]))),
    );
    let everything = args.window.is_open() && args.pick.is_open();
    let path = path.with("revisions", everything.then_some("all"));
    if args.print.format != Format::Table {
        return args.print.answered(target, path.with("columns", Some("full"))).await;
    }
    let rows = read(target, path).await?;
    let mut table = Table::new([
        ("date", Side::Left),
        ("published", Side::Left),
        ("value", Side::Right),
        ("release", Side::Right),
        ("original", Side::Left),
    ]);
    for row in &rows {
        let original = if row.is_original_release == Some(true) {
            "yes"
        } else {
            ""
        };
        let rank = row.release_rank.map(|rank| rank.to_string()).unwrap_or_default();
        table.row([
            row.date.to_string(),
            published(row),
            value(row),
            rank,
            original.to_owned(),
        ]);
    }
    args.print.text(&table.render())
}

/// Prints the days on which something was published.
pub(super) async fn vintages(args: VintagesArgs, target: &Target) -> Result<()> {
    let answer = target.json(&Path::new(&["series", &args.series, "vintages"])).await?;
    let days: Vec<&str> = answer["vintages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|day| day.as_str())
        .collect();
    match args.format {
        Listing::Json => crate::out::write(format!("{answer}\n")),
        Listing::Csv => crate::out::write(format!("vintage\n{}\n", days.join("\n"))),
        Listing::Table => {
            let mut table = Table::new([("vintage", Side::Left)]);
            days.iter().for_each(|day| table.row([day]));
            crate::out::write(table.render())
        }
    }
}

/// Prints dates against vintages.
pub(super) async fn matrix(args: MatrixArgs, target: &Target) -> Result<()> {
    let path = args.range.put(Path::new(&["series", &args.series, "matrix"]));
    let path = match args.vintages.as_slice() {
        [] => path.with("last", Some(args.last.unwrap_or(COLUMNS))),
        days => path.with(
            "vintages",
            Some(days.iter().map(NaiveDate::to_string).collect::<Vec<_>>().join(",")),
        ),
    };
    if args.print.format != Format::Table {
        return args.print.answered(target, path).await;
    }
    let answer = target.json(&path.with("format", Some("json"))).await?;
    let text = |cell: &serde_json::Value| cell.as_str().unwrap_or_default().to_owned();
    let vintages = answer["vintages"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|day| (text(day), Side::Right));
    let mut table = Table::new([("date".to_owned(), Side::Left)].into_iter().chain(vintages));
    for row in answer["rows"].as_array().into_iter().flatten() {
        let values = row["values"].as_array().into_iter().flatten().map(text);
        table.row([text(&row["date"])].into_iter().chain(values));
    }
    args.print.text(&table.render())
}

async fn read(target: &Target, path: Path) -> Result<Vec<Row>> {
    rows::parse(
        &target
            .read(&path.with("columns", Some("full")).with("format", Some("csv")))
            .await?,
    )
}

/// A value as published; a withdrawal is said in a word.
fn value(row: &Row) -> String {
    row.value
        .map_or_else(|| "withdrawn".to_owned(), |value| value.to_string())
}

fn published(row: &Row) -> String {
    row.revision_date.map(|day| day.to_string()).unwrap_or_default()
}
