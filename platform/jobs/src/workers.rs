//! What a service does with its jobs: handlers and schedules, and the task that keeps them going.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::{FutureExt, future::BoxFuture};
use platform_error::Error;
use platform_service::Blueprint;
use tokio::{sync::Notify, time::sleep};

use crate::{
    Job, JobError, Jobs, Policy, Run, attempt,
    jobs::written,
    keeper,
    queue::{self, Claimed, Room},
    schedule::{self, Schedule},
};

/// Jobs claimed in one statement: while it runs nobody else sees them, also those there is no room for.
const MOST_AT_ONCE: u16 = 32;

/// A handler: `async fn(store: &S, run: &Run, job: J) -> Result<(), X>`.
///
/// A job runs at least once; with [`Run::finish`] in the transaction of its effects, these happen exactly once. An
/// error is tried again with longer and longer pauses; one with the code `Invalid` makes the job dead at once. A job that
/// cannot be read as a `J` is tried again too: it may be of another release, whose processes can.
pub trait Handler<'a, S, J, X>: Send + Sync {
    /// What it gives back.
    type Done: Future<Output = Result<(), X>> + Send + 'a;
    /// Does the job.
    fn run(&self, store: &'a S, run: &'a Run, job: J) -> Self::Done;
}

impl<'a, S: 'a, J, X, F, Done> Handler<'a, S, J, X> for F
where
    F: Fn(&'a S, &'a Run, J) -> Done + Send + Sync,
    Done: Future<Output = Result<(), X>> + Send + 'a,
{
    type Done = Done;

    fn run(&self, store: &'a S, run: &'a Run, job: J) -> Done {
        self(store, run, job)
    }
}

type Handle<S> = Arc<dyn for<'a> Fn(&'a S, &'a Run) -> BoxFuture<'a, Result<(), Error>> + Send + Sync>;

/// The kinds of job that a service does, and when some of them are due by the clock.
pub struct Workers<S> {
    kinds: BTreeMap<&'static str, Kind<S>>,
    schedules: BTreeMap<&'static str, Schedule>,
}

pub(crate) struct Kind<S> {
    pub(crate) policy: Policy,
    pub(crate) handle: Handle<S>,
}

impl<S> Clone for Kind<S> {
    fn clone(&self) -> Self {
        Self {
            policy: self.policy,
            handle: self.handle.clone(),
        }
    }
}

