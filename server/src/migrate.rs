//! `hansa migrate`: the step of a release that brings databases to the form that this version wants.

use clap::Args;
use platform_config::Config;
use platform_database::Database;
use platform_error::Error;
use platform_events::{BusKind, LOG_MIGRATIONS};
use platform_service::{Clock, Context, Host, HostSettings};

use crate::{
    failure::Result,
    out, services,
    settings::{self, LOG, Setup},
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa migrate                          every service's database, and the log of events
  hansa migrate --only users,auth
  hansa run --set database.migrate=check refuses to start on a database that is behind";

/// Arguments of `hansa migrate`.
#[derive(Args)]
pub(crate) struct MigrateArgs {
    /// Only the databases of these services, and the log of events
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    only: Vec<String>,
    /// The directory with everything [default: hansa-data]
    #[arg(long, value_name = "DIR")]
    data: Option<std::path::PathBuf>,
}

/// Applies what is missing, and names it.
pub(crate) async fn run(args: MigrateArgs, setup: Setup) -> Result<()> {
    let setup = setup
        .with("host.data", args.data.as_ref().map(|data| data.display().to_string()))
        // `run` says so too: what it will open is what is made ready here.
        .with("host.production", Some(true));
    let config = setup.config()?;
    settings::read_all(&config)?;
    let host = Host::new(config.clone(), Clock::system()).services(services::chosen(&args.only)?);
    let services = host.migrate().await?;
    let mut text = String::new();
    for (name, applied) in services.into_iter().chain(log(&config).await?) {
        text += &match applied.is_empty() {
            true => format!("{name}: up to date\n"),
            false => format!("{name}: applied {}\n", applied.join(", ")),
        };
    }
    out::write(text)
}

/// Does the same to the log of events that all services share, where there is one of our own.
async fn log(config: &Config) -> Result<Option<(&'static str, Vec<String>)>> {
    let events: platform_events::Settings = config.section("events")?;
    if events.bus != BusKind::Embedded {
        return Ok(None);
    }
    let HostSettings { data, .. } = config.section("host")?;
    let context = Context::standalone(LOG, config.clone(), Clock::system(), data);
    let applied = Database::migrate(&context, &[LOG_MIGRATIONS]).await;
    Ok(Some((LOG, applied.map_err(Error::from)?)))
}
