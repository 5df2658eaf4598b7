//! Caches in three layers, the request, the process and Redis, and rate limits that several processes share.
//!
//! ```ignore
//! let caches = Caches::open(&context)?;
//! let profiles: Cache<Profile> = caches.cache(Spec::new("profiles", 1).ttl(Duration::from_secs(300)));
//! let profile = profiles.get(&id.to_string(), move || load(db, id)).await?;
//! profiles.invalidate(&id.to_string()).await;   // after the commit that changed it
//! ```
//!
//! **What may be stale.** Once `invalidate` has returned, its process never gives the old value again. Other processes
//! hear of it over Redis, in milliseconds; should the message be lost, `cache.local-ttl` bounds it. What this process
//! could not tell Redis it tells within seconds once Redis is there again, and before it uses it. Redis away means
//! slower, not wrong. Processes without a Redis do not hear each other: there the value's own time to live is the bound,
//! and so it is for a process that dies between a commit and the invalidation after it.

mod cache;
mod caches;
mod entry;
mod flight;
mod kept;
mod limit;
mod loader;
mod many;
mod obtain;
mod settings;
mod shared;
mod spec;

pub use crate::{
    cache::Cache,
    caches::Caches,
    limit::SharedLimit,
    loader::{CacheLoader, data_loader, load_one},
    settings::Settings,
    spec::Spec,
};
