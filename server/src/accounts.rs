//! `hansa accounts`: who has an account, who is kept out of it, and how somebody gets theirs back.

use auth::{
    account::Model,
    administration::{self, Administrator, Filter, Overview, Removed, State},
    store::Auth,
};
use clap::{Args, Subcommand};
use platform_database::Database;
use platform_error::Error;
use platform_service::Clock;
use serde_json::{Value, json};

use crate::{
    desk::{self, Desk, DeskArgs},
    failure::{Failure, Result},
    out,
    settings::Setup,
    table::{self, Side, Table},
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa accounts list                    the newest accounts
  hansa accounts list --mail ada --state suspended
                                         those that are suspended and whose address begins with ada
  hansa accounts show ada@example.com    what opens it, and where it is signed in
  hansa accounts suspend ada@example.com --reason 'sends spam'
                                         nothing lets her in, everywhere within seconds
  hansa accounts reinstate ada@example.com
  hansa accounts recover ada@example.com she lost her authenticator: codes, keys, passkeys, providers and the password
                                         go, sessions end, and a new password is set by mail

It works on the databases directly; a server may be running on them, and sends the mails by which owners learn of it. What
is done is written to the audit log, as done by service:operator.";

/// Arguments of `hansa accounts`.
#[derive(Args)]
pub(crate) struct AccountsArgs {
    #[command(flatten)]
    desk: DeskArgs,
    #[command(subcommand)]
    command: AccountsCommand,
}

#[derive(Subcommand)]
enum AccountsCommand {
    /// List accounts, the newest first
    List {
        /// Only those whose mail address begins so
        #[arg(long, value_name = "BEGINNING")]
        mail: Option<String>,
        /// Only those that are active or suspended
        #[arg(long, value_name = "STATE", value_parser = state)]
        state: Option<State>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Show what opens an account, and where it is signed in
    Show {
        /// Its mail address, or its id
        who: String,
    },
    /// Keep somebody out: nothing lets them in, and sessions and API keys stop
    Suspend {
        /// The account's mail address, or its id
        who: String,
        /// Why, in a line that its owner is told and the audit log keeps
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Let somebody in again who was suspended
    Reinstate {
        /// The account's mail address, or its id
        who: String,
    },
    /// Give an account back to who reads its mail: everything else that opens it goes
    Recover {
        /// The account's mail address, or its id
        who: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

fn state(name: &str) -> Result<State, String> {
    match name {
        "active" => Ok(State::Active),
        "suspended" => Ok(State::Suspended),
        _ => Err("expected active or suspended".into()),
    }
}

fn named(state: State) -> &'static str {
    match state {
        State::Active => "active",
        State::Suspended => "suspended",
    }
}

/// Does what was asked and prints what it did.
pub(crate) async fn run(args: AccountsArgs, setup: Setup) -> Result<()> {
    let desk = Desk::open(&args.desk, setup)?;
    let json = args.desk.json;
    match args.command {
        AccountsCommand::List { mail, state, limit } => {
            let filter = Filter {
                email_begins: mail,
                state,
                ..Filter::default()
            };
            list(&desk, &filter, (limit, json)).await
        }
        AccountsCommand::Show { who } => show(&desk, &who, json).await,
        AccountsCommand::Suspend { who, reason } => {
            let suspended = async |auth: &Auth, account: &Model| {
                administration::suspend(auth, Administrator::Operator, (account.id, &reason)).await
            };
            let account = with(&desk, &who, suspended).await?;
            out::write(format!("{} is suspended\n", clean(&account.email)))
        }
        AccountsCommand::Reinstate { who } => {
            let reinstated = async |auth: &Auth, account: &Model| {
                administration::reinstate(auth, Administrator::Operator, account.id).await
            };
            let account = with(&desk, &who, reinstated).await?;
            out::write(format!("{} is let in again\n", clean(&account.email)))
        }
        AccountsCommand::Recover { who, yes } => recover(&desk, (&who, yes), json).await,
    }
}

/// The store of `auth`, without what the service does beside requests: a server has the settings that mails are sent by.
pub(crate) async fn store(desk: &Desk) -> Result<Auth> {
    desk.needs("auth").await?;
    Ok(Auth::open(desk.context("auth")).await.map_err(Error::from)?)
}

/// Does something to an account.
async fn with<T>(desk: &Desk, who: &str, done: impl AsyncFnOnce(&Auth, &Model) -> auth::error::Result<T>) -> Result<T> {
    let auth = store(desk).await?;
    let outcome = match found(&auth.db, who).await {
        Ok(account) => done(&auth, &account).await.map_err(|error| Error::from(error).into()),
        Err(failure) => Err(failure),
    };
    auth.db.close().await;
    outcome
}

/// An account by its mail address or its id, where there is one.
pub(crate) async fn lookup(database: &Database, who: &str) -> Result<Option<Model>> {
    let found = match who.parse() {
        Ok(id) => auth::account::find(database.read(), id).await,
        Err(_) => auth::account::by_email(database.read(), who).await,
    };
    Ok(found.map_err(Error::from)?)
}

async fn found(database: &Database, who: &str) -> Result<Model> {
    lookup(database, who).await?.ok_or_else(|| {
        Failure::new(format!("there is no account {}", clean(who)))
            .with_hint("`hansa accounts list --mail BEGINNING` finds accounts by their addresses")
    })
}

async fn list(desk: &Desk, filter: &Filter, (most, json): (u16, bool)) -> Result<()> {
    let database = desk.database("auth", auth::store::ALL).await?;
    let accounts = administration::list(database.read(), filter, most.into()).await;
    database.close().await;
    let accounts = accounts.map_err(Error::from)?;
    if json {
        let all: Value = accounts.iter().map(told).collect();
        return out::write(format!("{all:#}\n"));
    }
    if accounts.is_empty() {
        return out::write("no accounts\n");
    }
    let columns = ["mail", "name", "state", "made", "id"];
    let mut table = Table::new(columns.map(|name| (name, Side::Left)));
    for account in accounts {
        table.row([
            account.email.clone(),
            account.name.clone().unwrap_or_default(),
            named(account.state()).to_owned(),
            desk::shown(account.created_at),
            account.id.to_string(),
        ]);
    }
    out::write(table.render())
}

async fn show(desk: &Desk, who: &str, json: bool) -> Result<()> {
    let database = desk.database("auth", auth::store::ALL).await?;
    let account = found(&database, who).await?;
    let overview = administration::overview(database.read(), &account, Clock::system().now()).await;
    database.close().await;
    let overview = overview.map_err(Error::from)?;
    if json {
        let mut all = told(&account);
        all["opens"] = json!(overview);
        return out::write(format!("{all:#}\n"));
    }
    out::write(facts(&account, &overview))?;
    if overview.sessions.is_empty() {
        return Ok(());
    }
    let columns = ["session", "from", "program", "begun", "last used"];
    let mut sessions = Table::new(columns.map(|name| (name, Side::Left)));
    for session in overview.sessions {
        sessions.row([
            session.id.to_string(),
            session.address.unwrap_or_default(),
            session.agent.unwrap_or_default(),
            desk::shown(session.created_at),
            desk::shown(session.last_seen_at),
        ]);
    }
    out::write(format!("\n{}", sessions.render()))
}

fn facts(account: &Model, overview: &Overview) -> String {
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    table::facts([
        ("mail", account.email.clone()),
        ("name", account.name.clone().unwrap_or_default()),
        ("id", account.id.to_string()),
        ("made", desk::shown(account.created_at)),
        ("state", named(account.state()).to_owned()),
        ("since", account.suspended_at.map(desk::shown).unwrap_or_default()),
        ("reason", account.suspension_reason.clone().unwrap_or_default()),
        ("password", yes(overview.has_password)),
        ("codes", yes(overview.asks_for_codes)),
        ("recovery codes", overview.recovery_codes_left.to_string()),
        ("passkeys", overview.passkeys.to_string()),
        ("providers", overview.identities.to_string()),
        ("API keys", overview.api_keys.to_string()),
    ])
}

async fn recover(desk: &Desk, (who, yes): (&str, bool), json: bool) -> Result<()> {
    let question = format!(
        "Take away everything that opens the account {who}: password, codes, passkeys, providers, API keys, sessions? Its owner \
         sets a new password by mail. [y/N] "
    );
    if !yes && !out::confirmed(&question)? {
        return Err(Failure::new("nothing was taken away"));
    }
    let recovered = async |auth: &Auth, account: &Model| administration::recover(auth, account.id).await;
    let removed = with(desk, who, recovered).await?;
    if json {
        return out::write(format!("{:#}\n", json!(removed)));
    }
    let Removed {
        sessions,
        codes,
        keys,
        passkeys,
        identities,
    } = removed;
    let codes = if codes { "codes are off" } else { "codes were off" };
    out::write(format!(
        "{codes}, and the password is gone; sessions: {sessions}, API keys: {keys}, passkeys: {passkeys}, providers: \
         {identities}\n"
    ))?;
    out::note("the owner is told by mail, and sets a new password by a link to it");
    Ok(())
}

/// An account as JSON.
fn told(account: &Model) -> Value {
    json!({
        "id": account.id, "email": account.email, "name": account.name, "createdAt": account.created_at,
        "state": account.state(), "suspendedAt": account.suspended_at, "suspensionReason": account.suspension_reason,
    })
}

fn clean(text: &str) -> String {
    text.replace(char::is_control, " ")
}
