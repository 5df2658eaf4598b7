//! `hansa series`: finding series and reading their points and vintages.

mod catalogue;
mod question;
mod reading;

use clap::{Args, Subcommand};

pub(crate) use self::question::day;

use crate::{
    cli::Place,
    failure::Result,
    settings::Setup,
    target::{Need, Target},
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa series list --search \"industrial production\"
  hansa series show FRED:GDP
  hansa series points GDP --plot
  hansa series points GDP --as-of 2020-04-30 --units pca --start 2010-01-01
  hansa series points WGS10YR --frequency q --aggregation eop --format csv > quarterly.csv
  hansa series revisions GDP --start 2019-01-01 --end 2019-12-31
  hansa series vintages GDP
  hansa series matrix GDP --last 4 --start 2023-01-01
  hansa series points GDP --url http://127.0.0.1:8001

A SERIES is an external id (GDP), SOURCE:EXTERNAL_ID (FRED:GDP) or the id that `series show` tells.
Answers are tables for people unless --format says otherwise, also when they are piped.";

/// Arguments of `hansa series`.
#[derive(Args)]
pub(crate) struct SeriesArgs {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: SeriesCommand,
}

#[derive(Subcommand)]
enum SeriesCommand {
    /// List series, or search for words in their names and descriptions
    List(catalogue::ListArgs),
    /// Tell all there is to know about a series
    Show(catalogue::ShowArgs),
    /// Read one value per date: the newest, or what was known on a day
    Points(reading::PointsArgs),
    /// Read every revision of every date
    Revisions(reading::RevisionsArgs),
    /// List the days on which something was published
    Vintages(reading::VintagesArgs),
    /// Put dates against vintages
    Matrix(reading::MatrixArgs),
    /// Delete a series with all its points
    Delete(catalogue::DeleteArgs),
}

/// Asks and prints.
pub(crate) async fn run(args: SeriesArgs, setup: Setup) -> Result<()> {
    let target = Target::open(&args.place, setup, Need::Data).await?;
    match args.command {
        SeriesCommand::List(args) => catalogue::list(args, &target).await,
        SeriesCommand::Show(args) => catalogue::show(args, &target).await,
        SeriesCommand::Points(args) => reading::points(args, &target).await,
        SeriesCommand::Revisions(args) => reading::revisions(args, &target).await,
        SeriesCommand::Vintages(args) => reading::vintages(args, &target).await,
        SeriesCommand::Matrix(args) => reading::matrix(args, &target).await,
        SeriesCommand::Delete(args) => catalogue::delete(args, &target).await,
    }
}
