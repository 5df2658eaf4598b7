//! Dead letters on the command line: listed, shown, tried again, thrown away.

use clap::Args;
use platform_error::Error;
use platform_events::{DeadLetter, EventError, Letters, Overtaken};
use serde_json::Value;
use uuid::Uuid;

use super::{number, of};
use crate::{
    desk::{self, Desk},
    failure::{Failure, Result},
    out,
    table::{Side, Table, facts},
};

/// More of one event are not looked at: an event is dead once in a group.
const MOST: u16 = 1_000;

#[derive(Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    of: OfArgs,
    /// Only events of this type, for instance users.registered
    #[arg(long, value_name = "TYPE")]
    r#type: Option<String>,
    /// Only those after this place in the list of one service: the next page
    #[arg(long, value_name = "PLACE", requires = "service", default_value_t = 0)]
    after: i64,
    /// At most so many of each service
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=999))]
    limit: u16,
}

/// Whose dead letters.
#[derive(Args)]
struct OfArgs {
    /// Only those of this service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Only those of this group
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
}

#[derive(Args)]
pub(super) struct RetryArgs {
    /// The event's id
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    id: Option<Uuid>,
    /// All dead letters, of every service and group unless one is named
    #[arg(long)]
    all: bool,
    /// Overtaken ones too: a later event of their type about the same thing has been handled since, which they may undo
    #[arg(long)]
    overtaken: bool,
    #[command(flatten)]
    of: OfArgs,
}

#[derive(Args)]
pub(super) struct OneArgs {
    /// The event's id
    id: Uuid,
    #[command(flatten)]
    of: OfArgs,
}

impl OfArgs {
    fn wanted(&self, id: Option<Uuid>) -> Letters {
        Letters {
            group: self.group.clone(),
            id,
            ..Letters::default()
        }
    }
}

/// Prints a page of each service's.
pub(super) async fn list(desk: &Desk, args: &ListArgs, json: bool) -> Result<()> {
    let wanted = Letters {
        r#type: args.r#type.clone(),
        after: args.after,
        ..args.of.wanted(None)
    };
    let columns = [
        "service", "group", "place", "id", "type", "key", "tried", "since", "error",
    ];
    let mut table = Table::new(columns.map(|name| (name, Side::Left)));
    let (mut all, mut more) = (Vec::new(), Vec::new());
    for (service, events) in of(desk, args.of.service.as_deref()).await? {
        let mut letters = events
            .letters(&wanted, args.limit.saturating_add(1))
            .await
            .map_err(Error::from)?;
        if letters.len() > usize::from(args.limit) {
            letters.truncate(args.limit.into());
            more.extend(letters.last().map(|last| (service, last.seq)));
        }
        for letter in letters {
            all.push(desk::with_service(service, &letter)?);
            table.row(row(service, letter));
        }
    }
    match (json, table.is_empty()) {
        (true, _) => out::write(format!("{:#}\n", Value::from(all)))?,
        (false, true) => out::write("no dead letters\n")?,
        (false, false) => out::write(table.render())?,
    }
    for (service, place) in more {
        out::note(format!(
            "{service} has more: hansa events list --service {service} --after {place}"
        ));
    }
    Ok(())
}

fn row(service: &str, letter: DeadLetter) -> [String; 9] {
    [
        service.to_owned(),
        letter.group,
        letter.seq.to_string(),
        letter.envelope.id.to_string(),
        letter.envelope.r#type,
        letter.envelope.key,
        number(letter.attempts.into()),
        desk::shown(letter.since),
        letter.error.unwrap_or_default(),
    ]
}

/// Prints all there is to know about one, for each group that could not handle it.
pub(super) async fn show(desk: &Desk, id: Uuid, json: bool) -> Result<()> {
    let wanted = Letters {
        id: Some(id),
        ..Letters::default()
    };
    let (mut all, mut text) = (Vec::new(), Vec::new());
    for (service, events) in of(desk, None).await? {
        for letter in events.letters(&wanted, MOST).await.map_err(Error::from)? {
            all.push(desk::with_service(service, &letter)?);
            text.push(told(service, letter));
        }
    }
    match (all.is_empty(), json) {
        (true, _) => Err(none(id)),
        (false, true) => out::write(format!("{:#}\n", Value::from(all))),
        (false, false) => out::write(text.join("\n")),
    }
}

