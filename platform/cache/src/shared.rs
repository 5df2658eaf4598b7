//! The Redis that processes share: values with a generation each, locks, and word of what was invalidated.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, PoisonError, Weak},
    time::Duration,
};

use futures::StreamExt;
use platform_error::{Code, Error, Result};
use platform_resilience::Breaker;
use redis::{
    Client, RedisError, Script, ToRedisArgs,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Settings, caches::Common, entry::Entry};

const CHANNEL: &str = "invalidated";
/// Between the place and the key in a message.
const BETWEEN: char = '\n';
/// How long a key's generation outlives its last invalidation: longer than any load takes.
const GENERATION: u64 = 3_600_000;
/// Invalidations that are kept to be told later. More are told as one: everything.
const UNTOLD: usize = 10_000;
const FAILURES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Stores a value unless its key was invalidated since its generation was read.
const PUT: &str = "if (redis.call('get', KEYS[2]) or '0') ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1";
/// Raises the generation, so that loads under way are not stored, and tells all processes.
const INVALIDATE: &str = "redis.call('incr', KEYS[2]) redis.call('pexpire', KEYS[2], ARGV[1])
redis.call('del', KEYS[1], KEYS[3]) redis.call('publish', ARGV[2], ARGV[3]) return 1";
/// Gives a lock back if it is still ours.
const UNLOCK: &str = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

/// A connection that comes back by itself. Every failure is survived by going on without it.
pub(crate) struct Redis {
    client: Client,
    link: ConnectionManager,
    prefix: String,
    lock: Duration,
    largest: usize,
    breaker: Breaker,
    untold: Mutex<Untold>,
}

/// What Redis has yet to hear.
#[derive(Default)]
struct Untold {
    keys: BTreeSet<(String, String)>,
    is_everything: bool,
}

/// What Redis has of a key.
#[derive(Clone, Debug)]
pub(crate) struct Found<V> {
    pub(crate) entry: Option<Entry<V>>,
    /// The generation a value must be loaded in to be stored; `None` when Redis did not answer.
    pub(crate) generation: Option<String>,
}

/// Whether this process is to load a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// It is, and this is its token.
    Ours(String),
    /// Another does.
    Taken,
    /// Nobody knows.
    Away,
}

impl<V> Found<V> {
    fn away() -> Self {
        Self {
            entry: None,
            generation: None,
        }
    }
}

