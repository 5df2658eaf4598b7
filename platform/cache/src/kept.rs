//! What this process keeps of one cache, and what it remembers of the loads under way.

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use crate::{
    Spec,
    caches::{Common, Forgets},
    entry::{Entry, jitter, micros},
    flight::Flights,
};

pub(crate) struct Inner<V> {
    pub(crate) common: Arc<Common>,
    pub(crate) spec: Spec,
    local: moka::sync::Cache<String, Arc<Kept<V>>>,
    pub(crate) flights: Flights<V>,
}

/// An entry in this process, its size as text, and until when it is trusted without asking Redis.
pub(crate) struct Kept<V> {
    pub(crate) entry: Entry<V>,
    size: u32,
    trusted_until: i64,
}

impl<V> Inner<V>
where
    V: Clone + Serialize + Send + Sync + 'static,
{
    pub(crate) fn new(common: Arc<Common>, spec: Spec) -> Self {
        let local = moka::sync::Cache::builder()
            .max_capacity(common.settings.memory.bytes())
            .weigher(|key: &String, kept: &Arc<Kept<V>>| kept.size.saturating_add(key.len() as u32 + 128))
            .build();
        Self {
            common,
            spec,
            local,
            flights: Flights::new(),
        }
    }

    pub(crate) fn entry(&self, value: Option<V>, cost: Duration) -> Entry<V> {
        let ttl = match value {
            Some(_) => self.spec.ttl,
            None => self.spec.absent_ttl,
        };
        Entry {
            value,
            until: self.common.now().saturating_add(jitter(ttl, self.common.random())),
            cost: micros(cost),
        }
    }

    /// Keeps an entry in this process.
    pub(crate) fn keep(&self, key: &str, entry: Entry<V>) {
        let size = serde_json::to_vec(&entry.value).map_or(0, |json| json.len());
        let trusted = match self.common.redis {
            Some(_) => self
                .common
                .now()
                .saturating_add(micros(*self.common.settings.local_ttl)),
            None => i64::MAX,
        };
        let kept = Kept {
            entry,
            size: u32::try_from(size).unwrap_or(u32::MAX),
            trusted_until: trusted,
        };
        self.local.insert(key.to_owned(), Arc::new(kept));
    }
}

impl<V> Inner<V> {
    /// What is kept of a key and still holds.
    pub(crate) fn kept(&self, key: &str) -> Option<Arc<Kept<V>>>
    where
        V: Send + Sync + 'static,
    {
        let now = self.common.now();
        let kept = self.local.get(key);
        let kept = kept.filter(|kept| kept.entry.holds(now) && now < kept.trusted_until);
        self.count("process", if kept.is_some() { "hit" } else { "miss" });
        kept
    }

    /// Whether who found this is to load it anew, because it expires soon and nobody loads it yet.
    pub(crate) fn is_due(&self, key: &str, kept: &Kept<V>) -> bool
    where
        V: Clone + Send + Sync + 'static,
    {
        kept.entry.is_due(self.common.now(), self.common.random()) && !self.flights.has(key)
    }

    /// The cache's place in Redis.
    pub(crate) fn place(&self) -> String {
        format!(
            "{}:{}:v{}",
            self.common.settings.prefix, self.spec.name, self.spec.version
        )
    }

    /// Notes how long it took to work out what no cache had.
    pub(crate) fn loaded(&self, took: Duration) {
        metrics::histogram!("cache_load_seconds", "cache" => self.spec.name).record(took.as_secs_f64());
    }

    /// Counts what asking a layer came to: the hit rate of every cache, layer by layer.
    pub(crate) fn count(&self, layer: &'static str, outcome: &'static str) {
        let cache = self.spec.name;
        metrics::counter!("cache_requests_total", "cache" => cache, "layer" => layer, "outcome" => outcome)
            .increment(1);
    }
}

impl<V: Clone + Send + Sync + 'static> Forgets for Inner<V> {
    fn forget(&self, key: &str) {
        self.flights.forget(key, || self.local.invalidate(key));
    }

    fn forget_all(&self) {
        self.flights.forget_all(|| self.local.invalidate_all());
    }
}
