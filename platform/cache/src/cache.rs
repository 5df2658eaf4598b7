//! One cache: asked for a key, it gives what is kept or loads it, once however many ask.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use platform_error::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    caches::{Common, Forgets},
    entry::{Entry, jitter, micros},
    flight::{Flights, Outcome},
    shared::Lock,
};

/// How often a waiting process looks whether another has loaded the value.
const LOOK: Duration = Duration::from_millis(25);

/// What a cache is called and how long its values hold.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    pub(crate) ttl: Duration,
    pub(crate) absent_ttl: Duration,
}

impl Spec {
    /// A cache called `name`. Raise `version` when the type of its values changes: old values are then never read.
    pub fn new(name: &'static str, version: u32) -> Self {
        Self {
            name,
            version,
            ttl: Duration::from_secs(300),
            absent_ttl: Duration::from_secs(30),
        }
    }

    /// How long a value holds, give or take a tenth.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// How long the knowledge holds that there is nothing.
    pub fn absent_ttl(mut self, ttl: Duration) -> Self {
        self.absent_ttl = ttl;
        self
    }
}

/// A cache of `V`s by text keys. Cheap to clone.
pub struct Cache<V>(pub(crate) Arc<Inner<V>>);

impl<V> Clone for Cache<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

pub(crate) struct Inner<V> {
    pub(crate) common: Arc<Common>,
    spec: Spec,
    local: moka::sync::Cache<String, Arc<Kept<V>>>,
    flights: Flights<V>,
}

/// What a look at the caches found of a key, and what must not have changed for a later load to be kept.
pub(crate) struct Known<V> {
    pub(crate) value: Option<Option<V>>,
    epoch: u64,
    generation: Option<String>,
}

/// An entry in this process, its size as text, and until when it is trusted without asking Redis.
pub(crate) struct Kept<V> {
    entry: Entry<V>,
    size: u32,
    trusted_until: i64,
}

impl<V> Cache<V>
where
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    pub(crate) fn new(common: Arc<Common>, spec: Spec) -> Self {
        let local = moka::sync::Cache::builder()
            .max_capacity(common.settings.memory.bytes())
            .weigher(|key: &String, kept: &Arc<Kept<V>>| kept.size.saturating_add(key.len() as u32 + 128))
            .build();
        Self(Arc::new(Inner {
            common,
            spec,
            local,
            flights: Flights::new(),
        }))
    }

    /// The value of `key`: from this process, from Redis, or from `load`, which runs once however many ask at the same
    /// time, here and in other processes. `None` is kept too, for a shorter time. Errors are kept for nobody.
    pub async fn get<E, Fut>(&self, key: &str, load: impl FnOnce() -> Fut + Send + 'static) -> Result<Option<V>>
    where
        E: Into<Error>,
        Fut: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        if let Some(entry) = self.0.kept(key) {
            self.0.count("process", "hit");
            if entry.entry.is_due(self.0.common.now(), self.0.common.random()) && !self.0.flights.has(key) {
                self.refresh(key, load);
            }
            return Ok(entry.entry.value.clone());
        }
        self.0.count("process", "miss");
        let flight = self
            .0
            .flights
            .join(key, |number| self.fly(key, number, From::Anywhere, load));
        flight.await.map_err(|shared| copy(&shared))
    }

    /// Forgets `key` everywhere. Call it after the commit that changed what is cached.
    pub async fn invalidate(&self, key: &str) {
        self.0.forget(key);
        if let Some(redis) = &self.0.common.redis {
            redis.invalidate(&self.0.place(), key).await;
        }
    }

    /// What is known of several keys, each in the place of its key.
    pub(crate) async fn peek(&self, keys: &[String]) -> Vec<Known<V>> {
        let epoch = self.0.flights.epoch();
        let mut known: Vec<_> = keys.iter().map(|key| self.0.known(key, epoch)).collect();
        let missing: Vec<_> = (0..keys.len()).filter(|at| known[*at].value.is_none()).collect();
        if let (Some(redis), false) = (&self.0.common.redis, missing.is_empty()) {
            let asked: Vec<_> = missing.iter().map(|at| keys[*at].as_str()).collect();
            for (at, found) in missing
                .into_iter()
                .zip(redis.get_many::<V>(&self.0.place(), &asked).await)
            {
                known[at].generation = found.generation;
                if let Some(entry) = found.entry.filter(|entry| entry.holds(self.0.common.now())) {
                    self.0.count("redis", "hit");
                    known[at].value = Some(entry.value.clone());
                    self.0.flights.keep_since(epoch, || self.0.keep(&keys[at], entry));
                }
            }
        }
        known
    }

    /// Keeps what was loaded for `key` since it was last looked at, unless something was invalidated meanwhile.
    pub(crate) async fn offer(&self, key: &str, entry: Entry<V>, known: &Known<V>) {
        if let (Some(redis), Some(generation)) = (&self.0.common.redis, &known.generation) {
            let life = entry.until - self.0.common.now();
            redis.put(&self.0.place(), key, (&entry, life), generation).await;
        }
        self.0.flights.keep_since(known.epoch, || self.0.keep(key, entry));
    }

    fn refresh<E, Fut>(&self, key: &str, load: impl FnOnce() -> Fut + Send + 'static)
    where
        E: Into<Error>,
        Fut: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        self.0.count("process", "refresh");
        let flight = self
            .0
            .flights
            .join(key, |number| self.fly(key, number, From::Source, load));
        self.0.common.context.spawn("cache refresh", flight.map(drop));
    }

    fn fly<E, Fut>(
        &self,
        key: &str,
        number: u64,
        from: From,
        load: impl FnOnce() -> Fut + Send + 'static,
    ) -> BoxFuture<'static, Outcome<V>>
    where
        E: Into<Error>,
        Fut: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        let (inner, key) = (self.0.clone(), key.to_owned());
        async move {
            // Whatever happens, a load that has ended is joined by nobody.
            let landing = Landing {
                inner: &inner,
                key: &key,
                number,
            };
            let entry = inner.obtain(&key, from, load).await.map_err(Arc::new)?;
            let value = entry.value.clone();
            inner.flights.land(&key, number, || inner.keep(&key, entry));
            drop(landing);
            Ok(value)
        }
        .boxed()
    }
}

