//! What an operator works at: the settings of a system and its services' databases, beside a server that may be running
//! on them.

use std::path::PathBuf;

use chrono::{DateTime, NaiveTime, Utc};
use clap::Args;
use platform_config::Config;
use platform_crypto::{KeyRing, KeySettings};
use platform_database::{Database, Migrations};
use platform_error::Error;
use platform_service::{Clock, Context, Host, HostSettings, Running, Service};
use platform_telemetry::Format;
use serde::Serialize;
use serde_json::Value;

use crate::{
    failure::{Failure, Result},
    series::day,
    settings::{self, Setup},
};

/// Where an operator's command works, and how it answers.
#[derive(Args)]
pub(crate) struct DeskArgs {
    /// The directory with everything [default: hansa-data]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// Answer with JSON
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,
}

/// The settings of a system, and ways to what it keeps.
pub(crate) struct Desk {
    config: Config,
    data: PathBuf,
}

/// What went wrong is told once, by the command; the clients of brokers would tell it first, hundreds of times.
const LOG: &str = "error,async_nats=off,librdkafka=off,rdkafka=off";

impl Desk {
    /// The system that the settings describe.
    pub(crate) fn open(args: &DeskArgs, setup: Setup) -> Result<Self> {
        let setup = setup
            .with("host.data", args.data.as_ref().map(|data| data.display()))
            // A command asks one thing after the other, beside servers that need the connections.
            .with("database.min-connections", Some(0))
            .with("database.max-connections", Some(8))
            // The servers may be of an older version. What brings their databases forward is `hansa migrate`.
            .with("database.migrate", Some("check"));
        let config = setup.config()?;
        setup.telemetry(&config, (LOG, Format::Text))?;
        settings::read_all(&config)?;
        let host: HostSettings = config.section("host")?;
        Ok(Self {
            config,
            data: host.data,
        })
    }

    /// The settings.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// The folder of everything that is not in a database elsewhere.
    pub(crate) fn data(&self) -> &std::path::Path {
        &self.data
    }

    /// The surroundings of a service that is looked at, not run.
    pub(crate) fn context(&self, service: &'static str) -> Context {
        Context::standalone(service, self.config.clone(), Clock::system(), self.data.clone())
    }

    /// A service's database. Looking makes none.
    pub(crate) async fn database(&self, service: &'static str, tables: &[Migrations]) -> Result<Database> {
        self.needs(service).await?;
        let opened = Database::open(&self.context(service), tables).await;
        Ok(opened.map_err(Error::from)?)
    }

    /// Whether the service keeps something.
    pub(crate) async fn has(&self, service: &'static str) -> Result<bool> {
        let found = Database::exists(&self.context(service)).await;
        Ok(found.map_err(Error::from)?)
    }

    /// Refuses to go on where the service has no database yet.
    pub(crate) async fn needs(&self, service: &'static str) -> Result<()> {
        match self.has(service).await? {
            true => Ok(()),
            false => Err(Failure::new(format!("{service} keeps nothing yet")).with_hint(format!(
                "`hansa up` or `hansa run` makes its database; --data names another directory than {}, --config \
                     the settings of a system elsewhere",
                self.data.display()
            ))),
        }
    }

    /// Services opened in this process, reached through [`Running::store`]. Stop them, or others wait for them.
    pub(crate) async fn running(&self, services: impl IntoIterator<Item = Service>) -> Result<Running> {
        let services: Vec<_> = services.into_iter().collect();
        for service in &services {
            self.needs(service.name()).await?;
        }
        let host = Host::new(self.config.clone(), Clock::system()).services(services);
        Ok(host.embed().await?)
    }

    /// The key ring. Looking makes none.
    pub(crate) fn ring(&self) -> Result<KeyRing> {
        let settings = KeySettings {
            create: Some(false),
            ..self.config.section("keys")?
        };
        let random = self.context("hansa").random();
        Ok(KeyRing::open(&settings, &self.data, random).map_err(Error::from)?)
    }
}

/// A moment: with its time, or a day from its beginning.
pub(crate) fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    // The library's own reader of days takes 26-01-15 for one of the year 26.
    let day = || day(text).map(|day| day.and_time(NaiveTime::MIN).and_utc());
    time.or_else(|_| day())
        .map_err(|_| "expected a time such as 2026-01-15T12:00:00Z, or a day such as 2026-01-15".into())
}

/// A moment as people read it.
pub(crate) fn shown(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// What a service keeps, as JSON with the service's name.
pub(crate) fn with_service(service: &str, kept: &impl Serialize) -> Result<Value> {
    let mut value = serde_json::to_value(kept).map_err(|error| Failure::new(error.to_string()))?;
    value["service"] = service.into();
    Ok(value)
}
