//! `hansa jobs`: what is done in the background, and how to try it again or call it off.

use clap::{Args, Subcommand};
use platform_error::Error;
use platform_jobs::{Filter, JobError, JobState, Jobs};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    desk::{self, Desk, DeskArgs},
    failure::{Failure, Result},
    out, services,
    settings::Setup,
    table::{Side, Table},
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa jobs list                        the newest jobs of every service
  hansa jobs list --state dead           those whose attempts are used up
  hansa jobs retry 0198f2c1-…            once more, from the beginning
  hansa jobs cancel 0198f2c1-…

It works on the databases directly; a server may be running on them.";

/// Arguments of `hansa jobs`.
#[derive(Args)]
pub(crate) struct JobsArgs {
    #[command(flatten)]
    desk: DeskArgs,
    #[command(subcommand)]
    command: JobsCommand,
}

#[derive(Subcommand)]
enum JobsCommand {
    /// List jobs, the newest first
    List {
        /// Only those that are ready, running, done, dead or cancelled
        #[arg(long, value_name = "STATE", value_parser = state)]
        state: Option<JobState>,
        /// Only this kind, for instance auth.mail
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// At most so many of each service
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Let a job that is dead or cancelled be tried again
    Retry {
        /// Its id
        id: Uuid,
    },
    /// Call a job off
    Cancel {
        /// Its id
        id: Uuid,
    },
}

fn state(name: &str) -> Result<JobState, String> {
    JobState::from_name(name).ok_or_else(|| "expected ready, running, done, dead or cancelled".into())
}

/// Does what was asked and prints what it did.
pub(crate) async fn run(args: JobsArgs, setup: Setup) -> Result<()> {
    let desk = Desk::open(&args.desk, setup)?;
    match args.command {
        JobsCommand::List { state, kind, limit } => {
            let filter = Filter {
                state,
                kind,
                ..Filter::default()
            };
            list(&desk, &filter, (limit, args.desk.json)).await
        }
        JobsCommand::Retry { id } => {
            let mut found = false;
            for service in services::WITH_JOBS {
                found |= is_done(open(&desk, service).await?.retry(id).await)?;
            }
            said(found, id, "is tried again")
        }
        JobsCommand::Cancel { id } => {
            let mut found = false;
            for service in services::WITH_JOBS {
                found |= is_done(open(&desk, service).await?.cancel(id).await)?;
            }
            said(found, id, "is called off")
        }
    }
}

async fn list(desk: &Desk, filter: &Filter, (most, json): (u16, bool)) -> Result<()> {
    let columns = [
        "id",
        "service",
        "kind",
        "state",
        "tried",
        "progress",
        "next",
        "last error",
    ];
    let mut table = Table::new(columns.map(|name| (name, Side::Left)));
    let mut all = Vec::new();
    for service in services::WITH_JOBS {
        for job in open(desk, service)
            .await?
            .list(filter, most)
            .await
            .map_err(Error::from)?
        {
            all.push(desk::with_service(service, &job)?);
            let progress = match &job.progress_text {
                Some(text) => format!("{} % {text}", job.progress),
                None => format!("{} %", job.progress),
            };
            table.row([
                job.id.to_string(),
                service.to_owned(),
                job.kind,
                job.state.as_str().to_owned(),
                format!("{} of {}", job.attempts, job.most_attempts),
                progress,
                job.run_at.format("%Y-%m-%d %H:%M:%S").to_string(),
                job.last_error.unwrap_or_default(),
            ]);
        }
    }
    match (json, table.is_empty()) {
        (true, _) => out::write(format!("{:#}\n", Value::from(all))),
        (false, true) => out::write("no jobs\n"),
        (false, false) => out::write(table.render()),
    }
}

/// The jobs of a service, from its database.
async fn open(desk: &Desk, service: &'static str) -> Result<Jobs> {
    let database = desk.database(service, &[platform_jobs::MIGRATIONS]).await?;
    Ok(Jobs::open(&desk.context(service), &database).map_err(Error::from)?)
}

/// Whether the service had the job.
fn is_done(outcome: Result<(), JobError>) -> Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(JobError::NoSuchJob(_)) => Ok(false),
        Err(error) => Err(Error::from(error).into()),
    }
}

fn said(found: bool, id: Uuid, what: &str) -> Result<()> {
    match found {
        true => out::write(format!("{id} {what}\n")),
        false => Err(
            Failure::new(format!("there is no job {id} of which that could be said"))
                .with_hint("`hansa jobs list` has their ids and states"),
        ),
    }
}