impl<S> Default for Workers<S> {
    fn default() -> Self {
        Self {
            kinds: BTreeMap::new(),
            schedules: BTreeMap::new(),
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Workers<S> {
    /// No kinds.
    pub fn new() -> Self {
        Self::default()
    }

    /// Does the jobs `J`.
    ///
    /// # Panics
    /// When they have a handler already.
    pub fn on<J, X, H>(mut self, handler: H) -> Self
    where
        J: Job,
        X: Into<Error> + 'static,
        H: for<'a> Handler<'a, S, J, X> + 'static,
    {
        let kind = Kind {
            policy: J::POLICY,
            handle: erased(handler),
        };
        let twice = self.kinds.insert(J::KIND, kind);
        assert!(twice.is_none(), "there are two handlers for the job {}", J::KIND);
        self
    }

    /// Enqueues `job` whenever the cron pattern says so, in UTC: once, whatever number of processes runs.
    ///
    /// # Panics
    /// When the pattern cannot be understood, or the name is taken.
    pub fn every<J: Job>(self, name: &'static str, pattern: &'static str, job: &J) -> Self {
        self.every_in("UTC", name, pattern, job)
    }

    /// The same in a time zone such as `Europe/Berlin`.
    ///
    /// # Panics
    /// When pattern or zone cannot be understood, or the name is taken.
    pub fn every_in<J: Job>(mut self, zone: &str, name: &'static str, pattern: &'static str, job: &J) -> Self {
        let parsed = Schedule::parse(name, pattern, zone).and_then(|parsed| Ok((parsed, written(job)?)));
        let ((cron, zone), payload) = parsed.unwrap_or_else(|error| panic!("{error}"));
        let schedule = Schedule {
            name,
            kind: J::KIND,
            policy: J::POLICY,
            payload,
            pattern: pattern.into(),
            cron,
            zone,
        };
        let twice = self.schedules.insert(name, schedule);
        assert!(twice.is_none(), "there are two schedules called {name}");
        self
    }

    /// Does jobs until the service stops.
    pub async fn run(&self, jobs: &Jobs, store: &S) -> Result<(), JobError> {
        schedule::declare(jobs, &self.schedules).await?;
        let stopping = jobs.context().stopping();
        let busy = Busy::default();
        let mut kept = keeper::Keeper::default();
        while !stopping.is_cancelled() {
            let round = async {
                kept.round(jobs).await?;
                schedule::fire(jobs, &self.schedules).await?;
                self.start_due(jobs, store, &busy).await
            };
            if let Err(error) = round.await {
                tracing::warn!(%error, "jobs wait: the queue cannot be read");
            }
            tokio::select! {
                () = jobs.enqueued().notified() => {}
                () = busy.0.freed.notified() => {}
                () = sleep(*jobs.settings().poll) => {}
                () = stopping.cancelled() => {}
            }
        }
        Ok(())
    }

    /// Starts jobs until none is due or everybody is busy.
    async fn start_due(&self, jobs: &Jobs, store: &S, busy: &Busy) -> Result<(), JobError> {
        loop {
            let room = busy.room(&self.kinds, jobs.settings().workers);
            if room.kinds.is_empty() || jobs.context().stopping().is_cancelled() {
                return Ok(());
            }
            let now = jobs.context().clock().now();
            if !queue::is_due(jobs.db().read(), now).await? {
                return Ok(());
            }
            let owner = jobs.context().ids().v4();
            let times = (now, now + *jobs.settings().lease);
            let claimed = queue::claim(jobs.db().alone(), &room, owner, times).await?;
            if claimed.is_empty() {
                return Ok(());
            }
            for job in claimed {
                self.start(jobs, store, busy, job);
            }
        }
    }

    fn start(&self, jobs: &Jobs, store: &S, busy: &Busy, claimed: Claimed) {
        let Some((name, kind)) = self.kinds.get_key_value(claimed.kind.as_str()) else {
            return;
        };
        let place = busy.take(name);
        let (jobs, store, kind) = (jobs.clone(), store.clone(), kind.clone());
        jobs.context().clone().spawn(name, async move {
            attempt::run(&jobs, &store, &kind, claimed).await;
            drop(place);
        });
    }
}

fn erased<S, J, X, H>(handler: H) -> Handle<S>
where
    S: Send + Sync + 'static,
    J: Job,
    X: Into<Error> + 'static,
    H: for<'a> Handler<'a, S, J, X> + 'static,
{
    fn shaped<S, F>(handle: F) -> Handle<S>
    where
        F: for<'a> Fn(&'a S, &'a Run) -> BoxFuture<'a, Result<(), Error>> + Send + Sync + 'static,
    {
        Arc::new(handle)
    }
    let handler = Arc::new(handler);
    shaped(move |store, run| {
        let handler = handler.clone();
        async move {
            let job = serde_json::from_str::<J>(&run.claimed.payload);
            let job = job.map_err(|error| JobError::Unreadable(J::KIND, error.to_string()))?;
            handler.run(store, run, job).await.map_err(Into::into)
        }
        .boxed()
    })
}

/// How many jobs of each kind this process is at.
#[derive(Clone, Default)]
struct Busy(Arc<Counts>);

#[derive(Default)]
struct Counts {
    running: Mutex<BTreeMap<&'static str, u16>>,
    freed: Notify,
}

impl Busy {
    /// What there is room for; no kinds where everybody is busy.
    fn room<S>(&self, kinds: &BTreeMap<&'static str, Kind<S>>, workers: u16) -> Room {
        let running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        let most = workers.saturating_sub(running.values().sum()).min(MOST_AT_ONCE);
        let places = |(name, kind): (&&'static str, &Kind<S>)| {
            let running = running.get(*name).copied().unwrap_or_default();
            let places = kind.policy.concurrency.max(1).saturating_sub(running).min(most);
            (places > 0).then_some((*name, places))
        };
        Room {
            kinds: kinds.iter().filter_map(places).collect(),
            most,
        }
    }

    fn take(&self, kind: &'static str) -> Place {
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        *running.entry(kind).or_default() += 1;
        Place {
            busy: self.clone(),
            kind,
        }
    }
}

/// A place taken by a running job; dropping it, also by a panic, frees it.
struct Place {
    busy: Busy,
    kind: &'static str,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.busy.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(self.kind) {
            *count = count.saturating_sub(1);
        }
        drop(running);
        self.busy.0.freed.notify_one();
    }
}

/// Lets a service say which jobs it does.
pub trait WithJobs<S> {
    /// Does these jobs for as long as the service runs.
    fn jobs(self, workers: Workers<S>) -> Self;
}

impl<S: AsRef<Jobs> + Clone + Send + Sync + 'static> WithJobs<S> for Blueprint<S> {
    fn jobs(self, workers: Workers<S>) -> Self {
        let workers = Arc::new(workers);
        self.task("jobs", move |_, store: S| {
            let workers = workers.clone();
            async move { workers.run(store.as_ref(), &store).await }
        })
    }
}
