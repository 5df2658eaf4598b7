//! The Redis that processes share: values with a generation each, locks, and word of what was invalidated.

mod heard;
mod told;

use std::{fmt, sync::Mutex, time::Duration};

use platform_error::{Code, Error, Result};
use platform_resilience::{Breaker, Pass, Turn};
use redis::{
    Client, IntoConnectionInfo, RedisError, Script, ToRedisArgs,
    aio::{ConnectionManager, ConnectionManagerConfig},
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::watch;

use crate::{Settings, entry::Entry, shared::told::Untold};

const CHANNEL: &str = "invalidated";
const FAILURES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);
/// A connection whose other end has gone without a word is given up after so long. Only one that is closed is replaced:
/// answers that do not come in time do not close it.
const GONE: Duration = Duration::from_secs(10);
const BETWEEN_PROBES: Duration = Duration::from_secs(3);

/// Stores a value unless its key, or everything, was invalidated since its generation was read.
const PUT: &str = "local now = (redis.call('get', KEYS[3]) or '0') .. '.' .. (redis.call('get', KEYS[2]) or '0')
if now ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1";
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
    /// Wakes the task that tells what is untold.
    missed: watch::Sender<()>,
}

/// What Redis has of a key.
#[derive(Clone, Debug)]
pub(crate) struct Found<V> {
    pub(crate) entry: Option<Entry<V>>,
    /// The generation a value must be loaded in to be stored; `None` when Redis did not answer.
    pub(crate) generation: Option<String>,
}

/// Whether this process is to load a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// It is.
    Ours,
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
        let server = address.as_str().into_connection_info().map_err(wrong)?;
        let client = Client::open(server.set_tcp_settings(tcp())).map_err(wrong)?;
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
            missed: watch::Sender::default(),
        }))
    }

    /// The value of a key, or its generation.
    pub(crate) async fn get<V: DeserializeOwned>(&self, place: &str, key: &str) -> Found<V> {
        let mut found = self.get_many(place, &[key]).await;
        found.pop().unwrap_or_else(Found::away)
    }

    /// The values of several keys.
    pub(crate) async fn get_many<V: DeserializeOwned>(&self, place: &str, keys: &[&str]) -> Vec<Found<V>> {
        let away = || keys.iter().map(|_| Found::away()).collect();
        if !self.tell_all().await {
            return away();
        }
        let mut ask = redis::cmd("MGET");
        ask.arg(self.everything_key());
        for key in keys {
            ask.arg(value_key(place, key)).arg(generation_key(place, key));
        }
        let Some(answers) = self.ask::<Vec<Option<String>>>(&ask).await else {
            return away();
        };
        let Some((everything, answers)) = answers.split_first() else {
            return away();
        };
        let number = |generation: &Option<String>| generation.clone().unwrap_or_else(|| "0".into());
        let read = |pair: &[Option<String>]| Found {
            entry: pair[0].as_deref().and_then(|json| serde_json::from_str(json).ok()),
            generation: Some(format!("{}.{}", number(everything), number(&pair[1]))),
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
        // A generation that Redis has yet to raise would let an old value pass.
        if !self.tell_all().await {
            return;
        }
        let keys = [value_key(place, key), generation_key(place, key), self.everything_key()];
        let _: Option<i64> = self
            .run(PUT, &keys, &[generation, &json, &milliseconds.to_string()])
            .await;
    }

    /// Asks to be the one that loads a key.
    pub(crate) async fn lock(&self, place: &str, key: &str, token: &str) -> Lock {
        let mut ask = redis::cmd("SET");
        ask.arg(lock_key(place, key))
            .arg(token)
            .arg("NX")
            .arg("PX")
            .arg(self.lock.as_millis() as u64);
        match self.ask::<Option<String>>(&ask).await {
            Some(Some(_)) => Lock::Ours,
            Some(None) => Lock::Taken,
            None => Lock::Away,
        }
    }

    /// Lets others load a key, unless somebody else has the lock by now.
    pub(crate) async fn unlock(&self, place: &str, key: &str, token: &str) {
        let _: Option<i64> = self.run(UNLOCK, &[lock_key(place, key)], &[token]).await;
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
        seen(pass, answer)
    }

    async fn ask<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> Option<T> {
        let pass = self.breaker.enter().ok()?;
        let answer = command.query_async(&mut self.link.clone()).await;
        seen(pass, answer)
    }

    /// The generation of all keys together.
    fn everything_key(&self) -> String {
        format!("{}:everything", self.prefix)
    }

    /// Where invalidations are told.
    fn channel(&self) -> String {
        format!("{}:{CHANNEL}", self.prefix)
    }
}

fn tcp() -> TcpSettings {
    let keepalive = TcpKeepalive::new().with_time(GONE).with_interval(BETWEEN_PROBES);
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(GONE);
    settings
}

fn seen<T>(pass: Pass<'_>, answer: Result<T, RedisError>) -> Option<T> {
    let turn = pass.leave(answer.is_ok());
    let failure = answer.as_ref().err();
    match (failure, turn) {
        (Some(error), Some(Turn::Opened)) => {
            tracing::warn!(%error, "Redis does not answer: until it does, this process caches and counts alone");
        }
        (Some(error), _) => tracing::debug!(%error, "Redis did not answer"),
        (None, Some(Turn::Closed)) => tracing::info!("Redis answers again"),
        (None, _) => {}
    }
    if failure.is_some() {
        metrics::counter!("cache_redis_errors_total").increment(1);
    }
    answer.ok()
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
