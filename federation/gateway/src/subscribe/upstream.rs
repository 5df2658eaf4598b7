//! The subgraph's side of a subscription: one stream of events, called again when it is lost.

mod body;
mod refusal;
mod target;
mod websocket;

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use axum::http::HeaderMap;
use bytes::Bytes;
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use platform_error::Code;
use tokio::time::{Instant, sleep, timeout};

use self::{refusal::faults, target::Target};
use super::{Ending, SubscriptionSettings, frame::Framed};
use crate::{
    Error,
    fault::Fault,
    settings::{Settings, SubgraphErrors},
    stitch::Adapter,
    subgraph::Peers,
    supergraph::Supergraph,
};

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A connection that held for so long was a good one: what follows its end is a new trouble.
const STABLE: Duration = Duration::from_secs(10);

/// Why a subgraph is no longer heard.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Lost {
    /// The connection cannot be made, or broke: worth another attempt.
    Connection(&'static str),
    /// The subgraph does not want to: it would say the same again.
    Refused(Vec<Fault>),
}

/// Where every subgraph is listened to.
pub(crate) struct Upstreams {
    targets: HashMap<String, Target>,
    adapters: HashMap<String, Arc<Adapter>>,
    settings: SubscriptionSettings,
    errors: SubgraphErrors,
}

/// What to ask a subgraph for.
#[derive(Clone, Debug)]
pub(crate) struct Listen {
    /// Which subgraph.
    pub(crate) subgraph: String,
    /// The request's JSON.
    pub(crate) body: Bytes,
    /// The headers that are handed on to it.
    pub(crate) headers: HeaderMap,
}

impl Upstreams {
    pub(crate) fn new(supergraph: &Supergraph, settings: &Settings, peers: &Peers) -> Result<Self, Error> {
        let targets = supergraph.endpoints.iter().map(|(name, endpoint)| {
            let target = Target::new(name, endpoint, settings, peers.get(name));
            Ok((name.clone(), target.map_err(|error| Error::Setting(error.to_string()))?))
        });
        Ok(Self {
            targets: targets.collect::<Result<_, Error>>()?,
            adapters: supergraph.adapters.clone(),
            settings: settings.subscriptions.clone(),
            errors: settings.execution.subgraph_errors,
        })
    }

    async fn open(&self, listen: &Listen) -> Result<BoxStream<'static, Result<Framed, Lost>>, Lost> {
        let mut listen = listen.clone();
        if let Some(adapter) = self.adapters.get(&listen.subgraph) {
            listen.body = adapter.listen(listen.body);
        }
        let listen = &listen;
        match self.targets.get(&listen.subgraph) {
            None => Err(Lost::Refused(vec![Fault::new(
                Code::Internal,
                "the subgraph is not known",
            )])),
            Some(Target::Websocket(door)) => {
                let opened = websocket::open(door, listen, &self.settings);
                timeout(*self.settings.init_timeout, opened)
                    .await
                    .unwrap_or(Err(Lost::Connection("it did not accept the connection in time")))
            }
            Some(Target::Local(app, uri)) => body::open_local(app, uri.clone(), listen).await,
            Some(Target::Body { client, url, accept }) => body::open_remote(client, url, accept, listen).await,
        }
    }
}

/// The events of a subgraph. Its first refusal ends the stream; once it has been heard, a connection that breaks is
/// made again, with longer and longer pauses. What the subgraph sends in between is lost.
pub(crate) fn listen(upstreams: Arc<Upstreams>, listen: Listen) -> impl Stream<Item = Result<Bytes, Ending>> + Send {
    let ear = Ear {
        upstreams,
        listen,
        current: None,
        connected_at: None,
        lost_at: None,
        attempt: 0,
        is_over: false,
    };
    stream::unfold(ear, |mut ear| async move {
        if ear.is_over {
            return None;
        }
        let item = ear.hear().await;
        ear.is_over = !matches!(item, Ok(Some(_)));
        match item {
            Ok(Some(event)) => Some((Ok(event), ear)),
            Ok(None) => None,
            Err(ending) => Some((Err(ending), ear)),
        }
    })
}

struct Ear {
    upstreams: Arc<Upstreams>,
    listen: Listen,
    current: Option<BoxStream<'static, Result<Framed, Lost>>>,
    connected_at: Option<Instant>,
    lost_at: Option<Instant>,
    attempt: u32,
    is_over: bool,
}

