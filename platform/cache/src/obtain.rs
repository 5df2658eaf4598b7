//! Where a value that this process does not keep comes from: Redis, or its source, once in all processes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use platform_error::Error;
use serde::{Serialize, de::DeserializeOwned};
use tokio::runtime::Handle;

use crate::{
    caches::Common,
    entry::Entry,
    kept::Inner,
    shared::{Lock, Redis},
};

/// How often a waiting process looks whether another has loaded the value.
const LOOK: Duration = Duration::from_millis(25);

/// Which values of Redis make a load needless.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// All.
    Anywhere,
    /// Those that hold for longer than until then: somebody else has refreshed it.
    Newer(i64),
}

/// An entry, or why there is none, for all who waited.
pub(crate) type Obtained<V> = Result<Entry<V>, Arc<Error>>;

impl<V> Inner<V>
where
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    pub(crate) async fn obtain<E, Fut>(&self, key: &str, from: From, load: impl FnOnce() -> Fut) -> Obtained<V>
    where
        E: Into<Error>,
        Fut: Future<Output = Result<Option<V>, E>>,
    {
        let Some(redis) = &self.common.redis else {
            return self.load(load).await;
        };
        let place = self.place();
        let started = Instant::now();
        let mut leave = None;
        loop {
            let found = redis.get::<V>(&place, key).await;
            let held = found.entry.filter(|entry| entry.holds(self.common.now()));
            let wanted = held.filter(|entry| match from {
                From::Anywhere => true,
                From::Newer(until) => entry.until > until,
            });
            if let Some(entry) = wanted {
                self.count("redis", "hit");
                return Ok(entry);
            }
            let Some(generation) = found.generation else {
                // Redis is away.
                self.count("redis", "away");
                return self.load(load).await;
            };
            if leave.is_none() {
                let (lock, asked) = Leave::ask(&self.common, redis, &place, key).await;
                match lock {
                    Lock::Ours => {
                        // Somebody may have loaded it between the look and the lock.
                        leave = Some(asked);
                        continue;
                    }
                    Lock::Taken if started.elapsed() < *self.common.settings.lock => {
                        tokio::time::sleep(LOOK).await;
                        continue;
                    }
                    _ => {}
                }
            }
            self.count("redis", "miss");
            let loaded = self.load(load).await;
            if let Ok(entry) = &loaded {
                self.share(key, entry, &generation).await;
            }
            if let Some(leave) = leave {
                leave.give_back().await;
            }
            return loaded;
        }
    }

    /// Puts an entry into Redis, unless its key was invalidated since it had this generation.
    pub(crate) async fn share(&self, key: &str, entry: &Entry<V>, generation: &str) {
        if let Some(redis) = &self.common.redis {
            let life = entry.until - self.common.now();
            redis.put(&self.place(), key, (entry, life), generation).await;
        }
    }

    async fn load<E, Fut>(&self, load: impl FnOnce() -> Fut) -> Obtained<V>
    where
        E: Into<Error>,
        Fut: Future<Output = Result<Option<V>, E>>,
    {
        let started = Instant::now();
        let value = load().await.map_err(|error| Arc::new(error.into()))?;
        let took = started.elapsed();
        self.loaded(took);
        Ok(self.entry(value, took))
    }
}

/// Leave to load a key in the name of all processes. A load that is given up half-way gives it back too, or everybody
/// would wait for it in vain.
pub(crate) struct Leave {
    common: Arc<Common>,
    place: String,
    key: String,
    token: String,
    /// Until Redis has answered it may be.
    is_ours: bool,
}

impl Leave {
    /// Asks for it.
    pub(crate) async fn ask(common: &Arc<Common>, redis: &Redis, place: &str, key: &str) -> (Lock, Self) {
        let mut leave = Self {
            common: common.clone(),
            place: place.to_owned(),
            key: key.to_owned(),
            token: common.context.ids().v4().to_string(),
            is_ours: true,
        };
        let lock = redis.lock(place, key, &leave.token).await;
        leave.is_ours = lock == Lock::Ours;
        (lock, leave)
    }

    pub(crate) async fn give_back(mut self) {
        if let (Some(redis), true) = (&self.common.redis, self.is_ours) {
            redis.unlock(&self.place, &self.key, &self.token).await;
        }
        self.is_ours = false;
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        if !self.is_ours || Handle::try_current().is_err() {
            return;
        }
        let leave = Self {
            common: self.common.clone(),
            place: std::mem::take(&mut self.place),
            key: std::mem::take(&mut self.key),
            token: std::mem::take(&mut self.token),
            is_ours: true,
        };
        self.common.context.spawn("cache unlock", leave.give_back());
    }
}
