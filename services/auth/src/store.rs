//! What the service stands on: its database, keys, and ways to reach others.

use std::{ops::Deref, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use contracts::permissions::Permissions;
use platform_auth::{Identity, IdentitySettings, ServiceSecret};
use platform_config::Secret;
use platform_crypto::{KeyRing, KeySettings, PasswordSettings, Passwords, Verdict};
use platform_database::{Database, Migrations, migration};
use platform_events::Events;
use platform_jobs::Jobs;
use platform_service::Context;
use webauthn_rs::Webauthn;

use crate::{
    error::Result,
    mail::Mailer,
    oidc::Providers,
    passkey,
    settings::Settings,
    signing_key::{self, Keys},
};

/// The tables of this service.
const MIGRATIONS: Migrations = &[
    migration!("0001_accounts"),
    migration!("0002_sessions"),
    migration!("0003_keys"),
    migration!("0004_second_factors"),
    migration!("0005_indexes"),
    migration!("0006_workspaces_in_sessions"),
    migration!("0007_counts_at_once"),
    migration!("0008_suspensions", split),
];

/// Everything that this database holds.
pub const ALL: &[Migrations] = &[MIGRATIONS, platform_events::MIGRATIONS, platform_jobs::MIGRATIONS];

/// The service's store. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

/// What [`Auth`] shares.
pub struct Inner {
    /// The surroundings.
    pub context: Context,
    /// The settings.
    pub(crate) settings: Settings,
    /// The database.
    pub db: Database,
    /// Who asks.
    pub identity: Identity,
    /// Who belongs to a workspace, and who administrates, is asked anew each time.
    pub(crate) permissions: Permissions,
    /// What tokens of ours say of issuer and audience.
    pub(crate) names: IdentitySettings,
    /// Who may ask what only services may.
    pub(crate) services: ServiceSecret,
    /// What is sealed at rest.
    pub(crate) ring: KeyRing,
    /// What others are told.
    pub events: Events,
    /// What is done later.
    pub jobs: Jobs,
    /// Other ways to sign in.
    pub(crate) providers: Providers,
    /// How mail leaves.
    pub(crate) mailer: Mailer,
    pub(crate) webauthn: Option<Webauthn>,
    pub(crate) keys: Keys,
    passwords: Passwords,
}

impl Deref for Auth {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl AsRef<Events> for Auth {
    fn as_ref(&self) -> &Events {
        &self.events
    }
}

impl AsRef<Jobs> for Auth {
    fn as_ref(&self) -> &Jobs {
        &self.jobs
    }
}

impl Auth {
    /// Opens everything, and makes the first keys where there are none.
    pub async fn open(context: Context) -> Result<Self> {
        let settings = context.settings::<Settings>()?.checked()?;
        let keys: KeySettings = context.section("keys")?;
        let passwords: PasswordSettings = context.section("passwords")?;
        let db = Database::open(&context, ALL).await?;
        let events = Events::open(&context, &db).await?;
        let jobs = Jobs::open(&context, &db)?;
        let identity = Identity::open(&context)?;
        let auth = Self(Arc::new(Inner {
            permissions: Permissions::holding(&context, &identity, Duration::ZERO),
            identity,
            names: context.section("identity")?,
            services: ServiceSecret::open(&context)?,
            ring: KeyRing::open(&keys, context.data_dir(), context.random())?,
            providers: Providers::open(&settings)?,
            mailer: Mailer::open(&context)?,
            webauthn: passkey::site(&settings)?,
            passwords: Passwords::new(&passwords, context.random())?,
            keys: Keys::default(),
            context,
            settings,
            db,
            events,
            jobs,
        }));
        signing_key::tend(&auth).await?;
        Ok(auth)
    }

    /// Brings the tables to the form that this version wants, and names what was changed.
    pub(crate) async fn migrate(context: Context) -> Result<Vec<String>> {
        Ok(Database::migrate(&context, ALL).await?)
    }

    /// Whether requests can be answered now.
    pub(crate) async fn ready(self) -> Result<()> {
        Ok(self.db.ready().await?)
    }

    /// Closes the database.
    pub(crate) async fn close(self) -> Result<()> {
        self.db.close().await;
        Ok(())
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.context.clock().now()
    }

    /// Hashes a password. Every time costs the same, and is counted.
    pub(crate) async fn hash(&self, password: Secret<String>) -> Result<String> {
        metrics::counter!("auth_password_hashes_total").increment(1);
        Ok(self.passwords.hash(password).await?)
    }

    /// Compares a password with a hash, or with none in the same time, and counts it.
    pub(crate) async fn verify(&self, password: Secret<String>, hash: Option<String>) -> Result<Verdict> {
        metrics::counter!("auth_password_hashes_total").increment(1);
        Ok(self.passwords.verify(password, hash).await?)
    }
}