/// Where a load may take the value from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Anywhere,
    Source,
}

struct Landing<'a, V: Clone + Send + Sync + 'static> {
    inner: &'a Inner<V>,
    key: &'a str,
    number: u64,
}

impl<V: Clone + Send + Sync + 'static> Drop for Landing<'_, V> {
    fn drop(&mut self) {
        self.inner.flights.land(self.key, self.number, || {});
    }
}

impl<V> Inner<V>
where
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    async fn obtain<E, Fut>(&self, key: &str, from: From, load: impl FnOnce() -> Fut) -> Result<Entry<V>>
    where
        E: Into<Error>,
        Fut: Future<Output = Result<Option<V>, E>>,
    {
        let Some(redis) = &self.common.redis else {
            return self.load(load).await;
        };
        let place = self.place();
        let started = Instant::now();
        loop {
            let found = redis.get::<V>(&place, key).await;
            let held = found.entry.filter(|entry| entry.holds(self.common.now()));
            if let (Some(entry), From::Anywhere) = (held, from) {
                self.count("redis", "hit");
                return Ok(entry);
            }
            let Some(generation) = found.generation else {
                // Redis is away.
                self.count("redis", "away");
                return self.load(load).await;
            };
            match redis.lock(&place, key).await {
                Lock::Taken if started.elapsed() < *self.common.settings.lock => tokio::time::sleep(LOOK).await,
                lock => {
                    self.count("redis", "miss");
                    let loaded = self.load(load).await;
                    if let Ok(entry) = &loaded {
                        let life = entry.until - self.common.now();
                        redis.put(&place, key, (entry, life), &generation).await;
                    }
                    redis.unlock(&place, key, lock).await;
                    return loaded;
                }
            }
        }
    }

    async fn load<E, Fut>(&self, load: impl FnOnce() -> Fut) -> Result<Entry<V>>
    where
        E: Into<Error>,
        Fut: Future<Output = Result<Option<V>, E>>,
    {
        let started = Instant::now();
        let value = load().await.map_err(Into::into)?;
        metrics::histogram!("cache_load_seconds", "cache" => self.spec.name).record(started.elapsed().as_secs_f64());
        Ok(self.entry(value, started.elapsed()))
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
    fn kept(&self, key: &str) -> Option<Arc<Kept<V>>>
    where
        V: Send + Sync + 'static,
    {
        let kept = self.local.get(key)?;
        let now = self.common.now();
        (kept.entry.holds(now) && now < kept.trusted_until).then_some(kept)
    }

    fn known(&self, key: &str, epoch: u64) -> Known<V>
    where
        V: Clone + Send + Sync + 'static,
    {
        let kept = self.kept(key);
        self.count("process", if kept.is_some() { "hit" } else { "miss" });
        Known {
            value: kept.map(|kept| kept.entry.value.clone()),
            epoch,
            generation: None,
        }
    }

    /// The cache's place in Redis.
    pub(crate) fn place(&self) -> String {
        format!(
            "{}:{}:v{}",
            self.common.settings.prefix, self.spec.name, self.spec.version
        )
    }

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

/// The same error for another who waited; only the first can have the cause, which is for the log.
fn copy(error: &Error) -> Error {
    let mut copy = match error.code() {
        platform_error::Code::Internal => Error::internal("a shared load failed"),
        code => Error::new(code, error.message()).with_status(error.http_status()),
    };
    if let Some(hint) = error.hint() {
        copy = copy.with_hint(hint);
    }
    match error.details() {
        Some(details) => copy.with_details(details.clone()),
        None => copy,
    }
}
