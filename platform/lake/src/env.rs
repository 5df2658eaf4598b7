//! What the lake needs from the process around it: a clock and a place to run its tasks.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;
type Spawn = Arc<dyn Fn(&'static str, BoxFuture<'static, ()>) + Send + Sync>;

/// The lake's surroundings, given by the host so that tests can move the clock and tasks stop in order.
#[derive(Clone)]
pub struct Env {
    now: Now,
    spawn: Spawn,
}

impl Env {
    /// Surroundings with this clock and this way to run a named task.
    pub fn new(
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
        spawn: impl Fn(&'static str, BoxFuture<'static, ()>) + Send + Sync + 'static,
    ) -> Self {
        Self {
            now: Arc::new(now),
            spawn: Arc::new(spawn),
        }
    }

    /// The machine's clock and the current Tokio runtime, for tools and tests without a host.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where a process without a host gets its clock and tasks"
    )]
    pub fn system() -> Self {
        Self::new(Utc::now, |_, task| drop(tokio::spawn(task)))
    }

    /// The time now.
    pub fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    pub(crate) fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        (self.spawn)(name, Box::pin(task));
    }
}

impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Env")
    }
}
