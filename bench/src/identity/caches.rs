//! Caches: what a value costs that is kept here, in Redis or nowhere, and how much is kept, beside moka and Redis alone.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use futures::future::{join_all, try_join_all};
use platform_cache::{Cache, Caches, Spec};
use platform_config::Config;
use platform_error::Error;
use platform_service::{Clock, Context};
use serde::{Deserialize, Serialize};

use super::{
    beside,
    load::{CALLS, Times, many, per_call},
    ours,
    zipf::Zipf,
};
use crate::table::{Table, show};

/// Who waits for one value.
const WAITING: usize = 1_000;
/// How long it takes to load.
const LOADING: Duration = Duration::from_millis(20);
/// Different values that are asked for, and how many of them are kept.
const WANTED: usize = 100_000;
const KEPT: usize = 10_000;
const DRAWN: usize = 500_000;
/// Turns of what is measured once per turn.
const TURNS: usize = 15;

/// A value as services cache them.
#[derive(Clone, Serialize, Deserialize)]
struct Profile {
    id: usize,
    email: String,
    name: String,
}

impl Profile {
    fn new(id: usize) -> Self {
        Self {
            id,
            email: format!("person{id:06}@example.com"),
            name: format!("Person {id:06}"),
        }
    }
}

/// A process of its own as far as caches know: it shares nothing with another but Redis.
struct Process {
    context: Context,
    cache: Cache<Profile>,
}

impl Process {
    fn new(settings: &str) -> Result<Self> {
        let config = Config::parse(&format!("[cache]\n{settings}"))?;
        let context = Context::standalone("bench", config, Clock::system(), Path::new("."));
        let caches = Caches::open(&context).map_err(ours)?;
        let cache = caches.cache(Spec::new("profiles", 1));
        Ok(Self { context, cache })
    }

    async fn get(&self, id: usize) -> Result<()> {
        let load = move || async move { Ok::<_, Error>(Some(Profile::new(id))) };
        let found = self.cache.get(&key(id), load).await.map_err(ours)?;
        ensure!(found.is_some_and(|found| found.id == id), "the value of its key");
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.context.shutdown().cancel();
    }
}

fn key(id: usize) -> String {
    format!("{id:08}")
}

/// Everything about caches.
pub(crate) async fn all(redis: &str, table: &mut Table) -> Result<()> {
    let settings = format!("redis = \"{redis}\"");
    here(table).await?;
    shared(&settings, redis, table).await?;
    stampede(&settings, table).await?;
    hit_rate(table).await
}

async fn here(table: &mut Table) -> Result<()> {
    let process = Process::new("")?;
    let moka = moka::future::Cache::<String, Profile>::new(KEPT as u64);
    for id in 0..1_000 {
        process.get(id).await?;
        moka.insert(key(id), Profile::new(id)).await;
    }
    let theirs = per_call(async |at| {
        let found = moka.get(&key(at % 1_000)).await;
        ensure!(found.is_some(), "it is kept");
        Ok(())
    })
    .await?;
    let hit = per_call(async |at| process.get(at % 1_000).await).await?;
    table.add(
        "a cached value that this process has",
        show(hit),
        "",
        beside(hit, &[("moka", theirs)]),
    );
    let missed = per_call(async |at| process.get(1_000 + at).await).await?;
    let theirs = per_call(async |at| {
        moka.get_with(key(1_000 + at), async { Profile::new(1_000 + at) }).await;
        Ok(())
    })
    .await?;
    let peers = [("moka's get_with", theirs)];
    table.add(
        "one that it has to load, the load itself free",
        show(missed),
        "",
        beside(missed, &peers),
    );
    Ok(())
}

async fn shared(settings: &str, redis: &str, table: &mut Table) -> Result<()> {
    let [first, second, third] = [
        Process::new(settings)?,
        Process::new(settings)?,
        Process::new(settings)?,
    ];
    let missed = per_call(async |at| first.get(at).await).await?;
    let link = redis::Client::open(redis)?.get_connection_manager().await?;
    let bare = async |at: usize| {
        let place = format!("hansa:profiles:v1:value:{}", key(at));
        let found: Option<String> = redis::cmd("GET").arg(place).query_async(&mut link.clone()).await?;
        ensure!(found.is_some(), "it was put there");
        Ok(())
    };
    let get = per_call(&bare).await?;
    let hit = per_call(async |at| second.get(at).await).await?;
    let peer = [("Redis GET", get)];
    table.add("a cached value that Redis has", show(hit), "", beside(hit, &peer));
    let get = many(CALLS, 100, &bare).await? / CALLS as u32;
    let hit = many(CALLS, 100, async |at| third.get(at).await).await? / CALLS as u32;
    let what = "the same, a hundred at a time, for each";
    table.add(what, show(hit), "", beside(hit, &[("Redis GET", get)]));
    let what = "one that neither has: asked, locked, loaded, stored in Redis";
    table.add(what, show(missed), "", beside(missed, &peer));
    Ok(())
}

