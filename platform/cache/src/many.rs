//! Where the values of several keys come from that this process does not keep: Redis, or their source, all at once.

use std::{collections::HashMap, sync::Arc, time::Instant};

use futures::future::{BoxFuture, join_all};
use platform_error::Result;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    kept::Inner,
    obtain::{Leave, Obtained},
    shared::Lock,
};

/// A source that is asked for several keys at once.
pub(crate) type LoadMany<V> = Arc<dyn Fn(Vec<String>) -> BoxFuture<'static, Result<HashMap<String, V>>> + Send + Sync>;
/// What became of several keys. One that is missing is loaded by another process.
pub(crate) type Settled<V> = HashMap<String, Obtained<V>>;
/// A key to load, and the generation that it must be loaded in for Redis, when that answers.
type Missing = (String, Option<String>);

impl<V> Inner<V>
where
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// What Redis has of `keys`, and the rest loaded together, but for what another process loads now.
    pub(crate) async fn obtain_many(&self, keys: Vec<String>, load: &LoadMany<V>) -> Settled<V> {
        let mut settled = Settled::new();
        let mut missing = self.look(keys, &mut settled).await;
        let mut leaves = Vec::new();
        if missing.iter().any(|(_, generation)| generation.is_some())
            && let Some(redis) = &self.common.redis
        {
            let place = self.place();
            let locks = missing
                .iter()
                .map(|(key, _)| Leave::ask(&self.common, redis, &place, key));
            let locks = join_all(locks).await;
            let mut ours = Vec::new();
            for ((key, _), (lock, leave)) in missing.into_iter().zip(locks) {
                if lock != Lock::Taken {
                    ours.push(key);
                    leaves.push(leave);
                }
            }
            // Somebody may have loaded them between the look and the lock.
            missing = self.look(ours, &mut settled).await;
        }
        if !missing.is_empty() {
            self.load_many(missing, load, &mut settled).await;
        }
        join_all(leaves.into_iter().map(Leave::give_back)).await;
        settled
    }

    /// Settles what Redis has of `keys`, and gives back the others.
    async fn look(&self, keys: Vec<String>, settled: &mut Settled<V>) -> Vec<Missing> {
        let Some(redis) = &self.common.redis else {
            return keys.into_iter().map(|key| (key, None)).collect();
        };
        let asked: Vec<_> = keys.iter().map(String::as_str).collect();
        let found = redis.get_many::<V>(&self.place(), &asked).await;
        let mut missing = Vec::new();
        for (key, found) in keys.into_iter().zip(found) {
            if let Some(entry) = found.entry.filter(|entry| entry.holds(self.common.now())) {
                self.count("redis", "hit");
                settled.insert(key, Ok(entry));
            } else {
                if found.generation.is_none() {
                    self.count("redis", "away");
                }
                missing.push((key, found.generation));
            }
        }
        missing
    }

    async fn load_many(&self, missing: Vec<Missing>, load: &LoadMany<V>, settled: &mut Settled<V>) {
        let started = Instant::now();
        let keys = missing.iter().map(|(key, _)| key.clone()).collect();
        let mut loaded = match load(keys).await {
            Ok(loaded) => loaded,
            Err(error) => {
                let error = Arc::new(error);
                settled.extend(missing.into_iter().map(|(key, _)| (key, Err(error.clone()))));
                return;
            }
        };
        self.loaded(started.elapsed());
        let cost = started.elapsed() / u32::try_from(missing.len()).unwrap_or(u32::MAX).max(1);
        let entry = |(key, generation): Missing| {
            let entry = self.entry(loaded.remove(&key), cost);
            (key, generation, entry)
        };
        let entries: Vec<_> = missing.into_iter().map(entry).collect();
        let shares = entries.iter().filter_map(|(key, generation, entry)| {
            let generation = generation.as_deref()?;
            self.count("redis", "miss");
            Some(self.share(key, entry, generation))
        });
        join_all(shares).await;
        settled.extend(entries.into_iter().map(|(key, _, entry)| (key, Ok(entry))));
    }
}
