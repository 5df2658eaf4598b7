//! `hansa schema`: prints, composes, checks and compares schemas.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use federation_composition::{
    Composition, CompositionError, Location, compose,
    diff::{Change, DiffError, Severity, UsageReport, diff, diff_with_usage},
};
use federation_gateway::{Peers, Supergraph, SupergraphConfig, UsageReport as Usage};
use platform_http::{Client, ClientSettings};

use crate::{
    Done,
    cli::Place,
    failure::{Failure, Result},
    out,
    settings::Setup,
    target::{self, Need, Target},
};

const SDL: &str = "graphql/schema.graphql";
const OPENAPI: &str = "api/v1/openapi.json";

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa schema                           the GraphQL schema of this version
  hansa schema compose --config supergraph.yaml > supergraph.graphql
  hansa schema check --config supergraph.yaml --against supergraph.graphql
  curl localhost:8002/usage > usage.json
  hansa schema diff old.graphql new.graphql --usage usage.json

compose and check read a supergraph.yaml in Rover's format from --config. They end with 1 when the subgraphs do not
compose or the change breaks clients.";

/// Arguments of `hansa schema`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SchemaArgs {
    /// The OpenAPI document of the REST interface instead of the GraphQL schema
    #[arg(long)]
    openapi: bool,
    #[command(subcommand)]
    command: Option<SchemaCommand>,
}

#[derive(Subcommand)]
enum SchemaCommand {
    /// Compose subgraphs into a supergraph
    Compose,
    /// Compose subgraphs and say what the change means to clients
    Check(CheckArgs),
    /// Say what the change from one schema to another means to clients
    Diff(DiffArgs),
}

#[derive(Args)]
struct CheckArgs {
    /// The schema in service: a supergraph, or what clients see of it
    #[arg(long, value_name = "FILE")]
    against: PathBuf,
    #[command(flatten)]
    judge: Judge,
}

#[derive(Args)]
struct DiffArgs {
    /// The schema in service: a supergraph, or what clients see of it
    old: PathBuf,
    /// The schema to come
    new: PathBuf,
    #[command(flatten)]
    judge: Judge,
}

#[derive(Args)]
struct Judge {
    /// What clients ran, from a gateway's /usage: only what they use can break
    #[arg(long, value_name = "FILE")]
    usage: Option<PathBuf>,
    /// How the changes are listed
    #[arg(long, value_enum, default_value = "text")]
    format: Listing,
}

#[derive(Clone, Copy, ValueEnum)]
enum Listing {
    Text,
    Json,
}

/// Runs the command.
pub(crate) async fn run(args: SchemaArgs, setup: Setup) -> Result<Done> {
    match args.command {
        None => print(args.openapi, setup).await.map(|()| Done::Well),
        Some(SchemaCommand::Compose) => match composed(&setup).await? {
            Some(composition) => out::write(composition.supergraph_sdl).map(|()| Done::Well),
            None => Ok(Done::Refused),
        },
        Some(SchemaCommand::Check(args)) => match composed(&setup).await? {
            Some(composition) => {
                let new = Seen {
                    file: setup.supergraph_config().unwrap_or(&args.against),
                    sdl: composition.api_sdl,
                };
                judge(&seen_by_clients(&args.against)?, &new, &args.judge)
            }
            None => Ok(Done::Refused),
        },
        Some(SchemaCommand::Diff(args)) => {
            judge(&seen_by_clients(&args.old)?, &seen_by_clients(&args.new)?, &args.judge)
        }
    }
}

/// Prints what clients can ask of this version: a service without data is asked for it.
async fn print(openapi: bool, setup: Setup) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let setup = setup.with("graphql.introspection", Some(true));
    let place = Place {
        data: Some(folder.path().to_owned()),
        ..Place::default()
    };
    let target = Target::open(&place, setup, Need::Nothing).await?;
    let path = target::Path::root(if openapi { OPENAPI } else { SDL });
    let mut document = target.read(&path).await?.to_vec();
    if !document.ends_with(b"\n") {
        document.push(b'\n');
    }
    out::write(document)
}

