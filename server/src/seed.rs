//! `hansa seed`: ready accounts with roles, for development and never in production.

use auth::store::Auth;
use clap::{Args, ValueEnum};
use platform_config::Secret;
use platform_error::Error;
use platform_service::{Clock, Host};
use security::{actor::Actor, catalog::RoleKey, place::Place, subject::Subject};
use serde::Deserialize;

use crate::{
    failure::{Failure, Result},
    out, services,
    settings::{self, Setup},
    table::{Side, Table},
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa seed                             accounts of every system, in ./hansa-data
  hansa seed --system markets

The same again changes nothing. A system that runs in production (host.production) is left alone.";

/// Arguments of `hansa seed`.
#[derive(Args)]
pub(crate) struct SeedArgs {
    /// Which system's accounts
    #[arg(long, value_enum, default_value = "all")]
    system: System,
    /// The directory with everything [default: hansa-data]
    #[arg(long, value_name = "DIR")]
    data: Option<std::path::PathBuf>,
}

/// The systems that Hansa is made of.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum System {
    Economic,
    Markets,
    Analytics,
    Contracting,
    All,
}

/// The accounts of each system, in files that people read.
const FILES: [(System, &str); 4] = [
    (System::Economic, include_str!("../seeds/economic.toml")),
    (System::Markets, include_str!("../seeds/markets.toml")),
    (System::Analytics, include_str!("../seeds/analytics.toml")),
    (System::Contracting, include_str!("../seeds/contracting.toml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    account: Vec<Account>,
}

/// An account that comes ready.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    pub(crate) email: String,
    name: String,
    pub(crate) password: String,
    /// As `system/role`.
    roles: Vec<String>,
}

/// Makes the accounts that are missing and gives them their roles.
pub(crate) async fn run(args: SeedArgs, setup: Setup) -> Result<()> {
    let setup = setup.with("host.data", args.data.as_ref().map(|data| data.display().to_string()));
    let config = setup.config()?;
    settings::read_all(&config)?;
    if settings::is_production(&config)? {
        return Err(
            Failure::new("these settings are of a system in production, and seeds have known passwords").with_hint(
                "register accounts by POST /auth/register, or seed another directory with settings of its own",
            ),
        );
    }
    let needed = ["auth", "security"].map(str::to_owned);
    let host = Host::new(config, Clock::system()).services(services::chosen(&needed)?);
    let running = host.embed().await?;
    let seeded = seed(&args, &running).await;
    running.stop().await;
    out::write(seeded?)
}

/// The first account of the files that is there.
pub(crate) async fn made(accounts: &Auth) -> Result<Option<Account>> {
    for account in all(System::All)? {
        if is_there(accounts, &account).await? {
            return Ok(Some(account));
        }
    }
    Ok(None)
}

async fn is_there(accounts: &Auth, account: &Account) -> Result<bool> {
    let found = auth::account::by_email(accounts.db.read(), &account.email).await;
    Ok(found.map_err(Error::from)?.is_some())
}

/// The accounts of a system, or of all.
fn all(wanted: System) -> Result<Vec<Account>> {
    let mut all = Vec::new();
    for (_, text) in FILES
        .into_iter()
        .filter(|(system, _)| [*system, System::All].contains(&wanted))
    {
        let file: File = toml::from_str(text).map_err(|error| Failure::new(error.to_string()))?;
        all.extend(file.account);
    }
    Ok(all)
}

async fn seed(args: &SeedArgs, running: &platform_service::Running) -> Result<String> {
    let (Some(accounts), Some(roles)) = (
        running.store::<Auth>("auth"),
        running.store::<security::store::Store>("security"),
    ) else {
        return Err(Failure::new("the services auth and security did not open"));
    };
    let actor = Actor::from(Subject::Service("security".into()));
    let mut table = Table::new(["mail", "password", "roles"].map(|name| (name, Side::Left)));
    let (mut new_accounts, mut new_roles) = (0, 0);
    for account in all(args.system)? {
        new_accounts += u32::from(!is_there(&accounts, &account).await?);
        let person = auth::seed::Person {
            email: account.email.clone(),
            name: Some(account.name),
            password: Secret::new(account.password.clone()),
        };
        let made = auth::seed::account(&accounts, person).await.map_err(Error::from)?;
        for role in &account.roles {
            let (system, name) = role.split_once('/').unwrap_or(("platform", role));
            let role = (RoleKey::built_in(system, name), Place::Everywhere);
            let given = roles.give(&actor, Subject::User(made.id), role).await;
            new_roles += u32::from(given.map_err(Error::from)?);
        }
        table.row([account.email, account.password, account.roles.join(", ")]);
    }
    let changed = match (new_accounts, new_roles) {
        (0, 0) => "Nothing has changed: they were there with these roles.".to_owned(),
        _ => format!("New: {new_accounts} accounts, {new_roles} roles of theirs."),
    };
    Ok(table.render()
        + "\n"
        + &changed
        + "\nSign in with POST /auth/sign-in on the port of auth. Never use these where others can come in.\n")
}
