//! Writes: bulk ingestion to a committed snapshot, small batches, size on disk, work within a memory limit.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use financial_data::history::DateRange;
use financial_data::ingest::{Format, Head, Rows, SeriesName};
use financial_data::store::{Store, Upload};
use platform_lake::Effort;

use crate::table::{Table, show};
use crate::{Options, data, open, peers};

fn upload() -> Upload {
    Upload {
        source: Some("BENCH".into()),
        ..Upload::default()
    }
}

/// Seconds from an upload's first byte to its committed snapshot.
async fn store_file(store: &Store, file: &Path, format: Format, points: usize) -> Result<f64> {
    let start = Instant::now();
    let report = store
        .upload(upload(), format, std::fs::File::open(file)?)
        .await
        .map_err(|error| anyhow!("{error}"))?;
    ensure!(report.summary.successful as usize == points, "{:?}", report.summary);
    Ok(start.elapsed().as_secs_f64())
}

/// Ingestion from Arrow, CSV and NDJSON; the lake of the first stays in `home/arrow`, compacted.
pub(crate) async fn ingestion(options: &Options, home: &Path, table: &mut Table) -> Result<()> {
    let (arrow, csv, json) = (
        home.join("points.arrow"),
        home.join("points.csv"),
        home.join("points.ndjson"),
    );
    let (all, some) = (options.series, options.series / 4);
    data::write_arrow(&arrow, all)?;
    data::write_lines(&csv, some, false)?;
    data::write_lines(&json, some, true)?;
    let copy = peers::measure(
        &options.python,
        "copy",
        &[csv.display().to_string(), peers::postgres_url()],
    )?;
    let theirs = copy
        .get("postgres")
        .and_then(serde_json::Value::as_f64)
        .map(|seconds| (some * data::POINTS) as f64 / seconds);
    let parts = [
        ("Arrow", arrow, Format::ArrowStream, all, "≥ 3 M/s, 3× COPY"),
        ("CSV", csv, Format::Csv, some, "≥ 1 M/s"),
        ("NDJSON", json, Format::Ndjson, some, "≥ 0.5 M/s"),
    ];
    for (name, file, format, series, goal) in parts {
        let mut rates = Vec::new();
        for turn in 0..3 {
            let place = home.join(if turn == 0 {
                name.to_lowercase()
            } else {
                format!("{name}{turn}")
            });
            let store = open(&place, "").await?;
            rates
                .push((series * data::POINTS) as f64 / store_file(&store, &file, format, series * data::POINTS).await?);
        }
        rates.sort_by(f64::total_cmp);
        let beside = theirs.map(|theirs| {
            format!(
                "PostgreSQL COPY with a btree {:.2} M/s ({:.1}×)",
                theirs / 1e6,
                rates[1] / theirs
            )
        });
        table.add(
            format!("ingestion from {name} to a committed snapshot"),
            format!("{:.2} M points/s", rates[1] / 1e6),
            goal,
            beside.unwrap_or_default(),
        );
    }
    let store = open(&home.join("arrow"), "").await?;
    let start = Instant::now();
    store.points_table().compact(Effort::Full).await?;
    let rate = (all * data::POINTS) as f64 / start.elapsed().as_secs_f64() / 1e6;
    let snapshot = store.points_table().snapshot();
    let size = snapshot.stored_bytes() as f64 / snapshot.stored_rows() as f64;
    table.add("compaction", format!("{rate:.2} M points/s"), "", String::new());
    table.add("stored size", format!("{size:.2} bytes a point"), "≤ 6", String::new());
    Ok(())
}

/// A batch of 1,000 points of one of a thousand series.
fn batch(turn: usize) -> Rows {
    let mut rows = Rows {
        names: vec![SeriesName::External {
            source: None,
            external_id: data::name(turn % 1_000).into(),
        }],
        ..Rows::default()
    };
    for at in 0..1_000_i32 {
        rows.series.push(0);
        rows.dates.push(turn as i32 / 1_000 * 1_000 + at - 20_000);
        rows.values.push(i128::from(at) * 1_000_003 * 10_i128.pow(6));
        rows.digits.push(4);
        rows.revisions.push(19_000);
        rows.originals.push(-1);
        rows.numbers.push(at as u64 + 1);
    }
    rows
}

