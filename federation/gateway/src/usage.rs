//! Which operations clients run and which fields they read, counted here and kept in a file.

mod footprint;
mod report;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
};

use moka::sync::Cache;
use platform_config::Duration;
use platform_service::{Clock, Context};
use serde::{Deserialize, Serialize};

use crate::gateway::Gateway;
pub use report::{OperationUse, Report};

/// What is counted, and where it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct UsageSettings {
    /// Whether anything is counted.
    pub enabled: bool,
    /// How many operations are told apart; the fields of forgotten ones stay counted.
    pub operations: u64,
    /// The file, below the data folder unless it is absolute.
    pub file: String,
    /// How often it is written.
    pub interval: Duration,
}

impl Default for UsageSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            operations: 5_000,
            file: "usage.json".into(),
            interval: Duration::from_secs(60),
        }
    }
}

/// The counts. Cheap to clone; clones share them.
#[derive(Clone)]
pub(crate) struct Usage(Arc<Inner>);

struct Inner {
    operations: Cache<[u8; 32], Arc<Entry>>,
    /// What operations that are no longer told apart have read.
    forgotten: Arc<Mutex<BTreeMap<String, u64>>>,
    since: AtomicI64,
    clock: Clock,
    is_enabled: bool,
}

struct Entry {
    /// As it was when it was first seen; the counters go on beside it.
    operation: OperationUse,
    count: AtomicU64,
    errors: AtomicU64,
    last_seen: AtomicI64,
}

/// A run that was counted. It has errors, as one that is given up, unless it says that it went well.
#[derive(Default)]
#[must_use]
pub(crate) struct Begun(Option<Arc<Entry>>);

impl Begun {
    /// It ended without errors.
    pub(crate) fn went_well(mut self) {
        self.0 = None;
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(entry) = &self.0 {
            entry.errors.fetch_add(1, Relaxed);
        }
    }
}

impl Usage {
    /// Nothing counted yet.
    pub(crate) fn new(settings: &UsageSettings, clock: &Clock) -> Self {
        let forgotten: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
        let sink = forgotten.clone();
        let operations = Cache::builder()
            .max_capacity(settings.operations)
            .eviction_listener(move |_, entry: Arc<Entry>, _| forget(&sink, &entry))
            .build();
        Self(Arc::new(Inner {
            operations,
            forgotten,
            since: AtomicI64::new(clock.now().timestamp()),
            clock: clock.clone(),
            is_enabled: settings.enabled,
        }))
    }

    /// Counts a run of an operation that begins. What it reads is worked out when it is first seen.
    pub(crate) fn begin(&self, key: [u8; 32], operation: impl FnOnce() -> OperationUse) -> Begun {
        if !self.0.is_enabled {
            return Begun::default();
        }
        let entry = self.0.operations.get_with(key, || Arc::new(Entry::of(operation())));
        entry.count.fetch_add(1, Relaxed);
        entry.last_seen.store(self.0.clock.now().timestamp(), Relaxed);
        Begun(Some(entry))
    }

    /// Everything counted so far.
    pub(crate) fn report(&self) -> Report {
        self.0.operations.run_pending_tasks();
        let entries = self.0.operations.iter().map(|(_, entry)| entry.told());
        let mut operations: Vec<_> = entries.collect();
        // Afterwards: what is forgotten meanwhile is counted twice rather than not at all.
        let mut fields = self.0.forgotten.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for operation in &operations {
            for field in &operation.fields {
                *fields.entry(field.clone()).or_default() += operation.count;
            }
        }
        operations.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.hash.cmp(&b.hash)));
        Report {
            since: self.0.since.load(Relaxed),
            operations,
            fields,
        }
    }

    /// Goes on from what was counted before.
    pub(crate) fn restore(&self, mut report: Report) {
        report.operations.retain(|operation| operation.key().is_some());
        self.0.since.store(report.since, Relaxed);
        *self.0.forgotten.lock().unwrap_or_else(PoisonError::into_inner) = report.forgotten();
        for operation in report.operations {
            let Some(key) = operation.key() else { continue };
            self.0.operations.insert(key, Arc::new(Entry::of(operation)));
        }
    }

    /// Reads the file, then writes it now and then, and a last time when the service stops.
    pub(crate) fn keep(&self, settings: &UsageSettings, context: &Context) {
        if !settings.enabled || settings.file.is_empty() {
            return;
        }
        let file: PathBuf = context.data_dir().join(&settings.file);
        match report::read(&file) {
            Ok(Some(report)) => self.restore(report),
            Ok(None) => {}
            Err(error) => tracing::warn!(usage.file = %file.display(), %error, "recorded usage cannot be read"),
        }
        let (usage, interval, shutdown) = (self.clone(), *settings.interval, context.shutdown());
        context.spawn("gateway-usage", async move {
            let mut is_last = false;
            while !is_last {
                tokio::select! {
                    () = tokio::time::sleep(interval) => {}
                    () = shutdown.cancelled() => is_last = true,
                }
                let (report, file) = (usage.report(), file.clone());
                let written = tokio::task::spawn_blocking(move || report::write(&file, &report)).await;
                if let Ok(Err(error)) = written {
                    tracing::warn!(%error, "recorded usage cannot be written");
                }
            }
        });
    }
}

impl Gateway {
    /// What clients have run and read so far.
    pub fn usage_report(&self) -> Report {
        self.0.usage.report()
    }
}

impl Entry {
    fn of(operation: OperationUse) -> Self {
        Self {
            count: AtomicU64::new(operation.count),
            errors: AtomicU64::new(operation.errors),
            last_seen: AtomicI64::new(operation.last_seen),
            operation,
        }
    }

    fn told(&self) -> OperationUse {
        OperationUse {
            count: self.count.load(Relaxed),
            errors: self.errors.load(Relaxed),
            last_seen: self.last_seen.load(Relaxed),
            ..self.operation.clone()
        }
    }
}

fn forget(forgotten: &Mutex<BTreeMap<String, u64>>, entry: &Entry) {
    // One that has just come is counted only now.
    let count = entry.count.load(Relaxed).max(1);
    let mut forgotten = forgotten.lock().unwrap_or_else(PoisonError::into_inner);
    for field in &entry.operation.fields {
        *forgotten.entry(field.clone()).or_default() += count;
    }
}