fn told(service: &str, letter: DeadLetter) -> String {
    let event = letter.envelope;
    let workspace = event.workspace.map(|id| id.to_string()).unwrap_or_default();
    let causation = event.causation.map(|id| id.to_string()).unwrap_or_default();
    let lines = [
        ("event", event.id.to_string()),
        ("type", format!("{}, version {}", event.r#type, event.version)),
        ("about", format!("{} {}", event.aggregate, event.key)),
        ("happened", desk::shown(event.time)),
        ("by", event.actor.unwrap_or_default()),
        ("workspace", workspace),
        ("course", event.correlation.to_string()),
        ("caused by", causation),
        ("service", service.to_owned()),
        ("group", letter.group),
        (
            "tried",
            match letter.attempts {
                1 => format!("once, given up {}", desk::shown(letter.since)),
                attempts => format!("{attempts} times, given up {}", desk::shown(letter.since)),
            },
        ),
        ("error", letter.error.unwrap_or_default()),
    ];
    format!("{}\n{:#}\n", facts(lines), event.data)
}

/// Lets one or all be tried again.
pub(super) async fn retry(desk: &Desk, args: &RetryArgs) -> Result<()> {
    let overtaken = match args.overtaken {
        true => Overtaken::Retried,
        false => Overtaken::Left,
    };
    let mut found = false;
    for (service, events) in of(desk, args.of.service.as_deref()).await? {
        if let Some(id) = args.id {
            for letter in events
                .letters(&args.of.wanted(Some(id)), MOST)
                .await
                .map_err(Error::from)?
            {
                let tried = events.retry(&letter.group, id, overtaken).await;
                tried.map_err(|error| match error {
                    EventError::Overtaken { .. } => Failure::from(Error::from(error))
                        .with_hint("`hansa events discard` throws it away; --overtaken tries it again nevertheless"),
                    error => Error::from(error).into(),
                })?;
                out::write(format!("{id} is tried again by {} of {service}\n", letter.group))?;
                found = true;
            }
            continue;
        }
        let lag = events.lag().await.map_err(Error::from)?;
        let wanted = |group: &str| args.of.group.as_deref().is_none_or(|only| only == group);
        for group in lag.groups.iter().filter(|group| group.dead > 0 && wanted(&group.group)) {
            let count = events.retry_all(&group.group, overtaken).await.map_err(Error::from)?;
            out::write(format!("{count} are tried again by {} of {service}\n", group.group))?;
            found = true;
            let left = group.dead.unsigned_abs().saturating_sub(count);
            if left > 0 {
                out::note(format!(
                    "{left} stay: later events of their type about the same thing were handled since, which they may \
                     undo; discard them, or add --overtaken"
                ));
            }
        }
    }
    match (found, args.id) {
        (false, Some(id)) => Err(none(id)),
        (false, None) => out::write("no dead letters\n"),
        (true, _) => Ok(()),
    }
}

/// Throws one away.
pub(super) async fn discard(desk: &Desk, args: &OneArgs) -> Result<()> {
    let mut discarded = 0;
    for (service, events) in of(desk, args.of.service.as_deref()).await? {
        for letter in events
            .letters(&args.of.wanted(Some(args.id)), MOST)
            .await
            .map_err(Error::from)?
        {
            events.discard(&letter.group, args.id).await.map_err(Error::from)?;
            out::write(format!("{} is thrown away by {} of {service}\n", args.id, letter.group))?;
            discarded += 1;
        }
    }
    match discarded {
        0 => Err(none(args.id)),
        _ => Ok(()),
    }
}

fn none(id: Uuid) -> Failure {
    Failure::new(format!("no group has a dead letter {id}"))
        .with_hint("`hansa events list` has their ids; one that is tried again is none until it fails for good")
}
