//! What the service works with: its database, its events, and who it trusts.

use chrono::{DateTime, Utc};
use platform_auth::Identity;
use platform_database::{Database, Migrations, migration};
use platform_error::Error;
use platform_events::Events;
use platform_service::Context;
use uuid::Uuid;

/// The service's own tables.
const MIGRATIONS: Migrations = &[migration!("0001_users")];
const ALL: &[Migrations] = &[platform_events::MIGRATIONS, MIGRATIONS];

/// What the service works with. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) context: Context,
    /// The database.
    pub db: Database,
    /// What is published and heard.
    pub events: Events,
    pub(crate) identity: Identity,
}

impl Store {
    /// Opens database and events.
    pub async fn open(context: Context) -> Result<Self, Error> {
        let db = Database::open(&context, ALL).await?;
        let events = Events::open(&context, &db).await?;
        let identity = Identity::open(&context)?;
        Ok(Self {
            context,
            db,
            events,
            identity,
        })
    }

    /// Applies the migrations that are missing and names them.
    pub async fn migrate(context: Context) -> Result<Vec<String>, Error> {
        Ok(Database::migrate(&context, ALL).await?)
    }

    /// Whether the database answers.
    pub async fn ready(self) -> Result<(), Error> {
        Ok(self.db.ready().await?)
    }

    /// Closes the database.
    pub async fn close(self) -> Result<(), Error> {
        self.db.close().await;
        Ok(())
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.context.clock().now()
    }

    pub(crate) fn id(&self) -> Uuid {
        self.context.ids().v7()
    }
}

impl AsRef<Events> for Store {
    fn as_ref(&self) -> &Events {
        &self.events
    }
}
