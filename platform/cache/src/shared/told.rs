//! Tells Redis, and through it all processes, what was invalidated; what it could not be told is told once it is there
//! again, and before it is used.

use std::{
    collections::BTreeMap,
    sync::{MutexGuard, PoisonError, Weak},
    time::Duration,
};

use platform_resilience::Backoff;

use super::{Redis, generation_key, lock_key, value_key};
use crate::caches::Common;

/// Between the place and the key in a message.
pub(super) const BETWEEN: char = '\n';
/// A message that is about no single key.
const EVERYTHING: &str = "everything";
/// How long a key's generation outlives its last invalidation, in milliseconds: longer than any load takes.
const GENERATION: u64 = 3_600_000;
/// Invalidations that are kept to be told later. More are told as one: everything.
const UNTOLD: usize = 10_000;
/// Between attempts to tell them.
const AGAIN: Backoff = Backoff {
    first: Duration::from_millis(250),
    longest: Duration::from_secs(5),
};

/// Raises the generation, so that loads under way are not stored, and tells all processes.
const INVALIDATE: &str = "redis.call('incr', KEYS[2]) redis.call('pexpire', KEYS[2], ARGV[1])
redis.call('del', KEYS[1], KEYS[3]) redis.call('publish', ARGV[2], ARGV[3]) return 1";
/// The same for all keys at once; their values are removed after it.
const INVALIDATE_ALL: &str = "redis.call('incr', KEYS[1]) return redis.call('pexpire', KEYS[1], ARGV[1])";

/// What Redis has yet to hear. Each entry has a number, so that one that comes again while it is told is told again.
#[derive(Default)]
pub(super) struct Untold {
    next: u64,
    keys: BTreeMap<(String, String), u64>,
    /// More than can be remembered, as of this number.
    everything: Option<u64>,
}

impl Untold {
    fn add(&mut self, place: &str, key: &str) {
        self.next += 1;
        let of = (place.to_owned(), key.to_owned());
        if self.keys.len() < UNTOLD || self.keys.contains_key(&of) {
            self.keys.insert(of, self.next);
        } else {
            self.keys.clear();
            self.everything = Some(self.next);
        }
    }
}

/// What is told to Redis now. If it fails, or nobody waits for it any more, it is told later.
struct Word<'a> {
    redis: &'a Redis,
    place: &'a str,
    key: &'a str,
    is_told: bool,
}

impl Drop for Word<'_> {
    fn drop(&mut self) {
        if !self.is_told {
            self.redis.untold().add(self.place, self.key);
            self.redis.missed.send_replace(());
        }
    }
}

impl Redis {
    /// Forgets a key and tells all processes; when Redis is away, as soon as it is there again.
    pub(crate) async fn invalidate(&self, place: &str, key: &str) {
        let mut word = Word {
            redis: self,
            place,
            key,
            is_told: false,
        };
        word.is_told = self.tell(place, key).await;
    }

    /// Tells what Redis has missed, for as long as the caches live.
    pub(crate) fn tell_missed(&self, caches: Weak<Common>) -> impl Future<Output = ()> + Send + use<> {
        let mut missed = self.missed.subscribe();
        async move {
            while missed.changed().await.is_ok() {
                for attempt in 1.. {
                    let Some(spread) = caches.upgrade().map(|caches| caches.context.random().bytes()) else {
                        return;
                    };
                    tokio::time::sleep(AGAIN.pause(attempt, spread)).await;
                    let Some(caches) = caches.upgrade() else { return };
                    let Some(redis) = &caches.redis else { return };
                    if redis.tell_all().await {
                        break;
                    }
                }
            }
        }
    }

    /// Whether there is nothing left that Redis has not heard of. Who gives up half-way leaves the rest to the next.
    pub(super) async fn tell_all(&self) -> bool {
        let everything = self.untold().everything;
        if let Some(number) = everything {
            if !self.forget_everything().await {
                return false;
            }
            self.untold().everything.take_if(|latest| *latest == number);
        }
        loop {
            let first = self
                .untold()
                .keys
                .first_key_value()
                .map(|(of, number)| (of.clone(), *number));
            let Some((of, number)) = first else { return true };
            if !self.tell(&of.0, &of.1).await {
                return false;
            }
            let mut untold = self.untold();
            if untold.keys.get(&of) == Some(&number) {
                untold.keys.remove(&of);
            }
        }
    }

    async fn tell(&self, place: &str, key: &str) -> bool {
        let keys = [value_key(place, key), generation_key(place, key), lock_key(place, key)];
        let message = format!("{place}{BETWEEN}{key}");
        let told: Option<i64> = self
            .run(INVALIDATE, &keys, &[&GENERATION.to_string(), &self.channel(), &message])
            .await;
        told.is_some()
    }

    /// Removes every value of this deployment and tells all processes: more was invalidated than could be remembered.
    async fn forget_everything(&self) -> bool {
        // Loads under way are not stored from now on, so that what is removed does not come back.
        let raised: Option<i64> = self
            .run(INVALIDATE_ALL, &[self.everything_key()], &[&GENERATION.to_string()])
            .await;
        if raised.is_none() || !self.remove_values().await {
            return false;
        }
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(self.channel()).arg(EVERYTHING);
        self.ask::<i64>(&publish).await.is_some()
    }

    async fn remove_values(&self) -> bool {
        let mut cursor = "0".to_owned();
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(&cursor)
                .arg("MATCH")
                .arg(format!("{}:*:value:*", self.prefix))
                .arg("COUNT")
                .arg(1_000);
            let Some((next, keys)) = self.ask::<(String, Vec<String>)>(&scan).await else {
                return false;
            };
            if !keys.is_empty() && self.ask::<i64>(redis::cmd("UNLINK").arg(keys)).await.is_none() {
                return false;
            }
            if next == "0" {
                return true;
            }
            cursor = next;
        }
    }

    fn untold(&self) -> MutexGuard<'_, Untold> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
