//! Reads: one series as of a day, its newest value, a panel of all series.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use financial_data::history::{DateRange, History};
use financial_data::ingest::Format;
use financial_data::question::{Pick, Question};
use financial_data::series::{Series, SeriesId};
use financial_data::store::{SeriesFilter, Store, Upload};
use platform_http::{Client, ClientSettings, Method};
use platform_service::{Clock, Host};

use crate::table::{Table, median, show};
use crate::{Options, data, open, peers};

/// A day by which most points of the walk were published.
const DAY: &str = "2022-06-30";
const TURNS: usize = 400;
const HISTORY: [&str; 5] = ["date", "revision_date", "value", "digits", "is_original_release"];

/// Series spread over the whole lake, so that few of them share a page.
fn sample(store: &Store, count: usize) -> Vec<Arc<Series>> {
    let (all, total) = store.list(&SeriesFilter::default(), None, usize::MAX);
    let step = (total / count).max(1) * 7 + 1;
    (0..count).map(|at| all[at * step % all.len()].clone()).collect()
}

fn day(text: &str) -> Result<i32> {
    Ok(text.parse::<chrono::NaiveDate>()?.to_epoch_days())
}

fn files(store: &Store) -> String {
    let paths = store.points_table().snapshot().file_paths();
    let local: Vec<&str> = paths.iter().map(|path| path.trim_start_matches("file://")).collect();
    serde_json::json!(local).to_string()
}

/// Every read, over the lake that the ingestion left in `home`.
pub(crate) async fn all(options: &Options, home: &Path, table: &mut Table) -> Result<()> {
    let lake = home.join("arrow");
    let store = open(&lake, "").await?;
    let series = sample(&store, 400);
    let (ids, names): (Vec<String>, Vec<&str>) = series
        .iter()
        .map(|series| (series.id.to_string(), series.external_id.as_str()))
        .unzip();
    // PostgreSQL has the series of the CSV file alone, and a peer without the series asked for answers at once.
    let end = data::name(options.series / 4);
    let names: Vec<&str> = names
        .into_iter()
        .filter(|name| *name < end.as_str())
        .take(100)
        .collect();
    let arrow = home.join("points.arrow").display().to_string();
    let postgres = peers::postgres_url();
    let arguments = [
        files(&store),
        serde_json::json!(ids).to_string(),
        serde_json::json!(names).to_string(),
        DAY.into(),
        arrow,
        postgres,
    ];
    let figures = peers::measure(&options.python, "series", &arguments)?;
    in_process(&store, &series, (&figures, table)).await?;
    drop(store);
    over_http(&lake, &series, (&figures, table)).await?;
    match &options.vintages {
        Some(file) => panel(options, file, table).await,
        None => Ok(()),
    }
}

async fn in_process(
    store: &Store,
    series: &[Arc<Series>],
    (figures, table): (&serde_json::Value, &mut Table),
) -> Result<()> {
    let as_of = day(DAY)?;
    let snapshot = store.points_table().snapshot();
    let from_files = median(TURNS, async |turn| {
        let batch = snapshot
            .read(&series[turn % series.len()].id.to_string(), &HISTORY)
            .await?;
        let points = History::from_batch(&batch)?.as_of(as_of, DateRange::ALL);
        ensure!(points.len() > 1_000, "a series has its points");
        Ok(())
    })
    .await?;
    let one = series[0].id;
    let cached = median(TURNS * 10, async |_| {
        let history = store.history(one).await.map_err(|error| anyhow!("{error}"))?;
        std::hint::black_box(history.as_of(as_of, DateRange::ALL).dates().len());
        Ok(())
    })
    .await?;
    let names = [
        ("DuckDB", "duckdb"),
        ("PostgreSQL", "postgres"),
        ("ArcticDB", "arcticdb"),
    ];
    let beside = |time: Duration| peers::beside(time.as_secs_f64(), figures, &names);
    table.add(
        "one series of 2,500 points as of a day, from files",
        show(from_files),
        "≤ 0.3 ms, 5× DuckDB",
        beside(from_files),
    );
    table.add("the same from cache", show(cached), "≤ 20 µs", beside(cached));
    Ok(())
}

