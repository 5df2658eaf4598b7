//! `hansa seed`: ready accounts with roles, for development and never in production.

use auth::{account::Model, store::Auth};
use clap::{Args, ValueEnum};
use platform_config::Secret;
use platform_error::Error;
use platform_service::{Clock, Host};
use security::{
    actor::Actor,
    catalog::RoleKey,
    place::Place,
    store::{Store, administrator},
    subject::Subject,
};
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

The same again changes nothing. A system in production is left alone: one whose settings say so (host.production), and one
that somebody administrates who is none of these.";

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
        return Err(refused("these settings are of a system in production"));
    }
    let needed = ["auth", "security"].map(str::to_owned);
    let host = Host::new(config, Clock::system()).services(services::chosen(&needed)?);
    let running = host.embed().await?;
    let seeded = seed(&args, &running).await;
    running.stop().await;
    out::write(seeded?)
}

fn refused(why: &str) -> Failure {
    Failure::new(format!("{why}, and seeds have known passwords"))
        .with_hint("register accounts by POST /auth/register, or seed another directory with settings of its own")
}

/// Refuses a system that somebody administrates who is none of the accounts here: others depend on it, whether or not
/// the settings of this command say so.
async fn refuse_in_use(accounts: &Auth, roles: &Store) -> Result<()> {
    let mut strangers = roles.holders(&administrator()).await.map_err(Error::from)?;
    strangers.extend(roles.settings().administrators.iter().map(Subject::to_string));
    for account in all(System::All)? {
        if let Some(ours) = found(accounts, &account).await? {
            let ours = Subject::User(ours.id).to_string();
            strangers.retain(|stranger| *stranger != ours);
        }
    }
    match strangers.is_empty() {
        true => Ok(()),
        false => Err(refused("somebody administrates this system")),
    }
}

/// The first account of the files that is there.
pub(crate) async fn made(accounts: &Auth) -> Result<Option<Account>> {
    for account in all(System::All)? {
        if found(accounts, &account).await?.is_some() {
            return Ok(Some(account));
        }
    }
    Ok(None)
}

async fn found(accounts: &Auth, account: &Account) -> Result<Option<Model>> {
    let found = auth::account::by_email(accounts.db.read(), &account.email).await;
    Ok(found.map_err(Error::from)?)
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
    let (Some(accounts), Some(roles)) = (running.store::<Auth>("auth"), running.store::<Store>("security")) else {
        return Err(Failure::new("the services auth and security did not open"));
    };
    refuse_in_use(&accounts, &roles).await?;
    let actor = Actor::from(Subject::Service("security".into()));
    let mut table = Table::new(["mail", "password", "roles"].map(|name| (name, Side::Left)));
    let (mut new_accounts, mut new_roles) = (0, 0);
    for account in all(args.system)? {
        new_accounts += u32::from(found(&accounts, &account).await?.is_none());
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
