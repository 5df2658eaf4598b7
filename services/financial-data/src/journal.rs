//! The service's own database, where not everybody may do everything: what somebody began to do, and its events.

use std::{iter, time};

use chrono::{DateTime, Utc};
use contracts::audit::{Outcome, Recorded};
use platform_config::{Config, Duration, Sources};
use platform_database::{
    Database, Migrate, Migrations, Settings, Tx, migration,
    orm::{DbErr, Value},
    sql,
};
use platform_events::{Cause, EventError, Events};
use platform_service::Context;
use uuid::Uuid;

const MIGRATIONS: Migrations = &[migration!("0001_journal")];
const ALL: &[Migrations] = &[platform_events::MIGRATIONS, MIGRATIONS];
/// Deeds are single rows, and PostgreSQL has a hundred connections for everybody unless told otherwise.
const CONNECTIONS: u32 = 4;
/// Deeds without an end that are told of in one transaction.
const SLICE: usize = 500;
/// How long somebody who does something waits until it can be written down.
const PATIENCE: Duration = Duration(time::Duration::from_secs(5));

/// Something that somebody does: who, and what the audit log is told of it.
#[derive(Debug)]
pub(crate) struct Deed {
    pub(crate) id: Uuid,
    pub(crate) actor: String,
    pub(crate) event: Recorded,
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    pool: Context,
    db: Database,
    pub(crate) events: Events,
}

impl Journal {
    /// Opens the database and brings its tables up to date.
    pub(crate) async fn open(context: &Context) -> Result<Self, EventError> {
        let pool = pool(context)?;
        let db = Database::open(&pool, ALL).await?;
        let opened = Events::open(context, &db).await.map(|events| Self {
            pool: pool.clone(),
            db: db.clone(),
            events,
        });
        if opened.is_err() {
            pool.shutdown().cancel();
            db.close().await;
        }
        opened
    }

    /// Applies the migrations that are missing and names them.
    pub(crate) async fn migrate(context: &Context) -> Result<Vec<String>, EventError> {
        Ok(Database::migrate(&pool(context)?, ALL).await?)
    }

    /// Writes down what is about to be done.
    pub(crate) async fn begin(&self, deed: &Deed) -> Result<(), EventError> {
        let text = serde_json::to_string(&deed.event).map_err(unreadable)?;
        let values: [Value; 4] = [
            deed.id.into(),
            self.now().into(),
            deed.actor.clone().into(),
            text.into(),
        ];
        let tx = self.db.begin().await?;
        let insert = "insert into deeds (id, begun_at, actor, event) values ($1, $2, $3, $4)";
        sql::execute(&tx, insert, values).await?;
        Ok(tx.commit().await?)
    }

    /// Tells the audit log of what was done.
    pub(crate) async fn end(&self, deed: &Deed) -> Result<(), EventError> {
        let tx = self.db.begin().await?;
        sql::execute(&tx, "delete from deeds where id = $1", [deed.id.into()]).await?;
        self.tell(&tx, (&deed.actor, &deed.event)).await?;
        Ok(tx.commit().await?)
    }

    /// Tells the audit log of what was begun before a time and has not ended: the process died, or the request broke
    /// off, and what was to be done may be done or not.
    pub(crate) async fn give_up(&self, before: DateTime<Utc>) -> Result<(), EventError> {
        while self.give_up_slice(before).await? {}
        Ok(())
    }

    /// Says whether there may be more.
    async fn give_up_slice(&self, before: DateTime<Utc>) -> Result<bool, EventError> {
        let tx = self.db.begin().await?;
        let delete =
            "delete from deeds where id in (select id from deeds where begun_at < $1 order by begun_at limit $2)
            returning actor, event";
        let rows = sql::all(&tx, delete, [before.into(), (SLICE as i64).into()]).await?;
        let may_be_more = rows.len() == SLICE;
        for row in rows {
            let (actor, text): (String, String) = (row.try_get("", "actor")?, row.try_get("", "event")?);
            let mut event: Recorded = serde_json::from_str(&text).map_err(unreadable)?;
            event.outcome = Outcome::Failed;
            event.data["end"] = "unknown".into();
            self.tell(&tx, (&actor, &event)).await?;
        }
        tx.commit().await?;
        Ok(may_be_more)
    }

    /// How often roles and grants have changed, for all processes on this database.
    pub(crate) async fn changes(&self) -> Result<i64, EventError> {
        let row = sql::one(self.db.read(), "select changes from access_changes", []).await?;
        Ok(row
            .map(|row| row.try_get("", "changes"))
            .transpose()?
            .unwrap_or_default())
    }

    /// Closes the database.
    pub(crate) async fn close(&self) {
        self.pool.shutdown().cancel();
        self.db.close().await;
    }

    async fn tell(&self, tx: &Tx, (actor, event): (&str, &Recorded)) -> Result<(), EventError> {
        let cause = Cause {
            actor: Some(actor.to_owned()),
            ..Cause::default()
        };
        self.events.publish(tx, event, &cause).await.map(drop)
    }

    fn now(&self) -> DateTime<Utc> {
        self.pool.clock().now()
    }
}

/// Notes that roles or grants changed.
pub(crate) async fn changed(tx: &Tx) -> Result<(), DbErr> {
    sql::execute(tx, "update access_changes set changes = changes + 1", []).await?;
    Ok(())
}

/// The surroundings of a database with few connections.
fn pool(context: &Context) -> Result<Context, EventError> {
    let settings: Settings = context.section("database")?;
    let url = settings.services.0.get(context.service()).unwrap_or(&settings.url);
    let migrate = match settings.migrate {
        Migrate::Auto => "auto",
        Migrate::Check => "check",
    };
    let patience = settings.acquire_timeout.min(PATIENCE);
    let few = [
        ("url", url.expose().clone()),
        ("min-connections", "0".to_owned()),
        ("max-connections", settings.max_connections.min(CONNECTIONS).to_string()),
        ("acquire-timeout", patience.to_string()),
        ("statement-timeout", settings.statement_timeout.to_string()),
        ("migrate", migrate.to_owned()),
    ];
    let config = Config::load(Sources {
        file: None,
        environment: iter::empty(),
        overrides: few.map(|(key, value)| (format!("database.{key}"), value)).into(),
        aliases: &[],
    })
    .map_err(platform_error::Error::from)?;
    let (clock, folder) = (context.clock().clone(), context.data_dir());
    Ok(Context::standalone(context.service(), config, clock, folder))
}

fn unreadable(error: serde_json::Error) -> EventError {
    EventError::Corrupt(format!("a deed: {error}"))
}
