//! `hansa audit`: whether the audit log is what was written, and what is in it.

mod found;

use clap::{Args, Subcommand};
use platform_error::Error;
use security::audit::{self, Anchor, Verified};

use crate::{
    Done,
    desk::{Desk, DeskArgs},
    failure::{Failure, Result},
    out,
    settings::Setup,
    table::{count, facts},
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa audit verify                     reads the whole log; prints the anchor to keep elsewhere
  hansa audit verify --anchor 1204:9f86d081…
                                         also against what was kept: nobody rewrote what was there then
  hansa audit search --action grants. --from 2026-01-01
  hansa audit search --actor user:0198f2c1-… --outcome refused --json
  hansa audit export --from 2026-01-01 --output audit.ndjson

It works on the database of security directly; a server may be running on it. Exit code 1: the log is not what was
written.";

/// Arguments of `hansa audit`.
#[derive(Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    desk: DeskArgs,
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Check that no entry was changed, removed, added or moved
    Verify {
        /// What an earlier verification said to keep; may be repeated
        #[arg(long, value_name = "SEQ:HASH", value_parser = anchor)]
        anchor: Vec<Anchor>,
    },
    /// List entries, the newest first
    Search(found::SearchArgs),
    /// Write all entries that fit as JSON, one a line, the oldest first
    Export(found::ExportArgs),
}

fn anchor(text: &str) -> Result<Anchor, String> {
    text.parse().map_err(|error: security::error::Error| error.to_string())
}

/// Does what was asked and prints what it found.
pub(crate) async fn run(args: AuditArgs, setup: Setup) -> Result<Done> {
    let desk = Desk::open(&args.desk, setup)?;
    match args.command {
        AuditCommand::Verify { anchor } => return verify(&desk, &anchor, args.desk.json).await,
        AuditCommand::Search(search) => found::search(&desk, &search, args.desk.json).await?,
        AuditCommand::Export(export) => found::export(&desk, &export).await?,
    }
    Ok(Done::Well)
}

/// The database with the log.
async fn log(desk: &Desk) -> Result<platform_database::Database> {
    desk.database("security", &[platform_events::MIGRATIONS, security::store::MIGRATIONS])
        .await
}

async fn verify(desk: &Desk, anchors: &[Anchor], json: bool) -> Result<Done> {
    let (database, ring) = (log(desk).await?, desk.ring()?);
    let verified = audit::verify(database.read(), &ring, anchors)
        .await
        .map_err(Error::from)?;
    let done = match verified.broken {
        None => Done::Well,
        Some(_) => Done::Refused,
    };
    if json {
        let found = serde_json::to_value(&verified).map_err(|error| Failure::new(error.to_string()))?;
        out::write(format!("{found:#}\n"))?;
        return Ok(done);
    }
    out::write(told(&verified))?;
    Ok(done)
}

fn told(verified: &Verified) -> String {
    let entries = count(verified.entries.unsigned_abs());
    match &verified.broken {
        None if verified.entries == 0 => "the audit log is empty\n".into(),
        None => format!(
            "{entries} entries are what was written\n{}\nKeep the anchor away from this machine, and verify against it \
             next time (--anchor).\n",
            facts([("anchor", verified.head.to_string())]).trim_end()
        ),
        Some(broken) => format!(
            "the audit log is not what was written\n{}",
            facts([
                ("in order", format!("{entries} entries, up to {}", verified.head)),
                ("entry", broken.seq.to_string()),
                ("fault", broken.what.clone()),
                ("meaning", broken.meaning.clone()),
            ])
        ),
    }
}
