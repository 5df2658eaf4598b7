//! The layer of one request: keys asked for one by one are loaded together.

use std::{collections::HashMap, future::Future, hash::Hash, sync::Arc, time::Duration};

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
use tokio::sync::oneshot;

use crate::{
    Cache,
    cache::copy,
    flight::Outcome,
    many::{LoadMany, Settled},
    obtain::{From, Obtained},
};

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
    /// absent. As with [`Cache::get`] each is loaded once, however many ask at the same time, here and in other processes.
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
        let (mut values, mut missing) = (HashMap::new(), Vec::new());
        for key in keys {
            let Some(kept) = self.cache.0.kept(key) else {
                missing.push(key);
                continue;
            };
            if self.cache.0.is_due(key, &kept) {
                self.cache.refresh(key, &kept, self.one(key));
            }
            values.extend(kept.entry.value.clone().map(|value| (key.clone(), value)));
        }
        for (key, loaded) in missing.iter().zip(self.join(&missing).await) {
            values.extend(loaded?.map(|value| ((*key).clone(), value)));
        }
        Ok(values)
    }
}

impl<V> CacheLoader<V>
where
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// Joins the loads of these keys. Those that nobody has begun begin together.
    async fn join(&self, keys: &[&String]) -> Vec<Outcome<V>> {
        let (begin, begun) = oneshot::channel();
        let (inner, load) = (self.cache.0.clone(), self.load.clone());
        let together = async move {
            let keys = begun.await.unwrap_or_default();
            Arc::new(inner.obtain_many(keys, &load).await)
        };
        let together = together.boxed().shared();
        let (mut new, mut flights) = (Vec::new(), Vec::new());
        for key in keys {
            flights.push(self.cache.0.flights.join(key, |number| {
                new.push((*key).clone());
                self.cache.fly(key, number, self.part(key, together.clone()))
            }));
        }
        drop(together);
        // Where all are under way nobody waits for it.
        begin.send(new).ok();
        join_all(flights).await
    }

    /// What loading several keys together gives for one of them.
    fn part(
        &self,
        key: &str,
        together: impl Future<Output = Arc<Settled<V>>> + Send + 'static,
    ) -> BoxFuture<'static, Obtained<V>> {
        let (inner, one, key) = (self.cache.0.clone(), self.one(key), key.to_owned());
        async move {
            match together.await.get(&key) {
                Some(obtained) => obtained.clone(),
                None => inner.obtain(&key, From::Anywhere, one).await,
            }
        }
        .boxed()
    }

    /// Loads one key alone.
    fn one(
        &self,
        key: &str,
    ) -> impl FnOnce() -> BoxFuture<'static, Result<Option<V>, Error>> + Send + 'static + use<V> {
        let (load, key) = (self.load.clone(), key.to_owned());
        move || async move { Ok(load(vec![key.clone()]).await?.remove(&key)) }.boxed()
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
