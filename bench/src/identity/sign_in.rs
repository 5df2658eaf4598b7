//! Sign-ins, beside the hash that each of them takes.

use std::{
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use argon2::{Algorithm, Argon2, Params, Version};

use super::{Options, client::Connection, inside::PASSWORD, load::load, server::Server};
use crate::{
    gateway::process,
    table::{Table, show},
};

/// Each at an address of its own, as people are.
const CLIENTS: u8 = 8;

/// How much was done, and what it took.
#[derive(Clone, Copy)]
struct Rate {
    /// Processor time of one.
    cpu: Duration,
    per_second: f64,
}

/// Both in turns, three times.
pub(crate) async fn all(options: &Options, server: &Server, table: &mut Table) -> Result<()> {
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    let mut kept = Duration::ZERO;
    for _ in 0..3 {
        bare.push(tokio::task::block_in_place(|| hashes(options.lasting()))?);
        let (rate, median) = sign_ins(options.lasting(), server).await?;
        ours.push(rate);
        kept = median;
    }
    let (ours, bare) = (middle(ours), middle(bare));
    let ratio = bare.cpu.as_secs_f64() / ours.cpu.as_secs_f64();
    table.add(
        "sign-in by password: CPU of the process for one",
        show(ours.cpu),
        "limited by argon2: ≥ 0.9×",
        format!("argon2id alone {} ({ratio:.2}×)", show(bare.cpu)),
    );
    let ratio = ours.per_second / bare.per_second;
    table.add(
        format!("sign-ins a second by {CLIENTS} clients, PostgreSQL and clients on the same processors"),
        format!("{:.1}, median {}", ours.per_second, show(kept)),
        "",
        format!("argon2id alone {:.1} ({ratio:.2}×)", bare.per_second),
    );
    Ok(())
}

fn middle(mut rates: Vec<Rate>) -> Rate {
    rates.sort_unstable_by_key(|rate| rate.cpu);
    rates[rates.len() / 2]
}

async fn sign_ins(lasting: Duration, server: &Server) -> Result<(Rate, Duration)> {
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let mut connection = Connection::open_from(number + 1, &server.auth).await?;
        let people = server.people.iter().skip(number.into()).step_by(CLIENTS.into());
        let requests: Vec<_> = people.map(|person| server.credentials(person)).collect();
        let mut next = 0;
        clients.push(async move || {
            next += 1;
            connection.ask(&requests[next % requests.len()]).await.map(drop)
        });
    }
    let (start, before) = (Instant::now(), server.process.cpu()?);
    let times = load(clients, Duration::ZERO, lasting).await?;
    let rate = Rate {
        cpu: (server.process.cpu()? - before) / u32::try_from(times.count())?,
        per_second: times.count() as f64 / start.elapsed().as_secs_f64(),
    };
    Ok((rate, times.at(50)))
}

/// Hashes with the settings' parameters on every processor.
fn hashes(lasting: Duration) -> Result<Rate> {
    let params = Params::new(19 << 10, 2, 1, None).map_err(|error| anyhow!("{error}"))?;
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (start, before) = (Instant::now(), process::cpu(std::process::id())?);
    let hash = || {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let (mut count, mut out) = (0_u32, [0; 32]);
        while start.elapsed() < lasting {
            let hashed = argon2.hash_password_into(PASSWORD.as_bytes(), &[count as u8; 16], &mut out);
            hashed.map_err(|error| anyhow!("{error}"))?;
            count += 1;
        }
        Ok::<_, anyhow::Error>(count)
    };
    let counts = thread::scope(|scope| {
        let hashing: Vec<_> = (0..threads).map(|_| scope.spawn(hash)).collect();
        let joined = hashing
            .into_iter()
            .map(|thread| thread.join().expect("hashing does not panic"));
        joined.collect::<Result<Vec<_>>>()
    })?;
    let count: u32 = counts.into_iter().sum();
    Ok(Rate {
        cpu: (process::cpu(std::process::id())? - before) / count,
        per_second: f64::from(count) / start.elapsed().as_secs_f64(),
    })
}
