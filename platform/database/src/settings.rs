//! Where a process keeps its relational data, and how many connections it holds.

use platform_config::{Duration, Secret, Secrets};
use serde::{Deserialize, Serialize};

/// What opening a database does about migrations that it lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Migrate {
    /// Apply them.
    #[default]
    Auto,
    /// Refuse to open: `hansa migrate` is the release step.
    Check,
}

/// Section `[database]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
    /// `postgres://…`, where each service gets a schema of its name. Empty means a SQLite file per service in the data
    /// directory.
    pub url: Secret<String>,
    /// Databases of single services, by the service's name; they win over `url`.
    pub services: Secrets,
    /// Connections to PostgreSQL that stay open once they were needed.
    pub min_connections: u32,
    /// The most connections of one service.
    pub max_connections: u32,
    /// How long a request waits for a connection: less than `http.timeout`, so that its client learns what it waited for.
    pub acquire_timeout: Duration,
    /// How long one statement may take on PostgreSQL.
    pub statement_timeout: Duration,
    /// What opening does about missing migrations: `auto` applies them, `check` refuses to open.
    pub migrate: Migrate,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: Secret::default(),
            services: Secrets::default(),
            min_connections: 20,
            max_connections: 20,
            acquire_timeout: Duration::from_secs(20),
            statement_timeout: Duration::from_secs(30),
            migrate: Migrate::Auto,
        }
    }
}

impl Settings {
    /// The URL for a service, empty when it is to use a file of its own.
    pub(crate) fn url_for(&self, service: &str) -> &str {
        self.services.0.get(service).unwrap_or(&self.url).expose()
    }
}
