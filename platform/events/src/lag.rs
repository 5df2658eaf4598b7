//! How far behind a service is: what waits to be relayed, to be read and to be handled.

use chrono::{DateTime, Utc};
use platform_database::{orm::QueryResult, sql};
use serde::Serialize;

use crate::{EventError, Events, Position, Start, outbox};

/// What waits in a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lag {
    /// Events that the bus does not have yet.
    pub waiting: i64,
    /// Since when the oldest of them waits.
    pub waiting_since: Option<DateTime<Utc>>,
    /// Every group that has ever run on this database.
    pub groups: Vec<GroupLag>,
}

/// What waits in one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupLag {
    /// Its name.
    pub group: String,
    /// Events on the bus that the group has not read, wanted or not; unknown for one that has not begun to read. What it
    /// does not want it notes as read within two seconds. Less than none: the bus was replaced by an older copy; when
    /// the group reads next it goes on with what is there.
    pub unread: Option<i64>,
    /// Events it has read and not handled.
    pub ready: i64,
    /// When the oldest of them happened.
    pub ready_since: Option<DateTime<Utc>>,
    /// Events that it gave up.
    pub dead: i64,
    /// How far it has read.
    #[serde(skip)]
    pub(crate) position: Position,
}

/// What the tables and the bus say.
pub(crate) async fn measure(events: &Events) -> Result<Lag, EventError> {
    let end = events.bus().position(Start::End).await?;
    let mut lag = of_tables(events).await?;
    for group in &mut lag.groups {
        group.unread = group.position.until(&end);
    }
    Ok(lag)
}

/// What the tables alone say: how much is unread stays open.
pub(crate) async fn of_tables(events: &Events) -> Result<Lag, EventError> {
    let (waiting, waiting_since) = outbox::waiting(events.db().read()).await?;
    let select = "select c.group_name, c.position,
            coalesce(sum(case when i.state = 'ready' then 1 else 0 end), 0) as ready,
            coalesce(sum(case when i.state = 'dead' then 1 else 0 end), 0) as dead,
            min(case when i.state = 'ready' then i.happened_at end) as ready_since
        from event_cursor c left join event_inbox i on i.group_name = c.group_name and i.state in ('ready', 'dead')
        group by c.group_name, c.position order by c.group_name";
    let rows = sql::all(events.db().read(), select, []).await?;
    Ok(Lag {
        waiting,
        waiting_since,
        groups: rows.iter().map(group).collect::<Result<_, _>>()?,
    })
}

fn group(row: &QueryResult) -> Result<GroupLag, EventError> {
    Ok(GroupLag {
        group: row.try_get("", "group_name")?,
        unread: None,
        ready: row.try_get("", "ready")?,
        ready_since: row.try_get("", "ready_since")?,
        dead: row.try_get("", "dead")?,
        position: row.try_get::<String>("", "position")?.parse()?,
    })
}
