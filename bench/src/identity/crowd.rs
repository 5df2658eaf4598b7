//! Ten thousand connections to one process, each of which asks at the same moment and stays open.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};

use super::{Options, bare, client::Connection, load::Times, queries::QUERY, server::Server};
use crate::{
    gateway::process,
    table::{Table, show},
};

/// Connections that are being made at the same time.
const AT_ONCE: usize = 64;
/// Files that a process opens besides the connections.
const OTHER_FILES: usize = 300;
/// Long enough to see what connections hold on to that do nothing.
const QUIET: Duration = Duration::from_secs(5);

/// Opens the connections, keeps them quiet for a while, then lets all of them ask at once, twice.
pub(crate) async fn all(options: &Options, server: &Server, table: &mut Table) -> Result<()> {
    let limit = server
        .process
        .raise_files()?
        .min(process::raise_files(std::process::id())?);
    let count = options.connections.min(limit.saturating_sub(OTHER_FILES));
    let requests: Vec<_> = server.tokens.iter().map(|token| server.query(token, QUERY)).collect();
    let idle = server.process.memory("VmRSS")?;
    let opening = stream::iter(0..count).map(|number| {
        let request = &requests[number % requests.len()];
        async move {
            let mut connection = Connection::open(&server.gateway).await?;
            connection.ask(request).await?;
            Ok::<_, anyhow::Error>((connection, request))
        }
    });
    let mut connections: Vec<_> = opening.buffer_unordered(AT_ONCE).try_collect().await?;
    tokio::time::sleep(QUIET).await;
    let held = server.process.memory("VmRSS")?;
    let mut rounds = Vec::new();
    for _ in 0..2 {
        let start = Instant::now();
        let asking = connections.iter_mut().map(|(connection, request)| async move {
            let answer = connection.ask(request).await?;
            ensure!(
                answer.starts_with(br#"{"data":{"me":{"id""#),
                "{}",
                String::from_utf8_lossy(answer)
            );
            Ok(start.elapsed())
        });
        rounds.push(Times::new(try_join_all(asking).await?));
    }
    let (times, alone) = (rounds.swap_remove(1), alone(server, count).await?);
    let ratio = alone.at(100).as_secs_f64() / times.at(100).as_secs_f64();
    table.add(
        format!("{count} keep-alive connections that all ask at once: answered, median, last"),
        format!("{}, {}, {}", times.count(), show(times.at(50)), show(times.at(100))),
        "all",
        format!(
            "the same select by {count} tasks over a pool of {}: {}, {} ({ratio:.2}×)",
            bare::CONNECTIONS,
            show(alone.at(50)),
            show(alone.at(100))
        ),
    );
    let peak = server.process.memory("VmHWM")?;
    table.add(
        format!("memory of the process with {count} quiet connections, and its peak"),
        format!(
            "{held:.0} MB, {peak:.0} MB; {:.1} kB each",
            (held - idle) * 1e3 / count as f64
        ),
        "",
        String::new(),
    );
    Ok(())
}

async fn alone(server: &Server, count: usize) -> Result<Times> {
    let pool = bare::pool(&server.postgres).await?;
    let start = Instant::now();
    let people = server.people.iter().cycle().take(count);
    let asking = people.map(|person| async {
        bare::select(&pool, person.id).await?;
        Ok::<_, anyhow::Error>(start.elapsed())
    });
    let times = try_join_all(asking).await?;
    pool.close().await;
    Ok(Times::new(times))
}
