//! A large and a small answer: equal on both gateways, and what they cost.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{Gateways, Options, answer, body, load, process::APOLLO};
use crate::table::{Table, show};

/// All four subgraphs, several times each.
pub(crate) const LARGE: &str = "
    fragment User on User { id username name }
    fragment Review on Review { id body }
    fragment Product on Product { inStock name price shippingEstimate upc weight }
    query Large {
      users {
        ...User
        reviews { ...Review product { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } } }
      }
      topProducts(first: 9) {
        ...Product
        reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } }
      }
    }";
/// Two subgraphs, the second with what the first said.
pub(crate) const SMALL: &str = "{ topProducts(first: 3) { upc name inStock } }";

/// Both answers on all gateways.
pub(crate) async fn all(options: &Options, gateways: &Gateways, table: &mut Table) -> Result<()> {
    let goals = [("large", LARGE, "≤ 0.5 ms, ≥ 40×"), ("small", SMALL, "≥ 40×")];
    for (name, query, goal) in goals {
        let (ours, size) = answer(&gateways.alone, query).await?;
        ensure!(
            answer(&gateways.shared, query).await?.0 == ours,
            "deduplication changes nothing"
        );
        if let Some(apollo) = &gateways.apollo {
            ensure!(answer(apollo, query).await?.0 == ours, "both gateways answer the same");
        }
        let mut processes = vec![&gateways.alone, &gateways.spread, &gateways.shared];
        processes.extend(&gateways.apollo);
        let costs = load::compare(&processes, &body(query), options.measured.seconds).await?;
        let (alone, spread, shared, apollo) = (costs[0], costs[1], costs[2], costs.get(3));
        let what = format!("{name} answer, {:.1} kB", size as f64 / 1e3);
        table.add(
            format!("{what}: CPU per request of the gateway, deduplication off"),
            show(alone.cpu),
            goal,
            beside(alone.cpu, apollo.map(|cost| cost.cpu)),
        );
        table.add(
            format!("{what}: the same with a thread for each core"),
            show(spread.cpu),
            "",
            beside(spread.cpu, apollo.map(|cost| cost.cpu)),
        );
        table.add(
            format!("{what}: CPU per request, deduplication on, 10 clients"),
            show(shared.cpu),
            "",
            beside(shared.cpu, apollo.map(|cost| cost.cpu)),
        );
        table.add(
            format!("{what}: median latency of one client"),
            show(alone.latency),
            "",
            beside(alone.latency, apollo.map(|cost| cost.latency)),
        );
    }
    let relay = load::compare(&[&gateways.relay], &body(SMALL), options.measured.seconds).await?[0];
    table.add(
        "the exchanges of the small answer alone: CPU per request of a program that only passes bytes",
        show(relay.cpu),
        "",
        String::new(),
    );
    Ok(())
}

/// How many times less than the peer.
pub(crate) fn beside(ours: Duration, theirs: Option<Duration>) -> String {
    match theirs {
        Some(theirs) => {
            let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
            format!("{APOLLO} {} ({ratio:.1}×)", show(theirs))
        }
        None => String::new(),
    }
}
