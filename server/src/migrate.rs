//! `hansa migrate`: the step of a release that brings databases to the form that this version wants.

use clap::Args;
use platform_service::{Clock, Host};

use crate::{
    failure::Result,
    out, services,
    settings::{self, Setup},
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa migrate                          every service's database
  hansa migrate --only users,auth
  hansa run --set database.migrate=check refuses to start on a database that is behind";

/// Arguments of `hansa migrate`.
#[derive(Args)]
pub(crate) struct MigrateArgs {
    /// Only the databases of these services
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    only: Vec<String>,
    /// The directory with everything [default: hansa-data]
    #[arg(long, value_name = "DIR")]
    data: Option<std::path::PathBuf>,
}

/// Applies what is missing, and names it.
pub(crate) async fn run(args: MigrateArgs, setup: Setup) -> Result<()> {
    let setup = setup.with("host.data", args.data.as_ref().map(|data| data.display().to_string()));
    let config = setup.config()?;
    settings::read_all(&config)?;
    let host = Host::new(config, Clock::system()).services(services::chosen(&args.only)?);
    let done = host.migrate().await?;
    let mut text = String::new();
    for (service, applied) in done {
        text += &match applied.is_empty() {
            true => format!("{service}: up to date\n"),
            false => format!("{service}: applied {}\n", applied.join(", ")),
        };
    }
    out::write(text)
}
