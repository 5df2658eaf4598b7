//! What caches may hold, and where processes share them.

use platform_config::{ByteSize, Duration, Secret};
use serde::{Deserialize, Serialize};

/// Section `[cache]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
    /// `redis://…` or `rediss://…` of the Redis that processes share. Empty means that each caches alone.
    pub redis: Secret<String>,
    /// Begins every key in Redis, so that several deployments may share one.
    pub prefix: String,
    /// The most memory that one cache takes in this process.
    pub memory: ByteSize,
    /// The longest that this process trusts a value without asking Redis, when there is one.
    pub local_ttl: Duration,
    /// How long Redis may take to answer before the cache goes on without it.
    pub timeout: Duration,
    /// How long another process may take to load a value before this one loads it too.
    pub lock: Duration,
    /// The largest value that is put into Redis.
    pub largest: ByteSize,
    /// How many processes share a rate limit while Redis is away.
    pub replicas: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            redis: Secret::default(),
            prefix: "hansa".into(),
            memory: ByteSize::mb(32),
            local_ttl: Duration::from_secs(30),
            timeout: Duration::from_millis(250),
            lock: Duration::from_secs(10),
            largest: ByteSize::mb(1),
            replicas: 1,
        }
    }
}
