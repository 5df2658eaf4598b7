//! `hansa admin`: the first administrator of an installation, and who holds a role everywhere.

use clap::{Args, Subcommand};
use platform_error::{Code, Error};
use platform_service::Running;
use security::{
    catalog::RoleKey,
    store::{Others, Store},
    subject::Subject,
};
use uuid::Uuid;

use crate::{
    accounts,
    desk::{Desk, DeskArgs},
    failure::{Failure, Result},
    out,
    settings::Setup,
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa admin appoint ada@example.com    the first administrator; the account was registered before
  hansa admin appoint 0198f2c1-… --role markets/admin --force
                                         by the account's id; others may hold the role already
  hansa admin list                       who administrates everything

It works on the databases directly; a server may be running on them and sees it within a second. What is done is
written to the audit log, as done by service:operator.";

/// Arguments of `hansa admin`.
#[derive(Args)]
pub(crate) struct AdminArgs {
    #[command(flatten)]
    desk: DeskArgs,
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Give somebody a role everywhere that nobody holds yet
    Appoint {
        /// The mail address of an account, or its id
        who: String,
        /// Which role: SYSTEM/ROLE
        #[arg(long, value_name = "ROLE", default_value = "platform/super_admin", value_parser = role)]
        role: RoleKey,
        /// Also when others hold it
        #[arg(long)]
        force: bool,
    },
    /// List who holds a role everywhere
    List {
        /// Which role: SYSTEM/ROLE
        #[arg(long, value_name = "ROLE", default_value = "platform/super_admin", value_parser = role)]
        role: RoleKey,
    },
}

fn role(text: &str) -> Result<RoleKey, String> {
    text.parse().map_err(|error: security::error::Error| error.to_string())
}

/// Does what was asked and prints what it did.
pub(crate) async fn run(args: AdminArgs, setup: Setup) -> Result<()> {
    let desk = Desk::open(&args.desk, setup)?;
    match args.command {
        AdminCommand::Appoint { who, role, force } => {
            let account = account(&desk, &who).await?;
            let others = if force { Others::Allow } else { Others::Refuse };
            let running = desk.running([security::service()]).await?;
            let given: Result<bool> = match store(&running) {
                Ok(store) => appoint(&store, account, (&role, others)).await,
                Err(failure) => Err(failure),
            };
            running.stop().await;
            out::write(match given? {
                true => format!("{who} holds {role} everywhere now\n"),
                false => format!("{who} holds {role} everywhere already\n"),
            })
        }
        AdminCommand::List { role } => {
            let running = desk.running([security::service()]).await?;
            let holders: Result<Vec<String>> = match store(&running) {
                Ok(store) => store.holders(&role).await.map_err(|error| Error::from(error).into()),
                Err(failure) => Err(failure),
            };
            running.stop().await;
            list(&desk, holders?, args.desk.json).await
        }
    }
}

fn store(running: &Running) -> Result<Store> {
    running
        .store::<Store>("security")
        .ok_or_else(|| Failure::new("the service security did not open"))
}

async fn appoint(store: &Store, account: Uuid, (role, others): (&RoleKey, Others)) -> Result<bool> {
    let given = store.appoint_to(Subject::User(account), role.clone(), others).await;
    given.map_err(|error| {
        let error = Error::from(error);
        let hint = match error.code() {
            Code::Conflict => "they can grant it to others; --force does it all the same",
            Code::NotFound => "docs/permissions.md has the roles of every system",
            _ => return error.into(),
        };
        Failure::from(error).with_hint(hint)
    })
}

/// The id of an account, by its mail address or as it is given.
async fn account(desk: &Desk, who: &str) -> Result<Uuid> {
    let database = desk.database("auth", auth::store::ALL).await?;
    let found = accounts::lookup(&database, who).await;
    database.close().await;
    found?.map(|account| account.id).ok_or_else(|| {
        Failure::new(format!("there is no account {who}"))
            .with_hint("register it first by POST /auth/register, and follow the link in the mail")
    })
}

async fn list(desk: &Desk, holders: Vec<String>, json: bool) -> Result<()> {
    if json {
        return out::write(format!("{:#}\n", serde_json::Value::from(holders)));
    }
    if holders.is_empty() {
        return out::write("nobody; `hansa admin appoint MAIL` appoints the first\n");
    }
    let database = desk.database("auth", auth::store::ALL).await?;
    let mut text = String::new();
    for holder in holders {
        let id = holder.strip_prefix("user:").and_then(|id| id.parse().ok());
        let account = match id {
            Some(id) => auth::account::find(database.read(), id).await.map_err(Error::from)?,
            None => None,
        };
        let mail = account
            .map(|account| format!("  {}", account.email))
            .unwrap_or_default();
        text += &format!("{holder}{mail}\n");
    }
    database.close().await;
    out::write(text.replace(|letter: char| letter.is_control() && letter != '\n', " "))
}
