//! The layer of one request: keys asked for one by one are loaded together.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::{
    dataloader::{DataLoader, Loader},
    runtime::Timer,
};
use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
    task::{FutureObj, Spawn, SpawnError},
};
use platform_error::Error;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Cache, cache::copy, kept::Known};

type LoadMany<V> = Arc<dyn Fn(Vec<String>) -> BoxFuture<'static, Result<HashMap<String, V>, Error>> + Send + Sync>;

/// Loads many keys through a cache, for a `DataLoader` of the request's data.
pub struct CacheLoader<V> {
    cache: Cache<V>,
    load: LoadMany<V>,
}

impl<V> Cache<V>
where
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// A loader over this cache. `load` is asked for the keys that nobody has, all at once; a key that it leaves out is
    /// absent.
    pub fn loader<E, Fut>(&self, load: impl Fn(Vec<String>) -> Fut + Send + Sync + 'static) -> CacheLoader<V>
    where
        E: Into<Error>,
        Fut: Future<Output = Result<HashMap<String, V>, E>> + Send + 'static,
    {
        let load = move |keys| -> BoxFuture<'static, _> {
            let loading = load(keys);
            Box::pin(async move { loading.await.map_err(Into::into) })
        };
        CacheLoader {
            cache: self.clone(),
            load: Arc::new(load),
        }
    }
}

impl<V> Loader<String> for CacheLoader<V>
where
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    type Value = V;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[String]) -> Result<HashMap<String, V>, Arc<Error>> {
        let known = self.cache.peek(keys).await;
        let mut values = HashMap::new();
        let mut missing = Vec::new();
        for (key, mut known) in keys.iter().zip(known) {
            match known.value.take() {
                Some(value) => values.extend(value.map(|value| (key.clone(), value))),
                None => missing.push((key.clone(), known)),
            }
        }
        if !missing.is_empty() {
            let loaded = self.fill(missing).await.map_err(Arc::new)?;
            values.extend(loaded);
        }
        Ok(values)
    }
}

impl<V> CacheLoader<V>
where
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    async fn fill(&self, missing: Vec<(String, Known<V>)>) -> Result<HashMap<String, V>, Error> {
        let started = Instant::now();
        let keys = missing.iter().map(|(key, _)| key.clone()).collect();
        let loaded = (self.load)(keys).await?;
        self.cache.0.loaded(started.elapsed());
        let cost = started.elapsed() / u32::try_from(missing.len()).unwrap_or(u32::MAX).max(1);
        let offers = missing.iter().map(|(key, known)| {
            let entry = self.cache.0.entry(loaded.get(key).cloned(), cost);
            self.cache.offer(key, entry, known)
        });
        join_all(offers).await;
        Ok(loaded)
    }
}

/// The value of one key, loaded together with those that others ask for at this moment.
pub async fn load_one<V>(loader: &DataLoader<CacheLoader<V>>, key: &str) -> Result<Option<V>, Error>
where
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let loaded = loader.load_one(key.to_owned()).await;
    loaded.map_err(|shared| copy(&shared))
}

/// A data loader on the runtime that runs now: what its batches load is awaited by who asked.
pub fn data_loader<K, L>(loader: L) -> DataLoader<L>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    L: Loader<K>,
{
    let runtime = Runtime(tokio::runtime::Handle::current());
    DataLoader::new(loader, runtime, Sleep)
}

struct Runtime(tokio::runtime::Handle);

impl Spawn for Runtime {
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.0.spawn(future);
        Ok(())
    }
}

struct Sleep;

impl Timer for Sleep {
    fn delay(&self, duration: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed()
    }
}
