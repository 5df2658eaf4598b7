//! A simple query of many people through the gateway, `users` and PostgreSQL, beside its SQL alone.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{
    Options, bare,
    client::Connection,
    load::{Times, load},
    server::Server,
};
use crate::table::{Table, show};

/// The query.
pub(crate) const QUERY: &str = "{ me { id name email } }";
/// Between an answer and the next question of somebody who reads it.
const PAUSE: Duration = Duration::from_millis(100);

/// One person alone, all at once, and all with pauses.
pub(crate) async fn all(options: &Options, server: &Server, table: &mut Table) -> Result<()> {
    let (count, at_once) = (options.people, "all the time");
    one_by_one(server, table, (1, Duration::ZERO, "one person, all the time"), options).await?;
    let what = format!("{count} people, {at_once}");
    one_by_one(server, table, (count, Duration::ZERO, &what), options).await?;
    let what = format!("{count} people, a tenth of a second between answer and question");
    one_by_one(server, table, (count, PAUSE, &what), options).await
}

async fn one_by_one(
    server: &Server,
    table: &mut Table,
    (count, pause, what): (usize, Duration, &str),
    options: &Options,
) -> Result<()> {
    let goal = match count {
        1 => "",
        _ => "p95 < 20 ms",
    };
    // The first round warms up.
    ours(server, (count, pause), options.lasting() / 3).await?;
    let (mut ours_all, mut bare_all) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        bare_all.push(alone(server, (count, pause), options.lasting()).await?);
        ours_all.push(ours(server, (count, pause), options.lasting()).await?);
    }
    let (ours, bare) = (middle(ours_all), middle(bare_all));
    let ratio = |percent| bare.times.at(percent).as_secs_f64() / ours.times.at(percent).as_secs_f64();
    table.add(
        format!("the caller's profile through gateway, users and PostgreSQL, {what}: p50, p95, answers a second"),
        format!("{}; CPU of the process {}", ours.show(), show(ours.cpu)),
        goal,
        format!(
            "the same select over a pool of {}: {} (p95 {:.2}×)",
            bare::CONNECTIONS,
            bare.show(),
            ratio(95)
        ),
    );
    Ok(())
}

/// One round.
struct Round {
    times: Times,
    per_second: f64,
    /// Processor time of the server for one answer.
    cpu: Duration,
}

impl Round {
    fn show(&self) -> String {
        let (middle, late) = (show(self.times.at(50)), show(self.times.at(95)));
        format!("{middle}, {late}, {:.0}", self.per_second)
    }
}

fn middle(mut rounds: Vec<Round>) -> Round {
    rounds.sort_by_key(|round| round.times.at(95));
    rounds.swap_remove(rounds.len() / 2)
}

async fn ours(server: &Server, (count, pause): (usize, Duration), lasting: Duration) -> Result<Round> {
    let mut clients = Vec::new();
    for token in &server.tokens[..count] {
        let (mut connection, request) = (Connection::open(&server.gateway).await?, server.query(token, QUERY));
        clients.push(async move || {
            let answer = connection.ask(&request).await?;
            ensure!(
                answer.starts_with(br#"{"data":{"me":{"id""#),
                "{}",
                String::from_utf8_lossy(answer)
            );
            Ok(())
        });
    }
    let (start, before) = (Instant::now(), server.process.cpu()?);
    let times = load(clients, pause, lasting).await?;
    Ok(Round {
        per_second: times.count() as f64 / start.elapsed().as_secs_f64(),
        cpu: (server.process.cpu()? - before) / u32::try_from(times.count())?,
        times,
    })
}

async fn alone(server: &Server, (count, pause): (usize, Duration), lasting: Duration) -> Result<Round> {
    let pool = bare::pool(&server.postgres).await?;
    let people = server.people[..count].iter().map(|person| (pool.clone(), person.id));
    let clients = people.map(|(pool, id)| async move || bare::select(&pool, id).await.map(drop));
    let start = Instant::now();
    let times = load(clients.collect(), pause, lasting).await?;
    let per_second = times.count() as f64 / start.elapsed().as_secs_f64();
    pool.close().await;
    Ok(Round {
        per_second,
        cpu: Duration::ZERO,
        times,
    })
}
