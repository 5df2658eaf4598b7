//! The caches of one service, and what they have in common.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use futures::future::join;
use platform_error::Result;
use platform_service::Context;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Cache, Settings, Spec, shared::Redis};

/// The caches of one service. Cheap to clone.
#[derive(Clone)]
pub struct Caches(pub(crate) Arc<Common>);

/// What all caches of a service share.
pub(crate) struct Common {
    pub(crate) context: Context,
    pub(crate) settings: Settings,
    pub(crate) redis: Option<Redis>,
    members: Mutex<HashMap<String, Weak<dyn Forgets>>>,
}

/// A cache as those see it who only invalidate.
pub(crate) trait Forgets: Send + Sync {
    fn forget(&self, key: &str);
    fn forget_all(&self);
}

impl Caches {
    /// Makes ready by the section `[cache]`. Redis is connected in the background; it may be away.
    pub fn open(context: &Context) -> Result<Self> {
        let settings: Settings = context.section("cache")?;
        let redis = Redis::new(&settings)?;
        let common = Arc::new(Common {
            context: context.clone(),
            settings,
            redis,
            members: Mutex::default(),
        });
        if let Some(redis) = &common.redis {
            let (caches, shutdown) = (Arc::downgrade(&common), context.shutdown());
            let (listening, telling) = (redis.listen(caches.clone()), redis.tell_missed(caches));
            context.spawn("cache invalidations", async move {
                tokio::select! {
                    ((), ()) = join(listening, telling) => {}
                    () = shutdown.cancelled() => {}
                }
            });
        }
        Ok(Self(common))
    }

    /// A cache of its own. Its name is its place in Redis, so a name stands for one type and one version.
    pub fn cache<V>(&self, spec: Spec) -> Cache<V>
    where
        V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let cache = Cache::new(self.0.clone(), spec);
        let member: Arc<dyn Forgets> = cache.0.clone();
        let mut members = self.0.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.insert(cache.0.place(), Arc::downgrade(&member));
        cache
    }
}

impl Common {
    /// A number from 0 to 1.
    pub(crate) fn random(&self) -> f64 {
        let (high, _) = self.context.ids().v4().as_u64_pair();
        // The 48 bits before the id's version are all random.
        (high >> 16) as f64 / (1_u64 << 48) as f64
    }

    pub(crate) fn now(&self) -> i64 {
        self.context.clock().now().timestamp_micros()
    }

    /// Another process changed `key` of the cache at `place`.
    pub(crate) fn heard(&self, place: &str, key: &str) {
        if let Some(cache) = self.member(place) {
            cache.forget(key);
        }
    }

    /// Messages may have been lost: nothing that this process keeps is trusted any more.
    pub(crate) fn heard_nothing(&self) {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members
            .values()
            .filter_map(Weak::upgrade)
            .for_each(|cache| cache.forget_all());
    }

    fn member(&self, place: &str) -> Option<Arc<dyn Forgets>> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.get(place)?.upgrade()
    }
}
