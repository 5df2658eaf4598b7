//! What is counted of jobs.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use platform_jobs::JobState;

use crate::world::{World, eventually, note, writers};

/// The counters of this thread.
#[derive(Default)]
struct Counters(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Counters {
    fn of(&self, name: &str) -> u64 {
        let counters = self.0.lock().unwrap();
        counters.get(name).map_or(0, |count| count.load(Relaxed))
    }
}

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut counters = self.0.lock().unwrap();
        Counter::from_arc(counters.entry(key.name().to_owned()).or_default().clone())
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test]
async fn a_job_is_counted_once_when_it_ends_and_each_of_its_failures() {
    let counters = Counters::default();
    let _here = metrics::set_default_local_recorder(&counters);
    let world = World::new(None);
    let (_context, store) = world.working(writers()).await;

    let done = store.enqueue(&note("done")).await;
    let dead = store.enqueue(&note("fail")).await;
    for attempt in 1..=2 {
        eventually("it has failed", async || {
            let job = store.jobs.find(dead).await.unwrap();
            (job.attempts, job.state) == (attempt, JobState::Ready)
        })
        .await;
        world.advance(15);
    }

    for (id, state) in [(done, JobState::Done), (dead, JobState::Dead)] {
        eventually("it has ended", async || {
            store.jobs.find(id).await.unwrap().state == state
        })
        .await;
    }
    eventually("all is counted", async || counters.of("jobs_ended_total") >= 2).await;
    assert_eq!(counters.of("jobs_ended_total"), 2);
    assert_eq!(counters.of("job_failures_total"), 3);
}
