//! What a cache is called, and how long its values hold.

use std::time::Duration;

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
    pub const fn new(name: &'static str, version: u32) -> Self {
        Self {
            name,
            version,
            ttl: Duration::from_secs(300),
            absent_ttl: Duration::from_secs(30),
        }
    }

    /// How long a value holds, give or take a tenth.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// How long the knowledge holds that there is nothing.
    pub const fn absent_ttl(mut self, ttl: Duration) -> Self {
        self.absent_ttl = ttl;
        self
    }
}
