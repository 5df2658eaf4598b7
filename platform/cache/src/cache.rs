//! One cache: asked for a key, it gives what is kept or loads it, once however many ask.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use platform_error::{Code, Error, Result};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Spec,
    caches::{Common, Forgets},
    flight::Outcome,
    kept::{Inner, Kept},
    obtain::{From, Obtained},
};

/// A cache of `V`s by text keys. Cheap to clone.
pub struct Cache<V>(pub(crate) Arc<Inner<V>>);

impl<V> Clone for Cache<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V> Cache<V>
where
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    pub(crate) fn new(common: Arc<Common>, spec: Spec) -> Self {
        Self(Arc::new(Inner::new(common, spec)))
    }

    /// The value of `key`: from this process, from Redis, or from `load`, which runs once however many ask at the same
    /// time, here and in other processes. `None` is kept too, for a shorter time. Errors are kept for nobody.
    pub async fn get<E, Fut>(&self, key: &str, load: impl FnOnce() -> Fut + Send + 'static) -> Result<Option<V>>
    where
        E: Into<Error>,
        Fut: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        if let Some(kept) = self.0.kept(key) {
            if self.0.is_due(key, &kept) {
                self.refresh(key, &kept, load);
            }
            return Ok(kept.entry.value.clone());
        }
        let flight = self.0.flights.join(key, |number| {
            self.fly(key, number, self.obtain(key, From::Anywhere, load))
        });
        flight.await.map_err(|shared| copy(&shared))
    }

    /// Forgets `key` everywhere. Call it after the commit that changed what is cached.
    pub async fn invalidate(&self, key: &str) {
        self.0.forget(key);
        if let Some(redis) = &self.0.common.redis {
            redis.invalidate(&self.0.place(), key).await;
            // Meanwhile somebody here may have found the old value in Redis.
            self.0.forget(key);
        }
    }

    /// Forgets `key` here at once and everywhere a moment later, for who cannot wait: an event's handler forgets what it
    /// changes by `tx.on_commit(move || cache.invalidate_soon(&key))`.
    pub fn invalidate_soon(&self, key: &str) {
        self.0.forget(key);
        if self.0.common.redis.is_some() {
            let (cache, key) = (self.clone(), key.to_owned());
            let tell = async move { cache.invalidate(&key).await };
            self.0.common.context.spawn("cache invalidation", tell);
        }
    }

    /// Loads `key` anew beside those who are served what is kept.
    pub(crate) fn refresh<E, Fut>(&self, key: &str, kept: &Kept<V>, load: impl FnOnce() -> Fut + Send + 'static)
    where
        E: Into<Error>,
        Fut: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        self.0.count("process", "refresh");
        let from = From::Newer(kept.entry.until);
        let flight = self
            .0
            .flights
            .join(key, |number| self.fly(key, number, self.obtain(key, from, load)));
        self.0.common.context.spawn("cache refresh", flight.map(drop));
    }

    fn obtain<E, Fut>(
        &self,
        key: &str,
        from: From,
        load: impl FnOnce() -> Fut + Send + 'static,
    ) -> BoxFuture<'static, Obtained<V>>
    where
        E: Into<Error>,
        Fut: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        let (inner, key) = (self.0.clone(), key.to_owned());
        async move { inner.obtain(&key, from, load).await }.boxed()
    }

    /// Load `number` of `key`: what is obtained is kept, unless it is forgotten meanwhile.
    pub(crate) fn fly(
        &self,
        key: &str,
        number: u64,
        obtained: impl Future<Output = Obtained<V>> + Send + 'static,
    ) -> BoxFuture<'static, Outcome<V>> {
        let (inner, key) = (self.0.clone(), key.to_owned());
        async move {
            // Whatever happens, a load that has ended is joined by nobody.
            let landing = Landing {
                inner: &inner,
                key: &key,
                number,
            };
            let entry = obtained.await?;
            let value = entry.value.clone();
            inner.flights.land(&key, number, || inner.keep(&key, entry));
            drop(landing);
            Ok(value)
        }
        .boxed()
    }
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

/// The same error for another who waited.
pub(crate) fn copy(error: &Error) -> Error {
    let mut copy = match error.code() {
        Code::Internal => Error::internal(error.causes()),
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
