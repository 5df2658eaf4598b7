//! `hansa`: the one binary. It serves, imports, exports, asks and keeps the lake in order.

mod accounts;
mod admin;
mod audit;
mod cli;
mod demo;
mod desk;
mod document;
mod events;
mod export;
mod failure;
mod gateway;
mod import;
mod jobs;
mod keys;
mod lake;
mod migrate;
mod out;
mod plot;
mod rows;
mod schema;
mod seed;
mod series;
mod serve;
mod services;
mod settings;
mod table;
mod target;

use std::{io, num::NonZeroUsize, process::ExitCode};

use clap::Parser;
use tokio::runtime::{Builder, Runtime};

use crate::{
    cli::{Cli, Command},
    failure::{Failure, Result},
    settings::{Environment, Setup},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a command that did not fail says of its work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    Well,
    /// What was given or looked at is not as it should be, in part or as a whole; the reasons have been told.
    Refused,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(cli) {
        Ok(Done::Well) | Err(Failure::Unread) => ExitCode::SUCCESS,
        Ok(Done::Refused) => ExitCode::from(1),
        Err(failure) => {
            out::note(failure.to_string());
            ExitCode::from(2)
        }
    }
}

fn start(cli: Cli) -> Result<Done> {
    settings::on_panic(std::panic::take_hook());
    // Whoever installed one before us would have installed the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment"
    )]
    let environment = Environment::new(std::env::vars_os());
    let setup = Setup::new(cli.global, environment);
    let runtime = runtime(setup.threads())?;
    let done = runtime.block_on(run(cli.command, setup));
    // A thread that still reads standard input must not keep the process.
    runtime.shutdown_background();
    platform_telemetry::flush();
    done
}

fn runtime(threads: Option<NonZeroUsize>) -> io::Result<Runtime> {
    let mut builder = match threads {
        Some(NonZeroUsize::MIN) => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if let Some(threads) = threads {
        builder.worker_threads(threads.get());
    }
    builder.enable_all().build()
}

async fn run(command: Command, setup: Setup) -> Result<Done> {
    match command {
        Command::Up(args) => serve::up(args, setup).await?,
        Command::Run(args) => serve::run(args, setup).await?,
        Command::Import(args) => return import::run(args, setup).await,
        Command::Export(args) => export::run(args, setup).await?,
        Command::Series(args) => series::run(args, setup).await?,
        Command::Lake(args) => lake::run(args, setup).await?,
        Command::Migrate(args) => migrate::run(args, setup).await?,
        Command::Jobs(args) => jobs::run(args, setup).await?,
        Command::Events(args) => events::run(args, setup).await?,
        Command::Audit(args) => return audit::run(args, setup).await,
        Command::Keys(args) => keys::run(args, setup).await?,
        Command::Admin(args) => admin::run(args, setup).await?,
        Command::Accounts(args) => accounts::run(args, setup).await?,
        Command::Seed(args) => seed::run(args, setup).await?,
        Command::Config(args) => document::config(args, setup)?,
        Command::Schema(args) => return schema::run(args, setup).await,
        Command::Gateway(args) => gateway::run(args, setup).await?,
        Command::Plan(args) => gateway::plan(args)?,
        Command::Completions(args) => document::completions(args)?,
    }
    Ok(Done::Well)
}
