//! The service's state: the database, what it keeps of it in memory, and the engine that decides.

mod ask;
mod assign;
mod erase;
mod follow;
mod guard;
mod list;
mod load;
mod log;
mod make;
mod memory;

use std::sync::Arc;

use platform_auth::Identity;
use platform_crypto::{KeyRing, KeySettings};
use platform_database::{Database, Migrations, migration};
use platform_events::Events;
use platform_service::{Clock, Context, Ids};

pub use ask::Ask;
pub(crate) use assign::NewGrant;
pub use assign::{Others, administrator};
pub use list::GrantsWanted;
pub(crate) use list::RoleListed;

use crate::{
    catalog::Catalog,
    engine::Engine,
    error::Error,
    policies::{File, Policies},
    settings::Settings,
};
use memory::Memory;

/// The tables of this service.
pub const MIGRATIONS: Migrations = &[
    migration!("0001_roles"),
    migration!("0002_audit", split),
    migration!("0003_audit_text", split),
    migration!("0004_grants_of_a_subject"),
];

/// What the service keeps. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    db: Database,
    engine: Engine,
    settings: Settings,
    clock: Clock,
    ids: Ids,
    ring: KeyRing,
    events: Events,
    identity: Identity,
    memory: Memory,
    /// The newest entry of the audit log before the first question was answered: what comes after it is followed.
    opened: i64,
}

impl Store {
    /// Opens the database, reads and validates permissions, roles and policies.
    pub async fn open(context: Context) -> platform_error::Result<Self> {
        let settings = context.settings::<Settings>()?.complete();
        let catalog = Catalog::shipped()?;
        known(&catalog, &settings)?;
        let added = added(&settings.policies)?;
        let added: Vec<File<'_>> = added
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        let policies = Policies::with(&catalog, &added)?;
        let db = Database::open(&context, &[platform_events::MIGRATIONS, MIGRATIONS]).await?;
        let opened = follow::newest(&db).await?;
        let keys: KeySettings = context.section("keys")?;
        Ok(Self(Arc::new(Inner {
            events: Events::open(&context, &db).await?,
            db,
            engine: Engine::new(catalog, policies)?,
            clock: context.clock().clone(),
            ids: context.ids(),
            ring: KeyRing::open(&keys, context.data_dir(), context.random())?,
            identity: Identity::open(&context)?,
            memory: Memory::new(&settings),
            opened,
            settings,
        })))
    }

    /// Brings the tables up to date, for `hansa migrate`.
    pub async fn migrate(context: Context) -> Result<Vec<String>, Error> {
        Ok(Database::migrate(&context, &[platform_events::MIGRATIONS, MIGRATIONS]).await?)
    }

    /// Permissions, roles and policies.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The database.
    pub fn db(&self) -> &Database {
        &self.0.db
    }

    /// Who is believed.
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// Whether questions can be answered now.
    pub async fn ready(self) -> Result<(), Error> {
        Ok(self.db().ready().await?)
    }

    /// Closes the database.
    pub async fn close(self) -> Result<(), Error> {
        self.db().close().await;
        Ok(())
    }
}

impl AsRef<Events> for Store {
    fn as_ref(&self) -> &Events {
        &self.0.events
    }
}

/// Refuses settings that name roles which are not shipped.
fn known(catalog: &Catalog, settings: &Settings) -> Result<(), Error> {
    let of_others = settings.services.values().chain(settings.members.values()).flatten();
    let mut all = settings.nobody.iter().chain(&settings.registered).chain(of_others);
    match all.find(|key| catalog.role(key).is_none()) {
        None => Ok(()),
        Some(key) => Err(Error::NoSuchRole(format!("{key}, which the settings of security name"))),
    }
}

/// The policies in a folder of the operator's.
fn added(folder: &str) -> Result<Vec<(String, String)>, Error> {
    if folder.is_empty() {
        return Ok(Vec::new());
    }
    let wrong = |error: std::io::Error| Error::Policy(format!("{folder}: {error}"));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.extension().is_some_and(|extension| extension == "cedar") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, std::fs::read_to_string(&path).map_err(wrong)?));
        }
    }
    files.sort();
    Ok(files)
}