/// The supergraph of the subgraphs that `--config` lists. Hints and errors are told; with errors there is none.
async fn composed(setup: &Setup) -> Result<Option<Composition>> {
    let file = setup.supergraph_config().ok_or_else(|| {
        Failure::new("which subgraphs?").with_hint("name a supergraph.yaml in Rover's format with --config")
    })?;
    let config = SupergraphConfig::read(file).await?;
    let client = Client::new(&ClientSettings::default())?;
    let subgraphs = config.subgraphs(&client, &Peers::default()).await?;
    match compose(&subgraphs) {
        Ok(composition) => {
            for hint in &composition.hints {
                out::note(format!(
                    "hint: [{}] {}{}",
                    hint.code,
                    hint.message,
                    places(&hint.locations)
                ));
            }
            Ok(Some(composition))
        }
        Err(errors) => {
            errors.iter().for_each(tell);
            out::note(format!("the subgraphs do not compose: {} errors", errors.len()));
            Ok(None)
        }
    }
}

fn tell(error: &CompositionError) {
    out::note(format!("error: {error}{}", places(&error.locations)));
}

fn places(locations: &[Location]) -> String {
    let place = |at: &Location| format!("\n  at {}:{}:{}", at.subgraph, at.line, at.column);
    locations.iter().map(place).collect()
}

/// What clients see of a schema, and the file it is from.
struct Seen<'a> {
    file: &'a Path,
    sdl: String,
}

/// The schema of a file as clients see it.
fn seen_by_clients(file: &Path) -> Result<Seen<'_>> {
    let text = read(file)?;
    let sdl = match text.contains("enum join__Graph") {
        true => Supergraph::parse(&text)
            .map_err(platform_error::Error::from)
            .map_err(|error| Failure::from(error).within(file))?
            .api_sdl(),
        false => text,
    };
    Ok(Seen { file, sdl })
}

/// The text of a file.
pub(crate) fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|error| Failure::file("read", file, &error))
}

/// Lists the changes and says whether any of them breaks clients.
fn judge(old: &Seen<'_>, new: &Seen<'_>, judge: &Judge) -> Result<Done> {
    let report = match &judge.usage {
        None => diff(&old.sdl, &new.sdl).map(|changes| UsageReport {
            changes,
            ignored: Vec::new(),
        }),
        Some(file) => {
            let usage: Usage = serde_json::from_str(&read(file)?).map_err(|error| {
                Failure::new(format!("it is not a usage report: {error}"))
                    .with_hint("save what a gateway answers at /usage")
                    .within(file)
            })?;
            diff_with_usage(&old.sdl, &new.sdl, &usage.recorded())
        }
    };
    let report = report.map_err(|error| invalid(&error, old, new))?;
    for ignored in &report.ignored {
        out::note(format!(
            "considered by its fields alone, as it does not fit the old schema: {}",
            ignored.text
        ));
    }
    out::write(match judge.format {
        Listing::Json => {
            serde_json::to_string_pretty(&report.changes).map_err(|error| Failure::new(error.to_string()))? + "\n"
        }
        Listing::Text => listed(&report.changes),
    })?;
    let breaks = report
        .changes
        .iter()
        .any(|change| change.severity == Severity::Breaking);
    Ok(if breaks { Done::Refused } else { Done::Well })
}

/// Says which file has no valid schema and what is wrong with it.
fn invalid(error: &DiffError, old: &Seen<'_>, new: &Seen<'_>) -> Failure {
    let (file, faults) = match error {
        DiffError::OldSchema(faults) => (old.file, faults),
        DiffError::NewSchema(faults) => (new.file, faults),
    };
    let faults = faults.replace('\n', "\n  ");
    Failure::new(format!("a valid GraphQL schema was expected\n  {faults}"))
        .with_hint("correct the lines that are listed")
        .within(file)
}

fn listed(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "no changes\n".into();
    }
    let line = |change: &Change| {
        let severity = match change.severity {
            Severity::Breaking => "breaking",
            Severity::Dangerous => "dangerous",
            Severity::Safe => "safe",
        };
        let reason = change
            .reason
            .as_ref()
            .map(|reason| format!(" ({reason})"))
            .unwrap_or_default();
        format!("{severity:<9}  {}  {}{reason}\n", change.path, change.message)
    };
    changes.iter().map(line).collect()
}
