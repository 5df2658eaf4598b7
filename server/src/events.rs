//! `hansa events`: what services tell each other: what waits, what nobody could handle, and how to handle it again.

mod letters;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use platform_config::Duration;
use platform_error::Error;
use platform_events::{Events, Settings};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    desk::{self, Desk, DeskArgs},
    failure::{Failure, Result},
    out, services,
    settings::Setup,
    table::{Side, Table, count, facts},
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa events lag                       what waits: to be relayed, to be read, to be handled
  hansa events list                      events that no attempt could handle, of every service
  hansa events list --service security --type users.registered --json
  hansa events show 0198f2c1-…           one of them with its error and its data
  hansa events retry 0198f2c1-…          once more, from the first attempt
  hansa events retry --all --group users
  hansa events discard 0198f2c1-…        it counts as handled
  hansa events replay users --since 2026-01-15T12:00:00Z
                                         handle again what happened from then on
  hansa events retention                 how long events are kept, and how far a replay reaches back

It works on the databases directly; a server may be running on them, and is what handles the events.";

/// Arguments of `hansa events`.
#[derive(Args)]
pub(crate) struct EventsArgs {
    #[command(flatten)]
    desk: DeskArgs,
    #[command(subcommand)]
    command: EventsCommand,
}

#[derive(Subcommand)]
enum EventsCommand {
    /// Say what waits: in the outbox of every service and before each of its groups
    Lag,
    /// List dead letters: events that no attempt could handle, the oldest first
    List(letters::ListArgs),
    /// Show a dead letter with its error and its data
    Show {
        /// The event's id
        id: Uuid,
    },
    /// Let a dead letter, or all of them, be tried again from the first attempt
    Retry(letters::RetryArgs),
    /// Throw a dead letter away: it counts as handled
    Discard(letters::OneArgs),
    /// Let a group handle again what happened from a time on
    Replay(ReplayArgs),
    /// Say how long events are kept, and how far a replay reaches back
    Retention {
        /// Forget now what is older; servers do so by themselves every few minutes
        #[arg(long)]
        forget: bool,
    },
}

#[derive(Args)]
struct ReplayArgs {
    /// The group; `hansa events lag` has their names
    group: String,
    /// From this time on, for instance 2026-01-15T12:00:00Z, or from this day on
    #[arg(long, value_name = "TIME", value_parser = desk::moment)]
    since: DateTime<Utc>,
    /// Do not ask: its handlers run again, and must be such that this is what is wanted
    #[arg(long)]
    yes: bool,
}

/// Does what was asked and prints what it did.
pub(crate) async fn run(args: EventsArgs, setup: Setup) -> Result<()> {
    let desk = Desk::open(&args.desk, setup)?;
    let json = args.desk.json;
    match args.command {
        EventsCommand::Lag => lag(&desk, json).await,
        EventsCommand::List(args) => letters::list(&desk, &args, json).await,
        EventsCommand::Show { id } => letters::show(&desk, id, json).await,
        EventsCommand::Retry(args) => letters::retry(&desk, &args).await,
        EventsCommand::Discard(args) => letters::discard(&desk, &args).await,
        EventsCommand::Replay(args) => replay(&desk, &args).await,
        EventsCommand::Retention { forget } => retention(&desk, (forget, json)).await,
    }
}

/// The events of each service, from its database, or of the one that is named.
async fn of(desk: &Desk, only: Option<&str>) -> Result<Vec<(&'static str, Events)>> {
    let wanted = services::WITH_EVENTS
        .into_iter()
        .filter(|name| only.is_none_or(|only| only == *name));
    let mut all = Vec::new();
    for service in wanted {
        // It may run elsewhere, or keep nothing because everybody may do everything.
        if only.is_none() && !desk.has(service).await? {
            continue;
        }
        let database = desk.database(service, &[platform_events::MIGRATIONS]).await?;
        let events = Events::look(&desk.context(service), &database).await;
        all.push((service, events.map_err(Error::from)?));
    }
    match (all.is_empty(), only) {
        (false, _) => Ok(all),
        (true, None) => desk.needs(services::WITH_EVENTS[0]).await.map(|()| all),
        (true, Some(only)) => {
            let hint = format!("there are {}", services::WITH_EVENTS.join(", "));
            Err(Failure::new(format!("no service {only} has events")).with_hint(hint))
        }
    }
}

