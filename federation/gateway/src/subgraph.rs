//! How subgraphs are asked: over HTTP or in this process, with a deadline, retries, a circuit breaker, and equal
//! questions asked once.

mod error;
mod flight;
mod transport;

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use platform_http::ClientTls;
use platform_resilience::{Breaker, Budget, pause};
use platform_service::Peer;
use tokio::time::sleep;
use tracing::Instrument;

pub(crate) use self::{error::CallError, transport::path_of};
use self::{flight::Flights, transport::Transport};
use crate::{
    Error,
    headers::Propagation,
    outline::OperationKind,
    request::Caller,
    settings::{Settings, TrafficSettings},
    stitch::Adapter,
    supergraph::Supergraph,
    telemetry::{self, Durations},
};

/// What a subgraph is asked.
pub(crate) struct Ask<'a> {
    /// What the request does there.
    pub kind: OperationKind,
    /// The request's JSON.
    pub body: Bytes,
    /// For whom.
    pub caller: &'a Caller,
    /// The moment of the answers that are kept, before the question: it must not be answered with what was asked for
    /// before something was taken away.
    pub moment: u64,
}

/// What a subgraph answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers that say how long the answer holds.
    pub headers: HeaderMap,
    /// The JSON.
    pub body: Bytes,
}

impl Answer {
    /// An answer that did not come as a response of its own, such as an event.
    pub(crate) fn of(body: Bytes) -> Self {
        Self {
            status: 200,
            headers: HeaderMap::new(),
            body,
        }
    }
}

/// The services that can be called, by name: a subgraph of that name is asked without a socket where it is in this
/// process, and as one of our own where it is behind TLS.
pub type Peers = BTreeMap<String, Peer>;

/// How calls to a service are secured that is one of our own.
pub(crate) fn secured(peer: &Peer) -> Option<&ClientTls> {
    match peer {
        Peer::Local(_) => None,
        Peer::Remote(_, client) => client.tls(),
    }
}

/// All subgraphs of a supergraph.
pub(crate) struct Subgraphs {
    all: BTreeMap<String, Arc<Subgraph>>,
    propagation: Propagation,
}

/// One subgraph.
struct Subgraph {
    name: String,
    traffic: TrafficSettings,
    transport: Transport,
    breaker: Breaker,
    budget: Budget,
    flights: Flights,
    durations: Durations,
    /// Between us and a service that is no subgraph.
    adapter: Option<Arc<Adapter>>,
}

impl Subgraphs {
    /// Makes ready to call the subgraphs of a supergraph.
    pub(crate) fn new(
        supergraph: &Supergraph,
        settings: &Settings,
        peers: &Peers,
        propagation: Propagation,
    ) -> Result<Self, Error> {
        let mut all = BTreeMap::new();
        for (name, url) in &supergraph.endpoints {
            let own = settings.subgraphs.get(name).and_then(|own| own.url.as_ref());
            let traffic = settings.traffic_of(name);
            let transport = match (peers.get(name), own) {
                (Some(Peer::Local(app)), None) => Transport::local(app.clone(), url),
                (peer, _) => Transport::http(name, own.unwrap_or(url), &traffic, peer.and_then(secured))?,
            };
            let subgraph = Subgraph {
                name: name.clone(),
                transport,
                breaker: Breaker::new(traffic.breaker_failures, *traffic.breaker_pause),
                budget: Budget::new(traffic.retry_budget),
                flights: Flights::default(),
                durations: Durations::default(),
                adapter: supergraph.adapters.get(name).cloned(),
                traffic,
            };
            all.insert(name.clone(), Arc::new(subgraph));
        }
        Ok(Self { all, propagation })
    }

    /// The headers that are handed on to a subgraph. One of this process verifies the caller's token again; one
    /// elsewhere gets it only where a rule says so.
    pub(crate) fn headers_for(&self, name: &str, caller: &Caller) -> HeaderMap {
        let claims = caller.principal.as_ref().map(|principal| &principal.claims);
        let mut headers = self.propagation.apply(name, &caller.headers, claims);
        let is_here = self.all.get(name).is_some_and(|subgraph| subgraph.transport.is_local());
        if let (true, Some(token)) = (is_here, caller.headers.get(header::AUTHORIZATION)) {
            headers.entry(header::AUTHORIZATION).or_insert_with(|| token.clone());
        }
        headers
    }

