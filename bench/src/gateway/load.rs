//! Requests one after the other on some connections, and what they cost the gateway.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bytes::Bytes;
use futures::future::try_join_all;
use platform_http::{Client, ClientSettings};

use super::process::Process;

/// How many clients ask at the same time where the cost of a request is measured.
const CONNECTIONS: usize = 10;

/// What requests cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Processor time of the gateway for one.
    pub(crate) cpu: Duration,
    /// The median time that one takes where nobody else asks.
    pub(crate) latency: Duration,
}

/// The body of an answer.
pub(crate) async fn ask(gateway: &Process, body: &[u8]) -> Result<Bytes> {
    let client = Client::new(&ClientSettings::default()).map_err(|error| anyhow::anyhow!("{error}"))?;
    send(&client, gateway, body).await
}

async fn send(client: &Client, gateway: &Process, body: &[u8]) -> Result<Bytes> {
    // Only one of the gateways compresses, and what that costs is nobody's question here.
    let request = client
        .post(&gateway.url)
        .header("content-type", "application/json")
        .header("accept-encoding", "identity");
    let response = client
        .send(request.body(body.to_vec()))
        .await
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    ensure!(
        response.status().is_success(),
        "a gateway answered {}",
        response.status()
    );
    Ok(response.bytes().await?)
}

/// The cost of a query on each gateway: the median of three rounds, in which they take turns so that what else the
/// machine does meets all of them.
pub(crate) async fn compare(gateways: &[&Process], body: &[u8], seconds: f64) -> Result<Vec<Cost>> {
    let each = Duration::from_secs_f64(seconds);
    let mut rounds = vec![Vec::new(); gateways.len()];
    for gateway in gateways {
        cpu(gateway, body, each).await?;
    }
    for _ in 0..3 {
        for (gateway, costs) in gateways.iter().zip(&mut rounds) {
            let cpu = cpu(gateway, body, each).await?;
            let latency = latency(gateway, body, each / 2).await?;
            costs.push(Cost { cpu, latency });
        }
    }
    Ok(rounds.into_iter().map(middle).collect())
}

fn middle(mut costs: Vec<Cost>) -> Cost {
    let at = costs.len() / 2;
    costs.sort_unstable_by_key(|cost| cost.latency);
    let latency = costs[at].latency;
    costs.sort_unstable_by_key(|cost| cost.cpu);
    let cpu = costs[at].cpu;
    Cost { cpu, latency }
}

/// Processor time of a request while several clients ask.
pub(crate) async fn cpu(gateway: &Process, body: &[u8], lasting: Duration) -> Result<Duration> {
    let client = Client::new(&ClientSettings::default()).map_err(|error| anyhow::anyhow!("{error}"))?;
    let size = send(&client, gateway, body).await?.len();
    let (start, before) = (Instant::now(), gateway.cpu()?);
    let asking = (0..CONNECTIONS).map(|_| async {
        let mut answers = 0;
        while start.elapsed() < lasting {
            ensure!(
                send(&client, gateway, body).await?.len() == size,
                "all answers are equal"
            );
            answers += 1;
        }
        Ok(answers)
    });
    let answers: u32 = try_join_all(asking).await?.into_iter().sum();
    Ok((gateway.cpu()? - before) / answers)
}

async fn latency(gateway: &Process, body: &[u8], lasting: Duration) -> Result<Duration> {
    let client = Client::new(&ClientSettings::default()).map_err(|error| anyhow::anyhow!("{error}"))?;
    send(&client, gateway, body).await?;
    let (start, mut times) = (Instant::now(), Vec::new());
    while start.elapsed() < lasting || times.is_empty() {
        let sent = Instant::now();
        send(&client, gateway, body).await?;
        times.push(sent.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}
