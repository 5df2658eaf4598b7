//! Hansa beside named peers: one run on one machine prints a table of medians and ratios.

mod data;
mod gateway;
mod identity;
mod peers;
mod reads;
mod table;
mod writes;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};
use financial_data::store::Store;
use platform_config::Config;
use platform_service::{Clock, Context};

use crate::table::Table;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures reads, ingestion and size beside DuckDB, PostgreSQL and ArcticDB.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    other: Option<Other>,
    /// Series of 2,500 points each
    #[arg(long, default_value_t = 4_000)]
    series: usize,
    /// Vintages in the columns series_id, date, revision_date, value: the panel is measured on them
    #[arg(long, value_name = "PARQUET")]
    vintages: Option<PathBuf>,
    /// Batches of 1,000 points for the latency over time
    #[arg(long, default_value_t = 20_000)]
    batches: usize,
    /// Points in millions for the memory test; 0 leaves it out
    #[arg(long, default_value_t = 50)]
    million: usize,
    /// A Python with duckdb, arcticdb and psycopg; without it the peers are left out
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Used by the memory test itself
    #[arg(long, hide = true)]
    inside: Option<PathBuf>,
}

/// Measurements apart from the store's.
#[derive(Subcommand)]
enum Other {
    /// Measures the gateway beside Apollo's
    Gateway(gateway::Options),
    /// Measures sign-in, tokens, permissions, people's queries, caches, events and jobs beside their bare parts
    Identity(identity::Options),
    /// Used by the measurements of the gateway themselves
    #[command(hide = true)]
    Relay(gateway::relay::Options),
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    match &options.other {
        Some(Other::Gateway(options)) => return gateway::all(options).await,
        Some(Other::Identity(options)) => return identity::all(options).await,
        Some(Other::Relay(options)) => return gateway::relay::serve(options),
        None => {}
    }
    if let Some(home) = &options.inside {
        return writes::within_memory(home, options.million).await;
    }
    let home = tempfile::tempdir()?;
    let mut table = Table::default();
    writes::ingestion(&options, home.path(), &mut table).await?;
    reads::all(&options, home.path(), &mut table).await?;
    writes::batches(&options, &mut table).await?;
    writes::memory(&options, &mut table)?;
    table.print()
}

/// A store of its own in `home`.
async fn open(home: &std::path::Path, settings: &str) -> Result<Store> {
    let config = Config::parse(settings)?;
    let store = Store::open(Context::standalone("financial-data", config, Clock::system(), home)).await;
    store.map_err(|error| anyhow::anyhow!("{error}"))
}
