//! Tells Redis, and through it all processes, what was invalidated; what it could not be told is told before it is used
//! again.

use std::{
    collections::BTreeMap,
    sync::{MutexGuard, PoisonError},
};

use super::{Redis, generation_key, lock_key, value_key};

/// Between the place and the key in a message.
pub(super) const BETWEEN: char = '\n';
/// How long a key's generation outlives its last invalidation, in milliseconds: longer than any load takes.
const GENERATION: u64 = 3_600_000;
/// Invalidations that are kept to be told later. More are told as one: everything.
const UNTOLD: usize = 10_000;

/// Raises the generation, so that loads under way are not stored, and tells all processes.
const INVALIDATE: &str = "redis.call('incr', KEYS[2]) redis.call('pexpire', KEYS[2], ARGV[1])
redis.call('del', KEYS[1], KEYS[3]) redis.call('publish', ARGV[2], ARGV[3]) return 1";

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

impl Redis {
    /// Forgets a key and tells all processes; when Redis is away, before it is used again.
    pub(crate) async fn invalidate(&self, place: &str, key: &str) {
        if !self.tell(place, key).await {
            self.untold().add(place, key);
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

    /// Removes every value of this deployment: more was invalidated than could be remembered.
    async fn forget_everything(&self) -> bool {
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
