//! Timings, their medians, and the table they are printed in.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Result;

/// Rows of what was measured, with the goal where there is one.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    /// Adds a figure; a ratio says how many times better than the peer named in `beside`.
    pub(crate) fn add(&mut self, what: impl Into<String>, measured: String, goal: &str, beside: String) {
        let what = what.into();
        let _ = writeln!(std::io::stderr(), "{what}: {measured} {beside}");
        self.rows.push([what, measured, goal.to_string(), beside]);
    }

    /// Prints the table as Markdown.
    pub(crate) fn print(&self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "| what | measured | goal | beside peers in the same run |\n|---|---|---|---|"
        )?;
        for row in &self.rows {
            writeln!(out, "| {} |", row.join(" | "))?;
        }
        Ok(())
    }
}

/// The median of the times that `work` takes, after a tenth of them as a warm-up.
pub(crate) async fn median(turns: usize, mut work: impl AsyncFnMut(usize) -> Result<()>) -> Result<Duration> {
    for turn in 0..turns / 10 + 1 {
        work(turn).await?;
    }
    let mut times = Vec::with_capacity(turns);
    for turn in 0..turns {
        let start = Instant::now();
        work(turn).await?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[turns / 2])
}

/// A time as people read it.
pub(crate) fn show(time: Duration) -> String {
    match time.as_secs_f64() {
        s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

/// Prints a line between or after tables.
pub(crate) fn line(text: impl AsRef<str>) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "\n{}", text.as_ref())?)
}
