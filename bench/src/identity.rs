//! People, permissions and the platform beside their bare parts: one run on one machine prints ratios.

mod bare;
mod caches;
mod checks;
mod client;
mod crowd;
mod events;
mod inside;
mod jobs;
mod load;
mod queries;
mod server;
mod sign_in;
mod tokens;
mod work;
mod zipf;

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::{Args, ValueEnum};
use platform_testing::{TestPostgres, TestRedis};

use self::{inside::Inside, server::Server};
use crate::{
    gateway::{load_average, process::Measured},
    table::{Table, show},
};

/// What `bench identity` takes.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    measured: Measured,
    /// People who ask at the same time
    #[arg(long, default_value_t = 100)]
    people: usize,
    /// Connections held open at once
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Events, and jobs, of one round
    #[arg(long, default_value_t = 4_000)]
    events: usize,
    /// Change a setting of the measured process, for instance database.max-connections=8; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Measure these parts alone
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

/// A part of the measurement.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Tokens,
    Checks,
    Caches,
    Events,
    Jobs,
    SignIn,
    Queries,
    Crowd,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// How long one load lasts.
    fn lasting(&self) -> Duration {
        Duration::from_secs_f64(self.measured.seconds)
    }
}

/// Measures everything and prints one table.
pub(crate) async fn all(options: &Options) -> Result<()> {
    let (before, home) = (load_average()?, tempfile::tempdir()?);
    let log = Some("off".to_owned());
    // As in the binary: what counts requests costs time too.
    platform_telemetry::init(&platform_telemetry::Settings {
        log,
        ..platform_telemetry::Settings::default()
    })?;
    let postgres = TestPostgres::start().await.context("install PostgreSQL")?;
    let mut table = Table::default();
    let inside = Inside::open(postgres.url(), home.path(), options.people).await?;
    if options.wants(Part::Tokens) {
        tokens::all(home.path(), &mut table).await?;
    }
    if options.wants(Part::Checks) {
        checks::all(&inside, &mut table).await?;
    }
    let people = inside.stop().await;
    if options.wants(Part::Caches) {
        let redis = TestRedis::start().await.context("install Redis")?;
        caches::all(&redis.url(), &mut table).await?;
    }
    if options.wants(Part::Events) {
        events::all(options.events, postgres.url(), &mut table).await?;
    }
    if options.wants(Part::Jobs) {
        jobs::all(options.events, postgres.url(), &mut table).await?;
    }
    if [Part::SignIn, Part::Queries, Part::Crowd].map(|part| options.wants(part)) != [false; 3] {
        let server = Server::start(options, (postgres.url(), home.path()), people).await?;
        over_http(options, &server, &mut table).await?;
    }
    table.print()?;
    crate::table::line(format!("load average {before} before, {} after", load_average()?))
}

async fn over_http(options: &Options, server: &Server, table: &mut Table) -> Result<()> {
    if options.wants(Part::SignIn) {
        sign_in::all(options, server, table).await?;
    }
    if options.wants(Part::Queries) {
        queries::all(options, server, table).await?;
    }
    if options.wants(Part::Crowd) {
        crowd::all(options, server, table).await?;
    }
    Ok(())
}

/// An error of ours as one of this program.
fn ours(error: impl Into<platform_error::Error>) -> anyhow::Error {
    anyhow!("{}", error.into().in_full(1_000))
}

/// A peer's time, and how many times longer it is: `moka 0.3 µs (0.8×)`.
fn beside(ours: Duration, peers: &[(&str, Duration)]) -> String {
    let one = |(name, theirs): &(&str, Duration)| {
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        format!("{name} {} ({ratio:.2}×)", show(*theirs))
    };
    peers.iter().map(one).collect::<Vec<_>>().join(", ")
}
