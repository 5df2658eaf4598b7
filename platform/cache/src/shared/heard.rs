//! Hears what other processes invalidate.

use std::sync::Weak;

use futures::StreamExt;
use redis::{Client, RedisError};

use super::{PAUSE, Redis, told::BETWEEN};
use crate::caches::Common;

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
