//! From a client's operation to answers that come one after the other.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{Ending, Listen, Quotas, Started, SubscriptionSettings, hub::Item, listen};
use crate::{
    Error,
    admit::Ready,
    cache::Key,
    fault::Refusal,
    gateway::Gateway,
    outcome::Outcome,
    outline::OperationKind,
    plan::Fetch,
    request::{Caller, Request},
    subgraph::header_parts,
    telemetry::{self, Clocked},
};

/// How soon connections that last notice that a session has ended.
const RECHECKED_EVERY: Duration = Duration::from_secs(3);

impl Gateway {
    pub(crate) fn subscriptions(&self) -> &SubscriptionSettings {
        &self.0.settings.subscriptions
    }

    pub(crate) fn quotas(&self) -> &Quotas {
        &self.0.quotas
    }

    /// Cancelled when the gateway stops.
    pub(crate) fn stopped(&self) -> CancellationToken {
        self.0.context.stopping()
    }

    /// Finds out who a connection belongs to.
    pub(crate) async fn identify(&self, caller: &mut Caller) -> Result<(), Refusal> {
        caller.principal = self.0.believed.principal(&caller.headers).await?;
        Ok(())
    }

    /// Ends when the caller is not believed any more, because the token or its session has ended; never for those who
    /// have none.
    pub(crate) fn until_disbelieved(&self, caller: &Caller) -> impl Future<Output = ()> + use<> {
        let (gateway, principal) = (self.clone(), caller.principal.clone());
        async move {
            let Some(principal) = principal else {
                return std::future::pending().await;
            };
            while gateway.0.believed.recheck(&principal).is_ok() {
                let now = gateway.0.context.clock().now().timestamp();
                let seconds = u64::try_from(principal.expires_at.saturating_sub(now)).unwrap_or_default();
                let left = Duration::from_secs(seconds) + gateway.0.believed.leeway;
                // At least a moment: clocks that differ in their fractions must not make this spin.
                sleep(left.clamp(Duration::from_millis(100), RECHECKED_EVERY)).await;
            }
        }
    }

    /// Answers an operation of any kind.
    pub(crate) async fn start(&self, request: Request, caller: Caller) -> Result<Started, Refusal> {
        let (span, clock) = (telemetry::operation(), Clocked::new());
        let started = self.in_time(self.begin(request, caller, &clock));
        let started = started.instrument(span.clone()).await;
        let told = |outcome: &Outcome| {
            clock.record(outcome);
            telemetry::end(&span, outcome);
        };
        match &started {
            Ok(Started::Single(outcome)) => told(outcome),
            // What comes of it is told event by event.
            Ok(Started::Stream(..)) => {}
            Err(refusal) => told(&refusal.clone().into()),
        }
        started
    }

    async fn begin(&self, request: Request, caller: Caller, clock: &Clocked) -> Result<Started, Refusal> {
        let reads_only = request.reads_only;
        let request = Request {
            reads_only: false,
            ..request
        };
        let (caller, ready) = self.admit(request, caller).await?;
        clock.asked(&ready.parsed);
        match ready.parsed.kind {
            OperationKind::Subscription => self.subscribe(ready, caller),
            OperationKind::Mutation if reads_only => Err(Error::ReadsOnly.into()),
            _ => {
                let mut outcome = self.run(&ready, &caller).await;
                self.0.settings.cost.tell(&mut outcome, ready.cost);
                Ok(Started::Single(Box::new(outcome)))
            }
        }
    }

    fn subscribe(&self, ready: Ready, caller: Caller) -> Result<Started, Refusal> {
        let settings = self.subscriptions();
        let slot = self.0.quotas.subscribe(&caller, settings)?;
        let Some(primary) = ready.prepared.plan.subscription() else {
            // What there was to listen to is not for this caller to see.
            let mut refusal = Refusal::from(Error::NothingToListenTo);
            if !ready.faults.is_empty() {
                refusal.faults.clone_from(&ready.faults);
            }
            return Err(refusal);
        };
        let mut asked = Listen {
            subgraph: primary.subgraph.clone(),
            body: body(primary, &ready),
            headers: ready.serving.subgraphs.headers_for(&primary.subgraph, &caller),
        };
        let key = settings.share.then(|| key_of(&ready, &asked, &caller));
        platform_http::hand_on(&mut asked.headers);
        self.count(&ready).went_well();
        let expiry = Box::pin(self.until_disbelieved(&caller));
        let gateway = self.clone();
        let subscription = self.0.hub.join(key, move || gateway.events(ready, caller, asked));
        Ok(Started::Stream(subscription, slot, expiry))
    }

    /// The answers for the events of a subgraph, one after the other, so that they stay in order.
    fn events(self, ready: Ready, caller: Caller, asked: Listen) -> BoxStream<'static, Item> {
        let upstreams = ready.serving.upstreams.clone();
        let shared = Arc::new((self, ready, caller));
        let answers = listen(upstreams, asked).then(move |event| {
            let shared = shared.clone();
            async move {
                let (gateway, ready, caller) = &*shared;
                let event: Result<Bytes, Ending> = event;
                let outcome = gateway.run_event(ready, caller, event?).await;
                Ok(outcome.body())
            }
        });
        answers.boxed()
    }
}

/// The request for the subgraph that is listened to.
fn body(primary: &Fetch, ready: &Ready) -> Bytes {
    let mut body = format!("{{\"query\":{}", serde_json::Value::from(primary.document.as_str()));
    let variables = primary.variables.iter().filter_map(|name| {
        let raw = ready.variables.raw(name)?;
        Some(format!("{}:{raw}", serde_json::Value::from(name.as_str())))
    });
    let variables: Vec<_> = variables.collect();
    if !variables.is_empty() {
        body.push_str(&format!(",\"variables\":{{{}}}", variables.join(",")));
    }
    body.push('}');
    body.into()
}

/// What makes two subscriptions the same: the supergraph, the operation and what is left of it, its variables, the
/// headers that subgraphs see, and who asks.
fn key_of(ready: &Ready, asked: &Listen, caller: &Caller) -> Key {
    let places = [Arc::as_ptr(&ready.serving).addr(), Arc::as_ptr(&ready.prepared).addr()].map(usize::to_le_bytes);
    let headers = ready.serving.subgraphs.all_headers_for(caller);
    let mut parts: Vec<&[u8]> = vec![places.as_flattened(), &ready.parsed.key];
    for (name, value) in &ready.variables.0 {
        parts.extend([name.as_bytes(), value.get().as_bytes()]);
    }
    for (subgraph, headers) in &headers {
        // No variable and no header has this name: one must not pass for the other.
        parts.extend([b"", subgraph.as_bytes()]);
        parts.extend(header_parts(headers));
    }
    parts.extend([&asked.body[..], caller.subject().unwrap_or_default().as_bytes()]);
    Key::of(&parts)
}
