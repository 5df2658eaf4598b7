//! The planning of operations that nobody has sent before.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use federation_gateway::Supergraph;

use super::answers::{LARGE, SMALL};
use crate::table::{Table, show};

const OPERATIONS: usize = 400;
const BUDGET: platform_config::Duration = platform_config::Duration(Duration::from_secs(5));

/// Reading, validating and planning, in this process; and what it takes to read the supergraph once.
pub(crate) fn all(sdl: &str, table: &mut Table) -> Result<()> {
    let start = Instant::now();
    let supergraph = Supergraph::parse(sdl).map_err(|error| anyhow!("{error}"))?;
    let parsing = start.elapsed();
    for (name, query) in [("large", LARGE), ("small", SMALL)] {
        let mut times = Vec::with_capacity(OPERATIONS);
        for turn in 0..OPERATIONS {
            // Another name for a field makes another operation.
            let query = query.replacen("topProducts", &format!("best{turn}: topProducts"), 1);
            let start = Instant::now();
            let plan = supergraph.plan(&query, None, BUDGET);
            times.push(start.elapsed());
            black_box(plan.map_err(|faults| anyhow!("{faults:?}"))?);
        }
        times.sort_unstable();
        table.add(
            format!("planning of the {name} query, never seen before: median, 99th of 100"),
            format!(
                "{}, {}",
                show(times[OPERATIONS / 2]),
                show(times[OPERATIONS * 99 / 100])
            ),
            "< 2 ms",
            String::new(),
        );
    }
    table.add("reading the supergraph", show(parsing), "", String::new());
    Ok(())
}
