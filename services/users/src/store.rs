//! What the service works with: its database, its events, and who it trusts.

use std::time::Duration;

use chrono::{DateTime, Utc};
use contracts::permissions::Permissions;
use platform_auth::Identity;
use platform_cache::{Cache, Caches};
use platform_database::{Database, Lookup, Migrations, migration};
use platform_error::Error as Outer;
use platform_events::Events;
use platform_service::Context;
use uuid::Uuid;

use crate::{
    error::Error,
    invitation,
    privacy::{self, Turns},
    profile,
};

/// How often it is looked for what is over.
const CLEAR: Duration = Duration::from_secs(600);
/// The service's own tables.
const MIGRATIONS: Migrations = &[
    migration!("0001_users"),
    migration!("0002_comments_on_charts"),
    migration!("0003_parts_of_exports"),
];
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
    /// What `security` says that people may.
    pub(crate) permissions: Permissions,
    /// People as they are now.
    pub(crate) people: Lookup<profile::Entity>,
    /// Who people are to others: as of a moment ago.
    pub(crate) profiles: Cache<profile::Model>,
    /// Who fetches an export.
    pub(crate) turns: Turns,
}

impl Store {
    /// Opens database, events and caches.
    pub(crate) async fn open(context: Context) -> Result<Self, Outer> {
        let db = Database::open(&context, ALL).await?;
        let events = Events::open(&context, &db).await?;
        let identity = Identity::open(&context)?;
        let profiles = Caches::open(&context)?.cache(profile::CACHED);
        Ok(Self {
            permissions: Permissions::open(&context, &identity),
            people: Lookup::new(&db),
            profiles,
            turns: Turns::default(),
            context,
            db,
            events,
            identity,
        })
    }

    /// Applies the migrations that are missing and names them.
    pub(crate) async fn migrate(context: Context) -> Result<Vec<String>, Outer> {
        Ok(Database::migrate(&context, ALL).await?)
    }

    /// Forgets exports and invitations whose time is over, until the service stops.
    pub(crate) async fn clear(context: Context, store: Self) -> Result<(), Error> {
        let shutdown = context.shutdown();
        loop {
            store.clear_over().await?;
            tokio::select! {
                () = tokio::time::sleep(CLEAR) => {}
                () = shutdown.cancelled() => return Ok(()),
            }
        }
    }

    async fn clear_over(&self) -> Result<(), Error> {
        let tx = self.db.begin().await?;
        privacy::clear(&tx, self.now()).await?;
        invitation::clear(&tx, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Whether the database answers.
    pub(crate) async fn ready(self) -> Result<(), Outer> {
        Ok(self.db.ready().await?)
    }

    /// Closes the database.
    pub(crate) async fn close(self) -> Result<(), Outer> {
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