async fn over_http(
    lake: &Path,
    series: &[Arc<Series>],
    (figures, table): (&serde_json::Value, &mut Table),
) -> Result<()> {
    let settings = format!(
        "[host]\ndata = {:?}\n[financial-data]\nport = 0\nmaintenance = false",
        lake.display().to_string()
    );
    let config = platform_config::Config::parse(&settings)?;
    let running = Host::new(config, Clock::system())
        .services([financial_data::service()])
        .start()
        .await;
    let running = running.map_err(|error| anyhow!("{error}"))?;
    let (_, address) = running
        .addresses()
        .iter()
        .next()
        .ok_or_else(|| anyhow!("the service listens"))?;
    let client = Client::new(&ClientSettings::default()).map_err(|error| anyhow!("{error}"))?;
    let base = format!("http://{address}");
    let get = async |path: String, body: Option<String>| -> Result<usize> {
        let request = match body {
            Some(body) => client
                .request(Method::POST, &format!("{base}{path}"))
                .header("content-type", "application/json")
                .body(body),
            None => client.get(&format!("{base}{path}")),
        };
        let answer = request.header("accept-encoding", "identity").send().await?;
        ensure!(answer.status().is_success(), "{path}: {}", answer.status());
        Ok(answer.bytes().await?.len())
    };
    let id = |turn: usize| series[turn % 50].id;
    let points = |id: SeriesId| format!("/api/v1/financial-data/series/{id}/points?as_of={DAY}&format=arrow");
    let arrow = median(TURNS, async |turn| {
        ensure!(get(points(id(turn)), None).await? > 10_000);
        Ok(())
    })
    .await?;
    let columns = |id: SeriesId| {
        let query = format!("{{ financialSeries(id: \"{id}\") {{ columns(asOf: \"{DAY}\") }} }}");
        serde_json::json!({ "query": query }).to_string()
    };
    let graphql = median(TURNS, async |turn| {
        ensure!(get("/graphql".into(), Some(columns(id(turn)))).await? > 10_000);
        Ok(())
    })
    .await?;
    let newest = |id: SeriesId| format!("/api/v1/financial-data/series/{id}/latest");
    let latest = median(TURNS, async |turn| {
        ensure!(get(newest(id(turn)), None).await? > 10);
        Ok(())
    })
    .await?;
    let names = [
        ("DuckDB in process", "duckdb"),
        ("PostgreSQL", "postgres"),
        ("ArcticDB in process", "arcticdb"),
    ];
    let beside = |time: Duration| peers::beside(time.as_secs_f64(), figures, &names);
    table.add("the same over HTTP as Arrow", show(arrow), "≤ 1.5 ms", beside(arrow));
    table.add(
        "the same over HTTP as GraphQL columns",
        show(graphql),
        "≤ 2.5 ms",
        beside(graphql),
    );
    let names = [
        ("DuckDB in process", "duckdb_latest"),
        ("PostgreSQL", "postgres_latest"),
    ];
    table.add(
        "newest value of one series over HTTP",
        show(latest),
        "< 1 ms",
        peers::beside(latest.as_secs_f64(), figures, &names),
    );
    running.stop().await;
    Ok(())
}

/// The as-of panel of all series of a real set of vintages.
async fn panel(options: &Options, file: &Path, table: &mut Table) -> Result<()> {
    let home = tempfile::tempdir()?;
    let store = open(home.path(), "").await?;
    let upload = Upload {
        source: Some("BBK".into()),
        ..Upload::default()
    };
    let report = store
        .upload(upload, Format::Parquet, std::fs::File::open(file)?)
        .await
        .map_err(|error| anyhow!("{error}"))?;
    ensure!(report.summary.failed == 0, "{:?}", report.errors.first());
    store.points_table().compact(platform_lake::Effort::Full).await?;
    let (series, total) = store.list(&SeriesFilter::default(), None, usize::MAX);
    let as_of = day("2019-06-30")?;
    let (cold, found) = cold_panel(home.path(), &series, as_of).await?;
    let warm = median(100, async |_| {
        std::hint::black_box(whole_panel(&store, &series, as_of).await?);
        Ok(())
    })
    .await?;
    let figures = peers::measure(&options.python, "panel", &[files(&store), "2019-06-30".into()])?;
    let what = format!("as-of panel of {total} series, {found} points");
    let beside = |time: Duration| peers::beside(time.as_secs_f64(), &figures, &[("DuckDB", "duckdb")]);
    table.add(format!("{what}, from files"), show(cold), "2× DuckDB", beside(cold));
    table.add(format!("{what}, from cache"), show(warm), "2× DuckDB", beside(warm));
    Ok(())
}

/// How many points a panel has.
async fn whole_panel(store: &Store, series: &[Arc<Series>], as_of: i32) -> Result<usize> {
    let question = Question {
        pick: Pick::AsOf(as_of),
        ..Question::default()
    };
    let asking = store.ask(question, series).await.map_err(|error| anyhow!("{error}"))?;
    let counts = asking.answers(series, |points| Ok(points.values().len())).await;
    Ok(counts.map_err(|error| anyhow!("{error}"))?.into_iter().sum())
}

/// The median time of the first panel of a store that was just opened, and how many points it has.
async fn cold_panel(home: &Path, series: &[Arc<Series>], as_of: i32) -> Result<(Duration, usize)> {
    let (mut times, mut found) = (Vec::new(), 0);
    for _ in 0..15 {
        let store = open(home, "").await?;
        let start = Instant::now();
        found = whole_panel(&store, series, as_of).await?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok((times[times.len() / 2], found))
}