impl Redis {
    /// Connects in the background, when there is an address.
    pub(crate) fn new(settings: &Settings) -> Result<Option<Self>> {
        let address = settings.redis.expose();
        if address.is_empty() {
            return Ok(None);
        }
        let wrong = |_| {
            Error::new(
                Code::Invalid,
                "cache.redis is not an address such as redis://127.0.0.1:6379",
            )
        };
        let client = Client::open(address.as_str()).map_err(wrong)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(*settings.timeout))
            .set_response_timeout(Some(*settings.timeout))
            .set_number_of_retries(1);
        let link = client.get_connection_manager_lazy(config).map_err(wrong)?;
        Ok(Some(Self {
            client,
            link,
            prefix: settings.prefix.clone(),
            lock: *settings.lock,
            largest: settings.largest.as_usize(),
            breaker: Breaker::new(FAILURES, PAUSE),
            untold: Mutex::default(),
        }))
    }

    /// The value of a key, or its generation.
    pub(crate) async fn get<V: DeserializeOwned>(&self, place: &str, key: &str) -> Found<V> {
        let mut found = self.get_many(place, &[key]).await;
        found.pop().unwrap_or_else(Found::away)
    }

    /// The values of several keys.
    pub(crate) async fn get_many<V: DeserializeOwned>(&self, place: &str, keys: &[&str]) -> Vec<Found<V>> {
        self.tell_all().await;
        let mut ask = redis::cmd("MGET");
        for key in keys {
            ask.arg(value_key(place, key)).arg(generation_key(place, key));
        }
        let Some(answers) = self.ask::<Vec<Option<String>>>(&ask).await else {
            return keys.iter().map(|_| Found::away()).collect();
        };
        let read = |pair: &[Option<String>]| Found {
            entry: pair[0].as_deref().and_then(|json| serde_json::from_str(json).ok()),
            generation: Some(pair[1].clone().unwrap_or_else(|| "0".into())),
        };
        answers.chunks_exact(2).map(read).collect()
    }

    /// Stores an entry for `life` microseconds if `generation` still holds.
    pub(crate) async fn put<V: Serialize>(
        &self,
        place: &str,
        key: &str,
        (entry, life): (&Entry<V>, i64),
        generation: &str,
    ) {
        let json = serde_json::to_string(entry).unwrap_or_default();
        let milliseconds = life / 1_000;
        if json.is_empty() || json.len() > self.largest || milliseconds <= 0 {
            return;
        }
        let keys = [value_key(place, key), generation_key(place, key)];
        let _: Option<i64> = self
            .run(PUT, &keys, &[generation, &json, &milliseconds.to_string()])
            .await;
    }

    /// Asks to be the one that loads a key.
    pub(crate) async fn lock(&self, place: &str, key: &str) -> Lock {
        let token = token();
        let mut ask = redis::cmd("SET");
        ask.arg(lock_key(place, key))
            .arg(&token)
            .arg("NX")
            .arg("PX")
            .arg(self.lock.as_millis() as u64);
        match self.ask::<Option<String>>(&ask).await {
            Some(Some(_)) => Lock::Ours(token),
            Some(None) => Lock::Taken,
            None => Lock::Away,
        }
    }

    /// Lets others load a key.
    pub(crate) async fn unlock(&self, place: &str, key: &str, lock: Lock) {
        if let Lock::Ours(token) = lock {
            let _: Option<i64> = self.run(UNLOCK, &[lock_key(place, key)], &[&token]).await;
        }
    }

    /// Forgets a key and tells all processes; when Redis is away, before it is used again.
    pub(crate) async fn invalidate(&self, place: &str, key: &str) {
        if !self.tell(place, key).await {
            let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
            if untold.keys.len() < UNTOLD {
                untold.keys.insert((place.to_owned(), key.to_owned()));
            } else {
                untold.keys.clear();
                untold.is_everything = true;
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

    async fn tell_all(&self) {
        let untold = std::mem::take(&mut *self.untold.lock().unwrap_or_else(PoisonError::into_inner));
        if untold.is_everything && !self.forget_everything().await {
            self.untold.lock().unwrap_or_else(PoisonError::into_inner).is_everything = true;
        }
        for (place, key) in untold.keys {
            self.invalidate(&place, &key).await;
        }
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

    /// Runs a script, or nothing when Redis is away.
    pub(crate) async fn run<T: redis::FromRedisValue>(
        &self,
        script: &'static str,
        keys: &[impl ToRedisArgs],
        arguments: &[&str],
    ) -> Option<T> {
        let script = Script::new(script);
        let mut call = script.prepare_invoke();
        for key in keys {
            call.key(key);
        }
        for argument in arguments {
            call.arg(*argument);
        }
        let pass = self.breaker.enter().ok()?;
        let answer = call.invoke_async(&mut self.link.clone()).await;
        pass.leave(answer.is_ok());
        seen(answer)
    }

    async fn ask<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> Option<T> {
        let pass = self.breaker.enter().ok()?;
        let answer = command.query_async(&mut self.link.clone()).await;
        pass.leave(answer.is_ok());
        seen(answer)
    }

    fn channel(&self) -> String {
        format!("{}:{CHANNEL}", self.prefix)
    }

    /// Hears what other processes invalidate, for as long as the caches live.
    pub(crate) fn listen(&self, caches: Weak<Common>) -> impl Future<Output = ()> + Send + use<> {
        let (client, channel) = (self.client.clone(), self.channel());
        async move {
            while caches.strong_count() > 0 {
                if let Err(error) = hear(&client, &channel, &caches).await {
                    tracing::debug!(%error, "no word of invalidations");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn hear(client: &Client, channel: &str, caches: &Weak<Common>) -> Result<(), RedisError> {
    let mut words = client.get_async_pubsub().await?;
    words.subscribe(channel).await?;
    // What was said before this moment was not heard.
    if let Some(caches) = caches.upgrade() {
        caches.heard_nothing();
    }
    let mut words = words.into_on_message();
    while let Some(message) = words.next().await {
        let Some(caches) = caches.upgrade() else { return Ok(()) };
        let text: String = message.get_payload()?;
        if let Some((place, key)) = text.split_once(BETWEEN) {
            caches.heard(place, key);
        }
    }
    if let Some(caches) = caches.upgrade() {
        caches.heard_nothing();
    }
    Ok(())
}

fn seen<T>(answer: Result<T, RedisError>) -> Option<T> {
    answer
        .inspect_err(|error| {
            metrics::counter!("cache_redis_errors_total").increment(1);
            tracing::debug!(%error, "Redis did not answer");
        })
        .ok()
}

/// Tells this process's lock from another's; it is no secret.
#[expect(
    clippy::disallowed_methods,
    reason = "a lock's token is compared by Redis alone and never part of a result"
)]
fn token() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn value_key(place: &str, key: &str) -> String {
    format!("{place}:value:{key}")
}

fn generation_key(place: &str, key: &str) -> String {
    format!("{place}:generation:{key}")
}

fn lock_key(place: &str, key: &str) -> String {
    format!("{place}:lock:{key}")
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
