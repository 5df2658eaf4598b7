//! Entries of the audit log on the command line: found by what is asked of them, and written to a file.

use std::{io::Write, path::PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;
use platform_database::{Database, PageArgs, orm::Condition};
use platform_error::Error;
use security::audit::{self, Model, Search};
use serde_json::Value;
use uuid::Uuid;

use super::log;
use crate::{
    desk::{self, Desk},
    failure::{Failure, Result},
    out::{self, Sink},
    table::{Side, Table, count},
};

/// Entries read at once.
const PAGE: i32 = 100;

/// What is looked for.
#[derive(Args)]
struct Wanted {
    /// Only what they did: user:ID, service:NAME or nobody
    #[arg(long, value_name = "WHO")]
    actor: Option<String>,
    /// Only this action, or with a dot at its end all that begin so: grants.
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Only what was done to this kind of thing, for instance role
    #[arg(long, value_name = "KIND")]
    target_kind: Option<String>,
    /// Only what was done to the thing with this id
    #[arg(long, value_name = "ID")]
    target_id: Option<String>,
    /// Only what was done in this workspace
    #[arg(long, value_name = "ID")]
    workspace: Option<Uuid>,
    /// Only what was done, refused or failed
    #[arg(long, value_name = "OUTCOME", value_parser = ["done", "refused", "failed"])]
    outcome: Option<String>,
    /// Then or later, for instance 2026-01-15 or 2026-01-15T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = desk::moment)]
    from: Option<DateTime<Utc>>,
    /// Before then
    #[arg(long, value_name = "TIME", value_parser = desk::moment)]
    until: Option<DateTime<Utc>>,
    /// Only entries that have all of these words
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
}

#[derive(Args)]
pub(super) struct SearchArgs {
    #[command(flatten)]
    wanted: Wanted,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

#[derive(Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    wanted: Wanted,
    /// Write to this file; it appears when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Wanted {
    fn search(&self) -> Search {
        Search {
            actor: self.actor.clone(),
            action: self.action.clone(),
            target_type: self.target_kind.clone(),
            target_id: self.target_id.clone(),
            workspace: self.workspace,
            outcome: self.outcome.clone(),
            from: self.from,
            until: self.until,
            text: self.text.clone(),
            ..Search::default()
        }
    }
}

/// The pages of what was found, read as they are asked for.
struct Pages {
    database: Database,
    search: Search,
    next: Option<PageArgs>,
}

impl Pages {
    async fn open(desk: &Desk, wanted: &Wanted, first: PageArgs) -> Result<Self> {
        Ok(Self {
            database: log(desk).await?,
            search: wanted.search(),
            next: Some(first),
        })
    }

    /// The next entries, from where the last ones ended.
    async fn next(&mut self) -> Result<Option<Vec<Model>>> {
        let Some(args) = self.next.take() else { return Ok(None) };
        let found = audit::search(self.database.read(), &self.search, Condition::all(), &args).await;
        let mut found = found.map_err(Error::from)?;
        let backward = args.last.is_some();
        if backward {
            found.edges.reverse();
        }
        let more = if backward {
            found.has_previous_page
        } else {
            found.has_next_page
        };
        let edge = found.edges.last().map(|edge| edge.cursor.clone());
        self.next = edge.filter(|_| more).map(|edge| match backward {
            true => PageArgs {
                last: args.last,
                before: Some(edge),
                ..PageArgs::default()
            },
            false => PageArgs {
                first: args.first,
                after: Some(edge),
                ..PageArgs::default()
            },
        });
        Ok(Some(found.edges.into_iter().map(|edge| edge.node).collect()))
    }
}

/// Prints the newest entries that fit.
pub(super) async fn search(desk: &Desk, args: &SearchArgs, json: bool) -> Result<()> {
    let first = PageArgs {
        first: Some(PAGE),
        ..PageArgs::default()
    };
    let mut pages = Pages::open(desk, &args.wanted, first).await?;
    let mut found = Vec::new();
    while found.len() <= args.limit
        && let Some(page) = pages.next().await?
    {
        found.extend(page);
    }
    let has_more = found.len() > args.limit;
    found.truncate(args.limit);
    if json {
        let all: Vec<_> = found.iter().map(written).collect::<Result<_>>()?;
        return out::write(format!("{:#}\n", Value::from(all)));
    }
    let columns = ["entry", "at", "actor", "action", "target", "outcome", "facts"];
    let mut table = Table::new(columns.map(|name| (name, if name == "entry" { Side::Right } else { Side::Left })));
    for entry in found {
        table.row([
            entry.seq.to_string(),
            desk::shown(entry.at),
            entry.actor,
            entry.action,
            format!("{} {}", entry.target_kind, entry.target_id),
            entry.outcome,
            entry.data,
        ]);
    }
    match table.is_empty() {
        true => out::write("no entries\n")?,
        false => out::write(table.render())?,
    }
    if has_more {
        out::note(format!(
            "there are more than {}; --limit shows them, or `hansa audit export`",
            args.limit
        ));
    }
    Ok(())
}

/// Writes all entries that fit, the oldest first.
pub(super) async fn export(desk: &Desk, args: &ExportArgs) -> Result<()> {
    let first = PageArgs {
        last: Some(PAGE),
        ..PageArgs::default()
    };
    let mut pages = Pages::open(desk, &args.wanted, first).await?;
    let mut sink = Sink::open(args.output.as_deref(), None)?;
    let mut entries = 0;
    while let Some(page) = pages.next().await? {
        for entry in &page {
            writeln!(sink, "{}", written(entry)?)?;
            entries += 1;
        }
    }
    sink.finish()?;
    if let Some(file) = &args.output {
        out::write(format!("{} entries in {}\n", count(entries), file.display()))?;
    }
    Ok(())
}

/// An entry as JSON, its facts within.
fn written(entry: &Model) -> Result<Value> {
    let mut value = serde_json::to_value(entry).map_err(|error| Failure::new(error.to_string()))?;
    value["data"] = serde_json::from_str(&entry.data).unwrap_or_else(|_| entry.data.clone().into());
    Ok(value)
}
