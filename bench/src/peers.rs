//! Peers are measured by one Python script that prints JSON.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

const SCRIPT: &str = include_str!("../peers.py");

/// Figures of one part of the script, or nothing where Python or a package is missing.
pub(crate) fn measure(python: &Path, part: &str, arguments: &[String]) -> Result<Value> {
    let output = Command::new(python).args(["-c", SCRIPT, part]).args(arguments).output();
    let output = output.with_context(|| format!("{} does not start", python.display()))?;
    ensure!(
        output.status.success(),
        "{part}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// How many times faster than a peer's seconds: `DuckDB 2.51 ms (16.7×)`.
pub(crate) fn beside(ours: f64, figures: &Value, names: &[(&str, &str)]) -> String {
    let peer = |(name, key): &(&str, &str)| {
        let theirs = figures.get(*key)?.as_f64()?;
        let time = crate::table::show(std::time::Duration::from_secs_f64(theirs));
        Some(format!("{name} {time} ({:.1}×)", theirs / ours))
    };
    names.iter().filter_map(peer).collect::<Vec<_>>().join(", ")
}

/// The PostgreSQL to measure: the one in `BENCH_POSTGRES`, or the machine's own on its usual port.
#[expect(clippy::disallowed_methods, reason = "the peers are other programs")]
pub(crate) fn postgres_url() -> String {
    std::env::var("BENCH_POSTGRES").unwrap_or_else(|_| "postgresql://postgres@127.0.0.1:5432/test".to_string())
}
