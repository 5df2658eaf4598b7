//! Any sequence of writes, rewrites, withdrawals, deletes, compactions and expiries reads as a naive model says, at
//! any as-of date and any snapshot.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use financial_data::history::DateRange;
use financial_data::ingest::{Head, Rows, SeriesName, WITHDRAWN};
use financial_data::series::{SeriesId, SourceId};
use financial_data::store::{Store, Upload};
use financial_data::value::Value;
use platform_config::Config;
use platform_lake::{Effort, Moment, Retention};
use platform_service::{Clock, Context};
use proptest::prelude::*;

const SERIES: [&str; 3] = ["a", "b", "c"];

/// A row: series, observation date, revision date, value or withdrawal.
type Row = (usize, i32, i32, Option<i32>);

#[derive(Clone, Debug)]
enum Step {
    Write(Vec<Row>),
    Delete(usize),
    CompactDue,
    CompactFull,
    Expire(usize),
    Sweep,
    Reopen,
}

/// Every stored revision: series, date and revision date to value.
type Model = BTreeMap<(usize, i32, i32), Option<i32>>;

fn step() -> impl Strategy<Value = Step> {
    let row = (
        0..3_usize,
        0..6_i32,
        100..106_i32,
        proptest::option::weighted(0.8, -500..500_i32),
    );
    prop_oneof![
        8 => proptest::collection::vec(row, 1..12).prop_map(Step::Write),
        1 => (0..3_usize).prop_map(Step::Delete),
        1 => Just(Step::CompactDue),
        2 => Just(Step::CompactFull),
        1 => (1..4_usize).prop_map(Step::Expire),
        1 => Just(Step::Sweep),
        1 => Just(Step::Reopen),
    ]
}

fn id(series: usize) -> SeriesId {
    SeriesId::of(SourceId::of("TEST"), SERIES[series])
}

/// The rows of a write; of rows with one key the last stands, as the model has it.
fn rows(write: &[Row]) -> Rows {
    let mut out = Rows::default();
    let unique: Model = write
        .iter()
        .map(|(series, date, revision, value)| ((*series, *date, *revision), *value))
        .collect();
    for name in SERIES {
        out.names.push(SeriesName::External {
            source: Some("TEST".into()),
            external_id: name.into(),
        });
    }
    for (number, ((series, date, revision), value)) in (1..).zip(unique) {
        let value = value.map(|value| Value::parse(&format!("{value}.25")).unwrap());
        out.series.push(series as u32);
        out.dates.push(date);
        out.values.push(value.map_or(0, Value::unscaled));
        out.digits.push(value.map_or(WITHDRAWN, |value| value.digits() as i8));
        out.revisions.push(revision);
        out.originals.push(-1);
        out.numbers.push(number);
    }
    out
}

/// What the model knew of a series on a day.
fn as_of(model: &Model, series: usize, day: i32) -> Vec<(i32, Option<String>)> {
    let mut known = BTreeMap::new();
    for ((_, date, revision), value) in model.range((series, i32::MIN, i32::MIN)..=(series, i32::MAX, i32::MAX)) {
        if *revision <= day {
            known.insert(*date, value.map(|value| format!("{value}.25")));
        }
    }
    known.into_iter().collect()
}

async fn check(store: &Store, model: &Model, moment: Option<Moment>) {
    for (series, name) in SERIES.iter().enumerate() {
        let history = store.history_at(id(series), moment).await.unwrap();
        for day in 99..107 {
            let points = history.as_of(day, DateRange::ALL);
            let found: Vec<_> = points
                .iter()
                .map(|point| (point.date, point.value.map(|value| value.to_string())))
                .collect();
            assert_eq!(found, as_of(model, series, day), "{name} as of {day} at {moment:?}");
        }
        let revisions = model
            .range((series, i32::MIN, i32::MIN)..=(series, i32::MAX, i32::MAX))
            .count();
        assert_eq!(history.len(), revisions);
    }
}

async fn open(home: &std::path::Path, clock: &Clock) -> Store {
    let config = Config::parse("[financial-data]\nmaintenance = false").unwrap();
    Store::open(Context::standalone("financial-data", config, clock.clone(), home))
        .await
        .unwrap()
}

async fn play(steps: Vec<Step>) {
    let home = tempfile::tempdir().unwrap();
    let start: DateTime<Utc> = NaiveDate::from_ymd_opt(2026, 1, 15)
        .unwrap()
        .and_hms_opt(12, 0, 0)
        .unwrap()
        .and_utc();
    let clock = Clock::manual(start);
    let mut store = open(home.path(), &clock).await;
    let (mut model, mut past) = (Model::new(), BTreeMap::<i64, Model>::new());
    for step in steps {
        clock.advance(Duration::seconds(1));
        match step {
            Step::Write(write) => {
                let report = store
                    .upload_rows(Upload::default(), Head::default(), vec![rows(&write)])
                    .await
                    .unwrap();
                assert_eq!(report.summary.failed, 0);
                model.extend(
                    write
                        .iter()
                        .map(|(series, date, revision, value)| ((*series, *date, *revision), *value)),
                );
            }
            Step::Delete(series) => {
                if store.delete(id(series)).await.is_ok() {
                    model.retain(|(other, ..), _| *other != series);
                }
            }
            Step::CompactDue => drop(store.points_table().compact(Effort::Due).await.unwrap()),
            Step::CompactFull => drop(store.points_table().compact(Effort::Full).await.unwrap()),
            Step::Expire(last) => {
                let none = Duration::zero();
                store
                    .points_table()
                    .expire(&Retention {
                        last,
                        hourly: none,
                        daily: none,
                    })
                    .await
                    .unwrap();
                store.points_table().sweep(none).await.unwrap();
            }
            Step::Sweep => drop(store.points_table().sweep(Duration::zero()).await.unwrap()),
            Step::Reopen => store = open(home.path(), &clock).await,
        }
        check(&store, &model, None).await;
        if let Some(now) = store.points_table().snapshot().id() {
            past.insert(now, model.clone());
        }
    }
    for snapshot in store.points_table().snapshots().await.unwrap() {
        if let Some(model) = past.get(&snapshot.id) {
            check(&store, model, Some(Moment::Snapshot(snapshot.id))).await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_changes_reads_as_the_model_says(steps in proptest::collection::vec(step(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(play(steps));
    }
}
