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
//! hear of it over Redis, in milliseconds; should the message be lost, `cache.local-ttl` bounds it, and what this
//! process could not tell Redis it tells before it uses Redis again. Redis away means slower, not wrong.

mod cache;
mod caches;
mod entry;
mod flight;
mod limit;
mod loader;
mod settings;
mod shared;

pub use crate::{
    cache::{Cache, Spec},
    caches::Caches,
    limit::SharedLimit,
    loader::{CacheLoader, data_loader},
    settings::Settings,
};
