//! The services in this process, to make people and to ask without a socket.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use platform_auth::Identity;
use platform_config::{Config, Secret, Sources};
use platform_database::orm::{EntityTrait, PaginatorTrait};
use platform_service::{Clock, Host, Running, Service};
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

use super::ours;

/// What every account is signed in with.
pub(crate) const PASSWORD: &str = "a quiet harbour at dawn";
/// The service that asks the others.
const ASKER: &str = "asker";
const PATIENCE: Duration = Duration::from_secs(60);

/// Services that are open, and the people they know.
pub(crate) struct Inside {
    running: Running,
    people: Vec<Person>,
}

/// Somebody with an account and a profile.
pub(crate) struct Person {
    pub(crate) id: Uuid,
    pub(crate) email: String,
}

impl Inside {
    /// Opens the services and makes people, each of whom has a profile.
    pub(crate) async fn open(postgres: &str, home: &Path, people: usize) -> Result<Self> {
        let asker = Service::new(ASKER, 0).open(|context| async move { Identity::open(&context) });
        let services = [auth::service(), security::service(), users::service(), asker.into()];
        let host = Host::new(config(postgres, home)?, Clock::system());
        let running = host.services(services).embed().await.map_err(ours)?;
        let mut inside = Self {
            running,
            people: Vec::new(),
        };
        inside.register(people).await?;
        Ok(inside)
    }

    async fn register(&mut self, count: usize) -> Result<()> {
        let accounts = self.running.store("auth").context("auth is open")?;
        for number in 0..count {
            let person = auth::seed::Person {
                email: format!("person{number}@example.com"),
                name: Some(format!("Person {number}")),
                password: Secret::new(PASSWORD.to_owned()),
            };
            let email = person.email.clone();
            let id = auth::seed::account(&accounts, person).await.map_err(ours)?.id;
            self.people.push(Person { id, email });
        }
        let users: users::store::Store = self.running.store("users").context("users is open")?;
        let start = Instant::now();
        while users::profile::Entity::find().count(users.db.read()).await? < count as u64 {
            ensure!(start.elapsed() < PATIENCE, "profiles are not made");
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// The people.
    pub(crate) fn people(&self) -> &[Person] {
        &self.people
    }

    /// What the service `security` keeps.
    pub(crate) fn security(&self) -> Result<security::store::Store> {
        self.running.store("security").context("security is open")
    }

    /// Another service, which may call it.
    pub(crate) fn asker(&self) -> Result<Identity> {
        self.running.store(ASKER).context("the asker is open")
    }

    /// Closes the services and gives back the people.
    pub(crate) async fn stop(self) -> Vec<Person> {
        self.running.stop().await;
        self.people
    }
}

/// The settings of services that keep their data there; without an address of PostgreSQL they keep it in files.
pub(crate) fn config(postgres: &str, home: &Path) -> Result<Config> {
    let overrides = [
        ("host.data", home.display().to_string()),
        ("database.url", postgres.into()),
    ];
    Ok(Config::load(Sources {
        file: None,
        environment: std::iter::empty(),
        overrides: overrides.map(|(key, value)| (key.to_owned(), value)).into(),
        aliases: &[],
    })?)
}