/// Everybody wants a value that nobody has.
async fn stampede(settings: &str, table: &mut Table) -> Result<()> {
    let (alone, one, two) = (Process::new("")?, Process::new(settings)?, Process::new(settings)?);
    let moka = moka::future::Cache::<String, Profile>::new(KEPT as u64);
    let (mut here, mut across, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..TURNS {
        here.push(rush(&[&alone], CALLS + turn).await?);
        across.push(rush(&[&one, &two], CALLS + turn).await?);
        let start = Instant::now();
        let load = || async {
            tokio::time::sleep(LOADING).await;
            Profile::new(turn)
        };
        join_all((0..WAITING).map(|_| moka.get_with(key(turn), load()))).await;
        theirs.push(start.elapsed());
    }
    let [here, across, theirs] = [here, across, theirs].map(|times| Times::new(times).at(50));
    table.add(
        format!("{WAITING} wait for one load of {}: loads, time", show(LOADING)),
        format!("1, {}", show(here)),
        "1 load",
        beside(here, &[("moka's get_with", theirs)]),
    );
    table.add(
        "the same across two processes with Redis: loads, time",
        format!("1, {}", show(across)),
        "1 load",
        String::new(),
    );
    Ok(())
}

async fn rush(processes: &[&Process], id: usize) -> Result<Duration> {
    let loads = Arc::new(AtomicUsize::default());
    let wait = |number: usize| {
        let (process, loads) = (processes[number % processes.len()], loads.clone());
        let load = move || async move {
            loads.fetch_add(1, SeqCst);
            tokio::time::sleep(LOADING).await;
            Ok::<_, Error>(Some(Profile::new(id)))
        };
        async move { process.cache.get(&key(id), load).await.map_err(ours) }
    };
    let start = Instant::now();
    let found = try_join_all((0..WAITING).map(wait)).await?;
    let time = start.elapsed();
    ensure!(found.iter().all(Option::is_some), "everybody has it");
    ensure!(loads.load(SeqCst) == 1, "{} loads", loads.load(SeqCst));
    Ok(time)
}

/// Many values of which some are wanted often, and room for a tenth of them.
async fn hit_rate(table: &mut Table) -> Result<()> {
    let one = serde_json::to_vec(&Profile::new(0))?.len() + key(0).len() + 128;
    let process = Process::new(&format!("memory = \"{}B\"", one * KEPT))?;
    let moka = moka::future::Cache::<String, Profile>::new(KEPT as u64);
    let (loads, mut theirs) = (Arc::new(AtomicUsize::default()), 0);
    let mut zipf = Zipf::new(WANTED);
    let (mut ours_took, mut theirs_took) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..DRAWN {
        let id = zipf.draw();
        let counted = loads.clone();
        let start = Instant::now();
        let load = move || async move {
            counted.fetch_add(1, SeqCst);
            Ok::<_, Error>(Some(Profile::new(id)))
        };
        process.cache.get(&key(id), load).await.map_err(ours)?;
        ours_took += start.elapsed();
        let start = Instant::now();
        let load = async {
            theirs += 1;
            Profile::new(id)
        };
        moka.get_with(key(id), load).await;
        theirs_took += start.elapsed();
    }
    let rate = |loads: usize| 100.0 - loads as f64 * 100.0 / DRAWN as f64;
    let best = zipf.share_of(KEPT) * 100.0;
    table.add(
        format!("hit rate of {DRAWN} requests for {WANTED} values by Zipf's law, a tenth of which fit; time of one"),
        format!("{:.1} %, {}", rate(loads.load(SeqCst)), show(ours_took / DRAWN as u32)),
        "",
        format!(
            "moka {:.1} %, {}; the most wanted tenth is {best:.1} % of requests",
            rate(theirs),
            show(theirs_took / DRAWN as u32)
        ),
    );
    Ok(())
}
