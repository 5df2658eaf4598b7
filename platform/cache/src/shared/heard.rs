//! Hears what other processes invalidate.

use std::{io, sync::Weak, time::Duration};

use futures::StreamExt;
use redis::{
    Client, RedisError, Value,
    aio::{PubSubSink, PubSubStream},
};
use tokio::time::timeout;

use super::{PAUSE, Redis, told::BETWEEN};
use crate::caches::Common;

/// A Redis that says nothing for so long is asked whether it is there, and answers in so much time: a connection that
/// nothing comes through any more looks like one with nothing to say.
const QUIET: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(3);

impl Redis {
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
    let (mut questions, mut words) = in_time(subscribed(client, channel)).await?;
    // What was said before this moment was not heard.
    if let Some(caches) = caches.upgrade() {
        caches.heard_nothing();
    }
    loop {
        let Ok(word) = timeout(QUIET, words.next()).await else {
            if in_time(questions.ping::<Value>()).await.is_ok() {
                continue;
            }
            break;
        };
        let Some(message) = word else { break };
        let Some(caches) = caches.upgrade() else { return Ok(()) };
        let text: String = message.get_payload()?;
        match text.split_once(BETWEEN) {
            Some((place, key)) => caches.heard(place, key),
            None => caches.heard_nothing(),
        }
    }
    if let Some(caches) = caches.upgrade() {
        caches.heard_nothing();
    }
    Ok(())
}

async fn subscribed(client: &Client, channel: &str) -> Result<(PubSubSink, PubSubStream), RedisError> {
    let (mut questions, words) = client.get_async_pubsub().await?.split();
    questions.subscribe(channel).await?;
    Ok((questions, words))
}

async fn in_time<T>(answer: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
    match timeout(PATIENCE, answer).await {
        Ok(answered) => answered,
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}
