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
pub(crate) use footprint::Footprint;
pub use report::{OperationUse, Report};

/// What is counted, and where it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct UsageSettings {
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
    footprint: Footprint,
    count: AtomicU64,
    errors: AtomicU64,
    last_seen: AtomicI64,
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

    /// Counts one run of an operation. What it reads is worked out when it is first seen.
    pub(crate) fn count(&self, key: [u8; 32], has_errors: bool, footprint: impl FnOnce() -> Footprint) {
        if !self.0.is_enabled {
            return;
        }
        let entry = self.0.operations.get_with(key, || Arc::new(Entry::new(footprint())));
        entry.count.fetch_add(1, Relaxed);
        entry.errors.fetch_add(u64::from(has_errors), Relaxed);
        entry.last_seen.store(self.0.clock.now().timestamp(), Relaxed);
    }

    /// Everything counted so far.
    pub(crate) fn report(&self) -> Report {
        self.0.operations.run_pending_tasks();
        let mut fields = self.0.forgotten.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut operations = Vec::new();
        for (_, entry) in &self.0.operations {
            let count = entry.count.load(Relaxed);
            for field in &entry.footprint.fields {
                *fields.entry(field.clone()).or_default() += count;
            }
            operations.push(OperationUse {
                name: entry.footprint.name.clone(),
                hash: entry.footprint.hash.clone(),
                kind: entry.footprint.kind.clone(),
                count,
                errors: entry.errors.load(Relaxed),
                last_seen: entry.last_seen.load(Relaxed),
                fields: entry.footprint.fields.clone(),
                document: entry.footprint.document.clone(),
            });
        }
        operations.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.hash.cmp(&b.hash)));
        Report {
            since: self.0.since.load(Relaxed),
            operations,
            fields,
        }
    }

    /// Goes on from what was counted before.
    pub(crate) fn restore(&self, report: Report) {
        self.0.since.store(report.since, Relaxed);
        let mut forgotten = report.fields;
        for operation in report.operations {
            for field in &operation.fields {
                if let Some(count) = forgotten.get_mut(field) {
                    *count = count.saturating_sub(operation.count);
                }
            }
            let Some(key) = operation.key() else { continue };
            let entry = Entry {
                count: AtomicU64::new(operation.count),
                errors: AtomicU64::new(operation.errors),
                last_seen: AtomicI64::new(operation.last_seen),
                footprint: operation.into(),
            };
            self.0.operations.insert(key, Arc::new(entry));
        }
        forgotten.retain(|_, count| *count > 0);
        *self.0.forgotten.lock().unwrap_or_else(PoisonError::into_inner) = forgotten;
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
    fn new(footprint: Footprint) -> Self {
        Self {
            footprint,
            count: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            last_seen: AtomicI64::new(0),
        }
    }
}

fn forget(forgotten: &Mutex<BTreeMap<String, u64>>, entry: &Entry) {
    let count = entry.count.load(Relaxed);
    let mut forgotten = forgotten.lock().unwrap_or_else(PoisonError::into_inner);
    for field in &entry.footprint.fields {
        *forgotten.entry(field.clone()).or_default() += count;
    }
}