impl Ear {
    /// The next event, or nothing when there will be none.
    async fn hear(&mut self) -> Result<Option<Bytes>, Ending> {
        loop {
            let Some(current) = &mut self.current else {
                self.connect().await?;
                continue;
            };
            let lost = match timeout(*self.upstreams.settings.idle, current.next()).await {
                Ok(Some(Ok(Framed::Next(event)))) => {
                    (self.attempt, self.lost_at) = (0, None);
                    return Ok(Some(event));
                }
                Ok(Some(Ok(Framed::Alive))) => continue,
                Ok(Some(Ok(Framed::Complete))) => return Ok(None),
                Ok(Some(Ok(Framed::Errors(errors)))) => Lost::Refused(faults(&errors, &self.listen.subgraph)),
                Ok(Some(Err(lost))) => lost,
                Ok(None) => Lost::Connection("it ended the connection without saying that it is complete"),
                Err(_) => Lost::Connection("it was silent for too long"),
            };
            self.lose(lost)?;
        }
    }

    async fn connect(&mut self) -> Result<(), Ending> {
        if self.lost_at.is_some() {
            sleep(self.pause()).await;
            self.attempt += 1;
            metrics::counter!("gateway_subscription_reconnects_total", "subgraph" => self.listen.subgraph.clone())
                .increment(1);
        }
        let opened = timeout(*self.upstreams.settings.idle, self.upstreams.open(&self.listen)).await;
        match opened.unwrap_or(Err(Lost::Connection("it was silent for too long"))) {
            Ok(stream) => {
                (self.current, self.connected_at) = (Some(stream), Some(Instant::now()));
                Ok(())
            }
            // Whoever subscribes to a subgraph that is away is told at once; who has subscribed already waits.
            Err(lost) if self.connected_at.is_none() => Err(self.give_up(lost)),
            Err(lost) => self.lose(lost),
        }
    }

    fn lose(&mut self, lost: Lost) -> Result<(), Ending> {
        let was_connected = self.current.take().is_some();
        let held = self.connected_at.is_some_and(|at| at.elapsed() >= STABLE);
        if was_connected && held {
            (self.attempt, self.lost_at) = (0, None);
        }
        let lost_at = *self.lost_at.get_or_insert_with(Instant::now);
        let is_too_long = lost_at.elapsed() >= *self.upstreams.settings.reconnect_for;
        match lost {
            Lost::Connection(reason) if !is_too_long => {
                tracing::warn!(
                    subgraph = self.listen.subgraph,
                    reason,
                    "a subscription is interrupted; calling again"
                );
                Ok(())
            }
            lost => Err(self.give_up(lost)),
        }
    }

    fn give_up(&self, lost: Lost) -> Ending {
        match lost {
            Lost::Refused(faults) => Ending::Failed(self.shown(faults)),
            Lost::Connection(reason) => {
                let subgraph = &self.listen.subgraph;
                tracing::warn!(subgraph, reason, "a subscription is lost");
                let message = format!("subgraph {subgraph} cannot be listened to; subscribe again later");
                Ending::Failed(vec![Fault::new(Code::Unavailable, message).of(subgraph)])
            }
        }
    }

    /// What clients see of a subgraph's own words.
    fn shown(&self, faults: Vec<Fault>) -> Vec<Fault> {
        if self.upstreams.errors == SubgraphErrors::Show {
            return faults;
        }
        let subgraph = &self.listen.subgraph;
        for fault in faults {
            tracing::warn!(subgraph, message = fault.message, "a subgraph refused a subscription");
        }
        let message = format!("subgraph {subgraph} reported an error");
        vec![Fault::new(Code::Unavailable, message).of(subgraph)]
    }

    /// Doubles, up to a bound; spread by a quarter, so that a subgraph that comes back is not called by all at once.
    fn pause(&self) -> Duration {
        let base = *self.upstreams.settings.reconnect_pause;
        let doubled = base.saturating_mul(1 << self.attempt.min(16)).min(LONGEST_PAUSE);
        let mut hasher = DefaultHasher::new();
        // Where this is in memory differs from one subscription, and one process, to the next.
        (std::ptr::from_ref(self).addr(), self.attempt).hash(&mut hasher);
        let percent = u32::try_from(hasher.finish() % 50).unwrap_or_default() + 75;
        doubled * percent / 100
    }
}
