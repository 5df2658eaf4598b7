//! What is kept: bytes under a digest, within a bound of memory, until their time is over or they are taken away.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use moka::sync::Cache;
use platform_service::Clock;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{CacheSettings, Policy, Taken};

/// What a kept answer costs beside its bytes.
const OVERHEAD: usize = 256;

/// A digest of all that an answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

impl Key {
    /// A key of several parts. Their lengths count as well, so that no two lists of parts look alike.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }

    /// Where the answer for everybody is kept, and where the one for this principal.
    pub(crate) fn pair(parts: &[&[u8]], subject: Option<&str>) -> [Option<Self>; 2] {
        let public = Self::of(&[parts, &[b"public"]].concat());
        let private = subject.map(|subject| Self::of(&[parts, &[b"private", subject.as_bytes()]].concat()));
        [Some(public), private]
    }
}

/// What an answer is about, for taking it away.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tags {
    /// The subgraphs that it came from.
    pub subgraphs: Vec<String>,
    /// The types in it, as far as what is asked for tells; of one entity those that are inside of it.
    pub types: Arc<BTreeSet<String>>,
    /// Which entity it is the answer of, where it is that of a single one.
    pub entity: Option<Entity>,
}

/// An entity, as a subgraph is told of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entity {
    /// The types that it may be of: a subgraph may know no more than an interface.
    pub types: Arc<BTreeSet<String>>,
    /// What tells it from others.
    pub representation: Map<String, Value>,
}

/// An answer as it was kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// The bytes.
    pub body: Bytes,
    /// How long it may be kept, counted from when it was stored.
    pub policy: Policy,
    stored_at: i64,
    tags: Arc<Tags>,
}

impl Kept {
    /// For how many seconds it has been here.
    pub(crate) fn age(&self, clock: &Clock) -> u64 {
        u64::try_from(clock.now().timestamp().saturating_sub(self.stored_at)).unwrap_or_default()
    }

    /// What is left of its policy.
    pub(crate) fn remaining(&self, clock: &Clock) -> Policy {
        Policy {
            max_age: self.policy.max_age.saturating_sub(self.age(clock)),
            ..self.policy
        }
    }
}

/// An answer that may be kept.
#[derive(Clone, Debug)]
pub(crate) struct Fresh {
    /// The bytes.
    pub(crate) body: Bytes,
    /// How long, and for whom.
    pub(crate) policy: Policy,
    /// What it is about.
    pub(crate) tags: Tags,
    /// When it was asked for, by [`Store::moment`].
    pub(crate) moment: u64,
}

/// The memory of a gateway. Cheap to clone; clones share it.
#[derive(Clone)]
pub(crate) struct Store {
    kept: Cache<Key, Kept>,
    clock: Clock,
    longest: u64,
    /// Counts what was taken away: an answer that was asked for before must not be stored after.
    invalidations: Arc<AtomicU64>,
}

impl Store {
    /// An empty memory.
    pub(crate) fn new(settings: &CacheSettings, clock: &Clock) -> Self {
        let weigh = |_: &Key, kept: &Kept| u32::try_from(kept.body.len() + OVERHEAD).unwrap_or(u32::MAX);
        Self {
            kept: Cache::builder()
                .max_capacity(settings.memory.bytes())
                .weigher(weigh)
                .time_to_live(*settings.longest)
                .build(),
            clock: clock.clone(),
            longest: settings.longest.as_secs(),
            invalidations: Arc::default(),
        }
    }

    /// What was kept and is still good.
    pub(crate) fn get(&self, key: &Key) -> Option<Kept> {
        let kept = self.kept.get(key)?;
        if kept.age(&self.clock) >= kept.policy.max_age {
            self.kept.invalidate(key);
            return None;
        }
        Some(kept)
    }

    /// To be asked before an answer is, and given back with it.
    pub(crate) fn moment(&self) -> u64 {
        self.invalidations.load(SeqCst)
    }

    /// Keeps an answer, if its policy allows.
    pub(crate) fn put(&self, key: Key, fresh: Fresh) {
        let Fresh {
            body,
            policy,
            tags,
            moment,
        } = fresh;
        let policy = Policy {
            max_age: policy.max_age.min(self.longest),
            ..policy
        };
        if policy.max_age == 0 || self.moment() != moment {
            return;
        }
        let kept = Kept {
            // A slice of a larger answer would hold all of it.
            body: Bytes::copy_from_slice(&body),
            policy,
            stored_at: self.clock.now().timestamp(),
            tags: Arc::new(tags),
        };
        self.kept.insert(key, kept);
        if self.moment() != moment {
            self.kept.invalidate(&key);
        }
    }

    /// Takes single answers away that turned out to be wrong.
    pub(crate) fn forget(&self, keys: &[Key]) {
        for key in keys {
            self.kept.invalidate(key);
        }
    }

    /// Takes answers away and says how many.
    pub(crate) fn invalidate(&self, what: &Taken<'_>) -> usize {
        self.invalidations.fetch_add(1, SeqCst);
        let gone: Vec<Key> = self
            .kept
            .iter()
            .filter(|(_, kept)| what.has(&kept.tags))
            .map(|(key, _)| *key)
            .collect();
        for key in &gone {
            self.kept.invalidate(key);
        }
        gone.len()
    }

    /// The clock that decides what is still good.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }
}