async fn lag(desk: &Desk, json: bool) -> Result<()> {
    let columns = ["waits", "since"].map(|name| (name, Side::Right));
    let mut outboxes = Table::new([("service", Side::Left)].into_iter().chain(columns));
    let numbers = ["unread", "ready", "since", "dead"].map(|name| (name, Side::Right));
    let mut groups = Table::new(
        ["service", "group"]
            .map(|name| (name, Side::Left))
            .into_iter()
            .chain(numbers),
    );
    let mut all = Vec::new();
    let time = |time: Option<DateTime<Utc>>| time.map(desk::shown).unwrap_or_default();
    for (service, events) in of(desk, None).await? {
        let lag = events.lag().await.map_err(Error::from)?;
        outboxes.row([service.to_owned(), number(lag.waiting), time(lag.waiting_since)]);
        for group in &lag.groups {
            groups.row([
                service.to_owned(),
                group.group.clone(),
                group.unread.map_or_else(|| "all".to_owned(), number),
                number(group.ready),
                time(group.ready_since),
                number(group.dead),
            ]);
        }
        all.push(desk::with_service(service, &lag)?);
    }
    if json {
        return out::write(format!("{:#}\n", Value::from(all)));
    }
    out::write(format!("outboxes\n{}\ngroups\n{}", outboxes.render(), groups.render()))
}

async fn replay(desk: &Desk, args: &ReplayArgs) -> Result<()> {
    let mut having = Vec::new();
    for (service, events) in of(desk, None).await? {
        let lag = events.lag().await.map_err(Error::from)?;
        if lag.groups.iter().any(|group| group.group == args.group) {
            having.push((service, events));
        }
    }
    let Some((service, events)) = having.pop() else {
        return Err(Failure::new(format!("no service has a group {}", args.group))
            .with_hint("`hansa events lag` has the groups of every service that has run"));
    };
    let since = desk::shown(args.since);
    if !args.yes
        && !out::confirmed(&format!(
            "Let {} of {service} handle again everything since {since}? [y/N] ",
            args.group
        ))?
    {
        return Err(Failure::new("nothing is handled again"));
    }
    events.replay(&args.group, args.since).await.map_err(Error::from)?;
    out::write(format!(
        "{} of {service} handles again what happened since {since}\n",
        args.group
    ))?;
    let oldest = events.oldest().await.map_err(Error::from)?;
    if let Some(oldest) = oldest.filter(|oldest| *oldest > args.since) {
        out::note(format!(
            "the bus keeps nothing from before {}: events.retention says how long",
            desk::shown(oldest)
        ));
    }
    Ok(())
}

async fn retention(desk: &Desk, (forget, json): (bool, bool)) -> Result<()> {
    let all = of(desk, None).await?;
    if forget {
        for (_, events) in &all {
            events.forget_old().await.map_err(Error::from)?;
        }
    }
    let oldest = all[0].1.oldest().await.map_err(Error::from)?;
    let settings: Settings = desk.config().section("events")?;
    let handled = Duration(*settings.retention + platform_events::KNOWN_LONGER);
    if json {
        let kept = json!({
            "bus": settings.bus, "retention": settings.retention, "oldest": oldest, "handled": handled,
            "dead": settings.keep_dead,
        });
        return out::write(format!("{kept:#}\n"));
    }
    let back = oldest.map_or_else(
        || "it has none".to_owned(),
        |oldest| format!("since {}", desk::shown(oldest)),
    );
    out::write(facts([
        (
            "the bus keeps events",
            format!("{} (events.retention)", settings.retention),
        ),
        ("it has some", back),
        ("handled ones are known", handled.to_string()),
        (
            "dead letters are kept",
            format!("{} (events.keep-dead)", settings.keep_dead),
        ),
    ]))
}

fn number(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", count(number.unsigned_abs()))
}