    /// The headers that are handed on to each subgraph, in the order of their names.
    pub(crate) fn all_headers_for(&self, caller: &Caller) -> BTreeMap<&str, HeaderMap> {
        let names = self.all.keys().map(String::as_str);
        names.map(|name| (name, self.headers_for(name, caller))).collect()
    }

    /// Asks a subgraph.
    pub(crate) async fn call(&self, name: &str, ask: Ask<'_>) -> Result<Answer, CallError> {
        let subgraph = self.all.get(name).ok_or(CallError::Unknown)?.clone();
        let headers = self.headers_for(name, ask.caller);
        let reads = ask.kind == OperationKind::Query;
        let kind = ask.kind;
        let span = || telemetry::fetch(name, kind);
        if !reads || !subgraph.traffic.dedupe {
            let answer = subgraph.ask(ask.body, headers, reads);
            return answer.instrument(span()).await;
        }
        let key = flight::Key::new(&ask, &headers);
        let owned = subgraph.clone();
        let (body, shared) = (ask.body, headers);
        let flight = subgraph.flights.join(key, || {
            async move { owned.ask(body, shared, true).await }.instrument(span())
        });
        flight.await
    }
}

impl Subgraph {
    async fn ask(&self, body: Bytes, mut headers: HeaderMap, reads: bool) -> Result<Answer, CallError> {
        transport::complete(&mut headers);
        self.budget.earn();
        let mut attempt = 0;
        loop {
            let outcome = self.attempt(body.clone(), &headers, reads).await;
            let may_retry = reads && attempt < self.traffic.retries && is_worth_another_try(&outcome);
            if !may_retry || !self.budget.spend() {
                telemetry::fetched(attempt, &outcome);
                return outcome;
            }
            attempt += 1;
            metrics::counter!("gateway_subgraph_retries_total", "subgraph" => self.name.clone()).increment(1);
            sleep(pause(attempt, &body)).await;
        }
    }

    async fn attempt(&self, body: Bytes, headers: &HeaderMap, reads: bool) -> Result<Answer, CallError> {
        let started = Instant::now();
        let pass = self.breaker.enter().map_err(|_| CallError::Open)?;
        let answer = self.send(body, headers, reads);
        let outcome = match tokio::time::timeout(*self.traffic.timeout, answer).await {
            Ok(outcome) => outcome,
            Err(_) => Err(CallError::Timeout(self.traffic.timeout)),
        };
        let ended = match &outcome {
            Ok(Answer { status: 200..300, .. }) => telemetry::Outcome::Ok,
            Ok(_) => telemetry::Outcome::Errors,
            Err(_) => telemetry::Outcome::Failed,
        };
        telemetry::record_subgraph(&self.durations, &self.name, ended, started.elapsed());
        pass.leave(!matches!(&outcome, Err(_) | Ok(Answer { status: 500.., .. })));
        outcome
    }
}

impl Subgraph {
    async fn send(&self, body: Bytes, headers: &HeaderMap, reads: bool) -> Result<Answer, CallError> {
        let send = |body| self.transport.send(body, headers, &self.traffic, reads);
        match &self.adapter {
            None => send(body).await,
            Some(adapter) => Box::pin(adapter.ask(body, send)).await,
        }
    }
}

/// Headers as parts of a key, in an order that does not depend on the client.
pub(crate) fn header_parts(headers: &HeaderMap) -> Vec<&[u8]> {
    let mut sorted: Vec<_> = headers.iter().collect();
    sorted.sort_by_key(|(name, _)| name.as_str());
    let parts = sorted.into_iter();
    parts
        .flat_map(|(name, value)| [name.as_str().as_bytes(), value.as_bytes()])
        .collect()
}

/// A timeout is not tried again: whoever waits has waited long enough.
fn is_worth_another_try(outcome: &Result<Answer, CallError>) -> bool {
    matches!(
        outcome,
        Err(CallError::Unreachable | CallError::Interrupted) | Ok(Answer { status: 502..=504, .. })
    )
}
