//! What a service may know of the world: time, names, settings, a folder, and when to stop.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use platform_config::Config;
use platform_crypto::Random;
use platform_error::Result;
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::sync::CancellationToken;
use uuid::{NoContext, Timestamp, Uuid};

use crate::{Clock, Peers, tasks::Tasks};

/// A service's surroundings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Context(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: &'static str,
    clock: Clock,
    config: Config,
    data_dir: PathBuf,
    peers: Peers,
    stopping: CancellationToken,
    shutdown: CancellationToken,
    tasks: Tasks,
}

impl Context {
    /// A context outside a host, for tests of a module and for tools. Settings come from TOML text.
    pub fn standalone(service: &'static str, config: Config, clock: Clock, data_dir: impl Into<PathBuf>) -> Self {
        Self::among(Peers::default(), service, config, (clock, data_dir.into()))
    }

    pub(crate) fn among(
        peers: Peers,
        service: &'static str,
        config: Config,
        (clock, data_dir): (Clock, PathBuf),
    ) -> Self {
        let shutdown = CancellationToken::new();
        Self(Arc::new(Inner {
            service,
            clock,
            config,
            data_dir,
            peers,
            stopping: shutdown.child_token(),
            shutdown,
            tasks: Tasks::default(),
        }))
    }

    /// The same surroundings under another name, for what the services of a deployment share.
    pub fn named(&self, name: &'static str) -> Self {
        let inner = &self.0;
        Self(Arc::new(Inner {
            service: name,
            clock: inner.clock.clone(),
            config: inner.config.clone(),
            data_dir: inner.data_dir.clone(),
            peers: inner.peers.clone(),
            stopping: inner.stopping.clone(),
            shutdown: inner.shutdown.clone(),
            tasks: inner.tasks.clone(),
        }))
    }

    /// The services that can be called. Those opened before this one are there.
    pub fn peers(&self) -> &Peers {
        &self.0.peers
    }

    /// The service's name.
    pub fn service(&self) -> &'static str {
        self.0.service
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Makes ids.
    pub fn ids(&self) -> Ids {
        Ids(self.0.clock.clone())
    }

    /// Draws random bytes, for secrets and for jitter.
    pub fn random(&self) -> Random {
        Random::system()
    }

    /// The service's own section of the settings.
    pub fn settings<T: DeserializeOwned + Serialize>(&self) -> Result<T> {
        self.section(self.0.service)
    }

    /// The section of a platform module, for instance `lake`.
    pub fn section<T: DeserializeOwned + Serialize>(&self, name: &str) -> Result<T> {
        Ok(self.0.config.section(name)?)
    }

    /// The folder for everything this process keeps.
    pub fn data_dir(&self) -> &Path {
        &self.0.data_dir
    }

    /// Cancelled as soon as the service is to stop, while requests still finish: from then on nothing new is begun, and
    /// streams that would last come to an end.
    pub fn stopping(&self) -> CancellationToken {
        self.0.stopping.clone()
    }

    /// Cancelled when requests are over, and what runs beside them is to end.
    pub fn shutdown(&self) -> CancellationToken {
        self.0.shutdown.clone()
    }

    /// Runs a future beside the service under a name. A panic is logged and counted; on stop it is awaited for as
    /// long as the drain allows, so watch [`Context::shutdown`] in anything that lasts, or [`Context::stopping`].
    pub fn spawn(&self, name: &str, future: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(name, future);
    }

    /// Lets tasks go on for at least so long after [`Context::stopping`], also where the drain is shorter.
    pub fn linger(&self, at_least: Duration) {
        self.0.tasks.linger(at_least);
    }

    pub(crate) fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }
}

/// Makes ids.
#[derive(Clone, Debug)]
pub struct Ids(Clock);

impl Ids {
    /// An id that sorts by the time of the context's clock: for rows.
    pub fn v7(&self) -> Uuid {
        let now = self.0.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
    }

    /// An id that says nothing: for what must not be guessed.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
    pub fn v4(&self) -> Uuid {
        Uuid::new_v4()
    }
}
