//! Subscriptions: many clients that hear every event soon, and many connections that hear nothing.

mod client;

use std::{
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use self::client::Client;
use super::{
    Options,
    process::{self, Process},
    subgraphs::{Feed, Subgraphs},
};
use crate::table::{Table, show};

const CLIENTS: usize = 1_000;
const EVENTS: usize = 100;
const PAUSE: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(120);
/// Connections that are being made at the same time.
const AT_ONCE: usize = 64;
/// Files that a process opens besides the connections.
const OTHER_FILES: usize = 200;
/// So many clients of one address are more than a gateway takes unless it is told to.
const SETTINGS: [&str; 3] = [
    "gateway.subscriptions.protocol=sse",
    "gateway.subscriptions.per-client=1000000",
    "connections.most=1000000",
];

/// What all clients of a crowd know.
pub(crate) struct Crowd {
    /// When each event was sent.
    sent: Vec<OnceLock<Instant>>,
    /// Clients that have heard something.
    joined: AtomicUsize,
}

/// Both crowds.
pub(crate) async fn all(options: &Options, hansa: &Path, table: &mut Table) -> Result<()> {
    if options.connections == 0 {
        return Ok(());
    }
    delivery(hansa, table).await?;
    connections(options.connections, hansa, table).await
}

async fn delivery(hansa: &Path, table: &mut Table) -> Result<()> {
    let (feed, home) = (Feed::new(), tempfile::tempdir()?);
    let (subgraphs, gateway) = start(&feed, hansa, home.path()).await?;
    let limit = gateway.raise_files()?.min(process::raise_files(std::process::id())?);
    ensure!(limit > CLIENTS + OTHER_FILES, "the machine grants {limit} open files");
    let (crowd, mut listening) = gather(&gateway, &feed, CLIENTS).await?;
    let before = gateway.cpu()?;
    for (number, sent) in (0..).zip(&crowd.sent) {
        sent.get_or_init(Instant::now);
        feed.send(number);
        sleep(PAUSE).await;
    }
    let mut delays = Vec::with_capacity(CLIENTS * EVENTS);
    while let Some(heard) = timeout(PATIENCE, listening.join_next()).await? {
        delays.extend(heard??);
    }
    let cpu = (gateway.cpu()? - before) / u32::try_from(delays.len())?;
    delays.sort_unstable();
    let (middle, last) = (delays[delays.len() / 2], delays[delays.len() * 99 / 100]);
    table.add(
        format!("a subscription of {CLIENTS} clients, {EVENTS} events joined with a second subgraph: median delivery, 99th of 100"),
        format!("{}, {}", show(middle), show(last)),
        "< 10 ms",
        String::new(),
    );
    table.add(
        "events lost, and CPU of the gateway for each that is delivered",
        format!("{}, {}", CLIENTS * EVENTS - delays.len(), show(cpu)),
        "0",
        String::new(),
    );
    drop(subgraphs);
    Ok(())
}

async fn connections(wanted: usize, hansa: &Path, table: &mut Table) -> Result<()> {
    let (feed, home) = (Feed::new(), tempfile::tempdir()?);
    let (subgraphs, gateway) = start(&feed, hansa, home.path()).await?;
    let limit = gateway.raise_files()?.min(process::raise_files(std::process::id())?);
    let count = wanted.min(limit.saturating_sub(OTHER_FILES));
    let idle = gateway.memory("VmRSS")?;
    let (_crowd, listening) = gather(&gateway, &feed, count).await?;
    // Longer than two heartbeats, which every connection has to answer.
    sleep(Duration::from_secs(25)).await;
    ensure!(listening.len() == count, "every client still listens");
    let (now, peak) = (gateway.memory("VmRSS")?, gateway.memory("VmHWM")?);
    let what = match count == wanted {
        true => format!("memory of {count} open WebSockets, each with a subscription: now, peak"),
        false => format!("memory of {count} open WebSockets (more files than {limit} are refused): now, peak"),
    };
    let each = (now - idle) * 1e3 / count as f64;
    table.add(
        what,
        format!("{now:.0} MB, {peak:.0} MB; {each:.1} kB each"),
        "≤ 1 GB",
        String::new(),
    );
    drop(subgraphs);
    Ok(())
}

async fn start(feed: &Feed, hansa: &Path, home: &Path) -> Result<(Subgraphs, Process)> {
    let subgraphs = Subgraphs::with_events(feed).await?;
    let file = home.join("supergraph.graphql");
    std::fs::write(&file, &subgraphs.supergraph)?;
    let gateway = process::hansa(hansa, &file, &SETTINGS)?;
    Ok((subgraphs, gateway))
}

/// Opens connections, subscribes on each, and waits until every client has heard an event.
async fn gather(gateway: &Process, feed: &Feed, count: usize) -> Result<(Arc<Crowd>, JoinSet<Result<Vec<Duration>>>)> {
    let crowd = Arc::new(Crowd {
        sent: (0..EVENTS).map(|_| OnceLock::new()).collect(),
        joined: AtomicUsize::new(0),
    });
    let mut listening = JoinSet::new();
    let mut opening = stream::iter(0..count)
        .map(|_| Client::open(&gateway.url))
        .buffer_unordered(AT_ONCE);
    while let Some(client) = opening.try_next().await? {
        listening.spawn(client.listen(crowd.clone()));
    }
    let start = Instant::now();
    while crowd.joined.load(Relaxed) < count {
        ensure!(
            start.elapsed() < PATIENCE,
            "{} of {count} clients hear",
            crowd.joined.load(Relaxed)
        );
        feed.send(-1);
        sleep(Duration::from_secs(1)).await;
    }
    Ok((crowd, listening))
}