async fn send(store: &Store, turn: usize) -> Result<Duration> {
    let start = Instant::now();
    let stored = store.upload_rows(upload(), Head::default(), vec![batch(turn)]).await;
    stored.map_err(|error| anyhow!("{error}"))?;
    Ok(start.elapsed())
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Batches of 1,000 points: alone, from 64 writers, and many of them with compaction running.
pub(crate) async fn batches(options: &Options, table: &mut Table) -> Result<()> {
    let home = tempfile::tempdir()?;
    let store = open(home.path(), "").await?;
    for turn in 0..1_000 {
        let names = vec![batch(turn).names.swap_remove(0)];
        store
            .upload_rows(
                upload(),
                Head::default(),
                vec![Rows {
                    names,
                    ..Rows::default()
                }],
            )
            .await
            .map_err(|error| anyhow!("{error}"))?;
    }
    let mut alone = Vec::new();
    for turn in 0..300 {
        alone.push(send(&store, turn).await?);
    }
    table.add(
        "a batch of 1,000 points, acknowledged, alone",
        show(middle(alone)),
        "≤ 15 ms",
        String::new(),
    );

    let maintenance = store.context().clone();
    store.context().spawn("maintenance", {
        let store = store.clone();
        async move { drop(Store::maintain(maintenance, store).await) }
    });
    let (start, each) = (Instant::now(), 40);
    let writer = |writer: usize| {
        let store = store.clone();
        async move {
            for turn in 0..each {
                send(&store, 1_000 + writer * each + turn).await?;
            }
            anyhow::Ok(())
        }
    };
    futures::future::try_join_all((0..64).map(writer)).await?;
    let rate = (64 * each) as f64 / start.elapsed().as_secs_f64();
    table.add(
        "batches of 1,000 points from 64 writers",
        format!("{rate:.0} a second"),
        "≥ 500",
        String::new(),
    );

    let (mut times, writers) = (Vec::new(), 16);
    for round in 0..options.batches / writers {
        let sent = (0..writers).map(|writer| send(&store, 4_000 + round * writers + writer));
        times.push(middle(futures::future::try_join_all(sent).await?));
    }
    let tenth = times.len() / 10;
    let (first, last) = (
        middle(times[..tenth].to_vec()),
        middle(times[times.len() - tenth..].to_vec()),
    );
    let what = format!(
        "median latency of {} batches with compaction running: first tenth, last tenth",
        options.batches
    );
    table.add(what, format!("{}, {}", show(first), show(last)), "flat", String::new());
    store.context().shutdown().cancel();
    Ok(())
}

/// Ingestion and compaction within 512 MB, measured in a process of its own.
pub(crate) fn memory(options: &Options, table: &mut Table) -> Result<()> {
    if options.million == 0 {
        return Ok(());
    }
    let home = tempfile::tempdir()?;
    let arguments = ["--million", &options.million.to_string(), "--inside"];
    let output = std::process::Command::new(std::env::current_exe()?)
        .args(arguments)
        .arg(home.path())
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).trim().to_string();
    table.add(
        format!(
            "peak memory of a process that stores and compacts {} million points",
            options.million
        ),
        said,
        "≤ 512 MB",
        String::new(),
    );
    Ok(())
}

/// The process of [`memory`]: stores, compacts, reads once and prints its peak.
pub(crate) async fn within_memory(home: &Path, million: usize) -> Result<()> {
    use std::io::Write;
    let (series, file) = (million * 1_000_000 / data::POINTS, home.join("points.arrow"));
    data::write_arrow(&file, series)?;
    let store = open(&home.join("lake"), "[lake]\nmemory-limit = \"384MB\"").await?;
    store_file(&store, &file, Format::ArrowStream, series * data::POINTS).await?;
    let stored = peak()?;
    store.points_table().compact(Effort::Full).await?;
    let compacted = peak()?;
    let some = store.find(&data::name(series / 2), Some("BENCH"))?;
    let history = store.history(some.id).await.map_err(|error| anyhow!("{error}"))?;
    ensure!(
        history.latest(DateRange::ALL).len() == data::POINTS,
        "every point is there"
    );
    let most = stored.max(compacted).max(peak()?);
    writeln!(
        std::io::stdout(),
        "{most:.0} MB ({stored:.0} while storing, {compacted:.0} while compacting)"
    )?;
    Ok(())
}

/// The most megabytes this process had resident since it was last asked.
fn peak() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let most = most.unwrap_or_default().trim().trim_end_matches(" kB").parse::<f64>()?;
    std::fs::write("/proc/self/clear_refs", "5")?;
    Ok(most / 1_000.0)
}
