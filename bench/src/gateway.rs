//! The gateway beside Apollo's: the same supergraph and subgraphs, each gateway a process of its own.

mod answers;
mod crowd;
mod growth;
mod load;
mod planning;
pub(crate) mod process;
pub(crate) mod relay;
mod subgraphs;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::json;

use self::{
    process::{APOLLO, Measured, Process},
    subgraphs::Subgraphs,
};
use crate::table::Table;

/// Each request is worked for by itself.
const ALONE: &str = "gateway.traffic.dedupe=false";
/// As many threads as the peer has.
const ONE_THREAD: &str = "host.threads=1";

/// What `bench gateway` takes.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    measured: Measured,
    /// WebSockets held open at once; 0 leaves subscriptions out
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Leave Apollo's gateway out, which npm installs on first use
    #[arg(long)]
    without_peer: bool,
}

/// The gateways of one run.
struct Gateways {
    /// Every request on its own, in one thread.
    alone: Process,
    /// The same with a thread for each core.
    spread: Process,
    /// As it comes: equal requests to subgraphs that are under way at the same time are sent once.
    shared: Process,
    /// Not there where node is not.
    apollo: Option<Process>,
    /// Only passes bytes on: as little as the exchanges can cost.
    relay: Process,
}

/// Measures everything, and prints one table of figures and one of how they grow.
pub(crate) async fn all(options: &Options) -> Result<()> {
    let (before, home) = (load_average()?, tempfile::tempdir()?);
    let hansa = options.measured.binary()?;
    let subgraphs = Subgraphs::of_the_shop().await?;
    let file = home.path().join("supergraph.graphql");
    std::fs::write(&file, &subgraphs.supergraph)?;
    let apollo = match options.without_peer {
        true => None,
        false => process::apollo(&file)?,
    };
    let gateways = Gateways {
        alone: process::hansa(&hansa, &file, &[ALONE, ONE_THREAD])?,
        spread: process::hansa(&hansa, &file, &[ALONE])?,
        shared: process::hansa(&hansa, &file, &[ONE_THREAD])?,
        apollo,
        relay: process::relay([subgraphs.address("products")?, subgraphs.address("inventory")?])?,
    };
    let (mut table, mut growth) = (Table::default(), Table::default());
    planning::all(&subgraphs.supergraph, &mut table)?;
    answers::all(options, &gateways, &mut table).await?;
    growth::all(options, &gateways, &mut growth).await?;
    memory(&gateways, &mut table)?;
    drop(gateways);
    crowd::all(options, &hansa, &mut table).await?;
    table.print()?;
    growth.print()?;
    crate::table::line(format!("load average {before} before, {} after", load_average()?))
}

fn memory(gateways: &Gateways, table: &mut Table) -> Result<()> {
    let peak = |process: &Process| process.memory("VmHWM");
    let ours = peak(&gateways.alone)?;
    let beside = match &gateways.apollo {
        Some(apollo) => {
            let theirs = peak(apollo)?;
            format!("{APOLLO} {theirs:.0} MB ({:.1}×)", theirs / ours)
        }
        None => String::new(),
    };
    table.add(
        "peak memory of the gateway after all of this",
        format!("{ours:.0} MB"),
        "",
        beside,
    );
    Ok(())
}

/// The machine's load of the last minute.
pub(crate) fn load_average() -> Result<String> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').next().unwrap_or_default().to_owned())
}

/// A query as it is sent.
fn body(query: &str) -> Vec<u8> {
    json!({ "query": query }).to_string().into()
}

/// The answer of a gateway to a query, which must be one without errors.
async fn answer(gateway: &Process, query: &str) -> Result<(serde_json::Value, usize)> {
    let text = load::ask(gateway, &body(query)).await?;
    let answer: serde_json::Value = serde_json::from_slice(&text).context("an answer is JSON")?;
    ensure!(answer.get("errors").is_none() && answer["data"].is_object(), "{answer}");
    Ok((answer, text.len()))
}
