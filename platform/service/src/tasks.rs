//! Named tasks: a panic is logged and counted, and on stop all of them are awaited in order.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::FutureExt;
use platform_error::Result;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// What a task gets to stop in when others have used up the time.
const LEAST_GRACE: Duration = Duration::from_secs(1);

/// The running tasks of one service. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks {
    running: Arc<Mutex<Running>>,
}

#[derive(Debug, Default)]
struct Running {
    next: u64,
    /// What tasks need at least, from when the service begins to stop.
    linger: Duration,
    tasks: BTreeMap<u64, (String, JoinHandle<()>)>,
}

impl Tasks {
    /// Runs a future under a name, once.
    pub(crate) fn spawn(&self, name: &str, future: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let id = running.next;
        running.next += 1;
        let (tasks, label) = (self.clone(), name.to_owned());
        let task = async move {
            if AssertUnwindSafe(future).catch_unwind().await.is_err() {
                panicked(&label);
            }
            tasks
                .running
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .tasks
                .remove(&id);
        };
        let span = tracing::info_span!("task", task.name = name);
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that spawns: it names and awaits the task"
        )]
        let handle = tokio::spawn(task.instrument(span));
        // The lock is held until here, so that a task cannot end before it is known.
        running.tasks.insert(id, (name.to_owned(), handle));
    }

    /// Runs a task that should last as long as the service: when it fails, it is started again after a pause.
    pub(crate) fn keep<F, Fut>(&self, name: &'static str, shutdown: CancellationToken, start: F)
    where
        F: Fn() -> Fut + Send + 'static,
        Fut: Future<Output = Result<()>> + Send,
    {
        self.spawn(name, async move {
            let mut pause = FIRST_PAUSE;
            while !shutdown.is_cancelled() {
                let started = Instant::now();
                match AssertUnwindSafe(start()).catch_unwind().await {
                    Ok(Ok(())) => return,
                    Ok(Err(error)) => failed(name, &error),
                    Err(_) => panicked(name),
                }
                if started.elapsed() > LONGEST_PAUSE {
                    pause = FIRST_PAUSE;
                }
                tokio::select! {
                    () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                    () = shutdown.cancelled() => return,
                }
            }
        });
    }

    /// Lets tasks go on for at least so long.
    pub(crate) fn linger(&self, at_least: Duration) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.linger = running.linger.max(at_least);
    }

    /// Waits for the tasks of a service that has been stopping since `began`, the newest first, and ends those that are
    /// not done by `deadline` or when they have had what they need.
    pub(crate) async fn stop(&self, began: Instant, deadline: Instant) {
        let linger = self.running.lock().unwrap_or_else(PoisonError::into_inner).linger;
        let deadline = deadline.max(began + linger);
        loop {
            let newest = self
                .running
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .tasks
                .pop_last();
            let Some((_, (name, mut handle))) = newest else { return };
            let until = deadline.max(Instant::now() + LEAST_GRACE);
            if timeout_at(until, &mut handle).await.is_err() {
                tracing::warn!(task.name = name, "a task did not stop in time and was ended");
                handle.abort();
            }
        }
    }
}

fn failed(name: &str, error: &platform_error::Error) {
    metrics::counter!("task_failures_total", "task" => name.to_owned()).increment(1);
    let cause = error.causes();
    tracing::error!(task.name = name, %error, cause, "a task failed");
}

fn panicked(name: &str) {
    metrics::counter!("task_panics_total", "task" => name.to_owned()).increment(1);
    tracing::error!(task.name = name, "a task panicked");
}
