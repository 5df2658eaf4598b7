//! What upkeep counts for those who watch it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use platform_lake::Effort;

use crate::support::{rows, table};

/// Keeps the one counter that is asked for.
struct Watched(&'static str, Arc<AtomicU64>);

impl Recorder for Watched {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        match key.name() == self.0 {
            true => Counter::from_arc(self.1.clone()),
            false => Counter::noop(),
        }
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn a_compaction_counts_the_rows_that_it_writes() {
    let home = tempfile::tempdir().unwrap();
    let count = Arc::new(AtomicU64::new(0));
    let watched = Watched("lake_compacted_rows_total", count.clone());
    // On one thread, because a local recorder is that of its thread.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();

    let done = metrics::with_local_recorder(&watched, || {
        runtime.block_on(async {
            let table = table(home.path()).await;
            for value in 0..5 {
                table
                    .append(rows(&[("a", 1, value), ("b", value, 1)]), None)
                    .await
                    .unwrap();
            }
            table.compact(Effort::Full).await.unwrap().unwrap()
        })
    });

    assert_eq!((done.rows_before, done.rows_after), (10, 6));
    assert_eq!(count.load(Ordering::SeqCst), 6);
}
