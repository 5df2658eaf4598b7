//! `hansa keys`: the key ring and the keys that sign tokens, made and rotated one step at a time.

mod ring;

use std::path::PathBuf;

use auth::signing_key::{self, Model, Old};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use platform_error::Error;
use platform_service::Clock;
use serde_json::{Value, json};

use crate::{
    accounts,
    desk::{self, Desk, DeskArgs},
    failure::Result,
    out,
    settings::Setup,
    table::{Side, Table},
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa keys make                        a key ring for a new installation, in its data directory
  hansa keys list                        the keys, and how much each has sealed
  hansa keys add                         a rotation begins: every process learns the key before any seals with it
  hansa keys promote                     it seals from now on
  hansa keys reseal                      what older keys sealed is sealed anew
  hansa keys retire k1                   it opens what backups have, and nothing else is believed because of it
  hansa keys signing rotate              another key signs tokens; those that are out stay valid
  hansa keys signing rotate --leaked     and those that are out are refused

After each change of the ring, bring its file to every machine: the processes there read it again every keys.reload (a
minute). docs/operations.md has the steps with what to look at.";

/// Arguments of `hansa keys`.
#[derive(Args)]
pub(crate) struct KeysArgs {
    #[command(flatten)]
    desk: DeskArgs,
    /// The file of the key ring [default: keys.toml in the data directory]
    #[arg(long, value_name = "FILE", global = true, help_heading = "Where")]
    ring: Option<PathBuf>,
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// List the keys of the ring, what they are for, and how much each has sealed
    List,
    /// Make a ring where there is none
    Make,
    /// Add a key that opens and does not seal yet
    Add {
        /// Its name [default: the first of k1, k2, … that is free]
        name: Option<String>,
    },
    /// Let the key that was added seal
    Promote,
    /// Seal anew what older keys sealed; servers do so by themselves every ten minutes
    Reseal,
    /// Believe nothing new because of a key that has sealed nothing any more; it still opens
    Retire {
        /// Its name
        name: String,
    },
    /// Take a retired key out of the ring, for good: after a leak
    Remove {
        /// Its name
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// The keys that sign tokens
    Signing(SigningArgs),
}

#[derive(Args)]
struct SigningArgs {
    #[command(subcommand)]
    command: SigningCommand,
}

#[derive(Subcommand)]
enum SigningCommand {
    /// List the keys that sign tokens, and until when they verify
    List,
    /// Let another key sign at once, before its time
    Rotate {
        /// The present key leaked: its tokens are refused, and new ones are asked for by refresh tokens
        #[arg(long)]
        leaked: bool,
    },
}

/// Does what was asked and prints what it did.
pub(crate) async fn run(args: KeysArgs, setup: Setup) -> Result<()> {
    let desk = Desk::open(&args.desk, setup)?;
    let (json, ring) = (args.desk.json, ring::Place::new(&desk, args.ring));
    match args.command {
        KeysCommand::List => ring::list(&desk, &ring, json).await,
        KeysCommand::Make => ring::make(&desk, &ring),
        KeysCommand::Add { name } => ring::add(&desk, &ring, name.as_deref()),
        KeysCommand::Promote => ring::promote(&ring),
        KeysCommand::Reseal => ring::reseal(&desk, &ring).await,
        KeysCommand::Retire { name } => ring::retire(&desk, &ring, &name).await,
        KeysCommand::Remove { name, yes } => ring::remove(&desk, &ring, (&name, yes)).await,
        KeysCommand::Signing(SigningArgs { command }) => match command {
            SigningCommand::List => list(&desk, json).await,
            SigningCommand::Rotate { leaked } => rotate(&desk, leaked).await,
        },
    }
}

async fn list(desk: &Desk, json: bool) -> Result<()> {
    let database = desk.database("auth", auth::store::ALL).await?;
    let now = Clock::system().now();
    let keys = signing_key::all(database.read()).await.map_err(Error::from)?;
    let states = keys.iter().map(|key| (key, state(key, &keys, now)));
    if json {
        let all: Value = states
            .map(|(key, state)| {
                json!({ "id": key.id, "state": state, "signsFrom": key.signs_from, "verifiesUntil": key.verifies_until })
            })
            .collect();
        return out::write(format!("{all:#}\n"));
    }
    let columns = ["id", "state", "signs from", "verifies until"];
    let mut table = Table::new(columns.map(|name| (name, Side::Left)));
    for (key, state) in states {
        let until = key.verifies_until.map(desk::shown).unwrap_or_default();
        table.row([key.id.clone(), state.to_owned(), desk::shown(key.signs_from), until]);
    }
    out::write(table.render())
}

fn state(key: &Model, keys: &[Model], now: DateTime<Utc>) -> &'static str {
    let signs = keys.iter().rev().find(|key| key.signs_from <= now);
    match (signs.is_some_and(|signs| signs.id == key.id), key.signs_from > now) {
        (true, _) => "signs",
        (_, true) => "next",
        _ => "verifies",
    }
}

async fn rotate(desk: &Desk, leaked: bool) -> Result<()> {
    let old = if leaked { Old::Refused } else { Old::Verifies };
    let auth = accounts::store(desk).await?;
    let rotated = signing_key::rotate(&auth, old).await;
    auth.db.close().await;
    out::write(format!("{} signs from now on\n", rotated.map_err(Error::from)?))?;
    if leaked {
        out::note(
            "each process refuses what the old key signed a minute after it has seen a token of the new one, at the latest \
             after 16 minutes; restart the processes to have it at once",
        );
    }
    Ok(())
}
