//! The gateway: a supergraph that is served, and the way of a request through it.

use std::{sync::Arc, time::Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use axum::http::{HeaderMap, HeaderName};
use platform_error::{Code, Result};
use platform_http::{Client, ClientSettings};
use platform_service::{Context, HostSettings};
use tokio::sync::Semaphore;
use tracing::Instrument;

use crate::{
    Error,
    admit::Ready,
    authorize::Rules,
    cache::{Hints, Keeping, Store},
    cost::Model,
    execute::{Run, State, Surroundings},
    fault::Refusal,
    headers::Propagation,
    jwt::Believed,
    outcome::Outcome,
    outline::OperationKind,
    persisted::Persisted,
    prepare::Operations,
    project::write::Projector,
    rate::RateLimits,
    request::{Caller, Request},
    settings::Settings,
    subgraph::{Peers, Subgraphs},
    subscribe::{Hub, Quotas, Upstreams},
    supergraph::Supergraph,
    telemetry::{self, Clocked, Step},
    usage::{Begun, OperationUse, Usage},
};

/// A gateway. Cheap to clone; clones are the same gateway.
#[derive(Clone)]
pub struct Gateway(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) serving: ArcSwapOption<Serving>,
    /// Why nothing is served, as long as nothing is.
    pub(crate) lacking: ArcSwap<String>,
    pub(crate) peers: Peers,
    /// Whether clients may ask for the schema.
    pub(crate) introspection: bool,
    /// Whether browsers get a page to try queries on.
    pub(crate) explorer: bool,
    pub(crate) context: Context,
    pub(crate) believed: Believed,
    pub(crate) rates: RateLimits,
    pub(crate) persisted: Persisted,
    pub(crate) usage: Usage,
    pub(crate) planners: Arc<Semaphore>,
    pub(crate) hub: Hub,
    pub(crate) quotas: Quotas,
    pub(crate) cache: Option<Store>,
}

/// A supergraph and all that was made from it. A request keeps the one it began with.
pub(crate) struct Serving {
    pub(crate) supergraph: Arc<Supergraph>,
    pub(crate) operations: Operations,
    pub(crate) subgraphs: Subgraphs,
    pub(crate) rules: Rules,
    pub(crate) costs: Model,
    pub(crate) hints: Hints,
    pub(crate) upstreams: Arc<Upstreams>,
    /// The client's headers that subgraphs get, where no pattern decides which.
    pub(crate) forwarded: Option<Vec<HeaderName>>,
}

impl Gateway {
    /// A gateway that serves a supergraph. Subgraphs that are `peers` of this process are asked as such.
    pub fn new(sdl: &str, settings: Settings, peers: Peers, context: &Context) -> Result<Self> {
        let gateway = Self::waiting(String::new(), settings, peers, context)?;
        let inner = &gateway.0;
        let serving = Serving::new(sdl, &inner.settings, &inner.peers, &inner.planners)?;
        inner.serving.store(Some(Arc::new(serving)));
        Ok(gateway)
    }

    /// A gateway that has no supergraph yet, and says so, and why.
    pub(crate) fn waiting(lacking: String, settings: Settings, peers: Peers, context: &Context) -> Result<Self> {
        settings.check()?;
        let planners = Arc::new(Semaphore::new(settings.planning.concurrency.max(1)));
        let client = Client::new(&ClientSettings::default())?;
        let believed = Believed::open(&settings.jwt, &client, context)?;
        let HostSettings { production, .. } = context.section("host")?;
        let usage = Usage::new(&settings.usage, context.clock());
        usage.keep(&settings.usage, context);
        Ok(Self(Arc::new(Inner {
            serving: ArcSwapOption::empty(),
            lacking: ArcSwap::from_pointee(lacking),
            peers,
            introspection: settings.http.introspection.unwrap_or(!production),
            explorer: settings.http.explorer.unwrap_or(!production),
            context: context.clone(),
            believed,
            rates: RateLimits::open(&settings.rate, context)?,
            persisted: Persisted::new(&settings.persisted)?,
            usage,
            planners,
            hub: Hub::new(context, settings.subscriptions.backlog),
            quotas: Quotas::default(),
            cache: settings
                .cache
                .is_used()
                .then(|| Store::new(&settings.cache, context.clock())),
            settings,
        })))
    }

    /// The supergraph that is served now.
    pub fn supergraph(&self) -> Result<Arc<Supergraph>, Error> {
        Ok(self.serving()?.supergraph.clone())
    }

    pub(crate) fn serving(&self) -> Result<Arc<Serving>, Error> {
        let serving = self.0.serving.load_full();
        serving.ok_or_else(|| Error::Incomplete(self.0.lacking.load().to_string()))
    }

    /// Answers a request. Subscriptions are refused: they need a connection that lasts.
    pub async fn execute(&self, request: Request, caller: Caller) -> Outcome {
        let (span, clock) = (telemetry::operation(), Clocked::new());
        // It is large, and would be moved by everything around it.
        let answer = self.in_time(Box::pin(self.answer(request, caller, &clock)));
        let outcome = answer.instrument(span.clone()).await.unwrap_or_else(Outcome::from);
        clock.record(&outcome);
        telemetry::end(&span, &outcome);
        outcome
    }

    /// What comes within the time of a request.
    pub(crate) async fn in_time<T>(&self, answer: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
        let limit = self.0.settings.http.timeout;
        let late = |_| Refusal::new(Code::Timeout, format!("the request took longer than {limit}"));
        tokio::time::timeout(*limit, answer).await.map_err(late)?
    }

    async fn answer(&self, request: Request, caller: Caller, clock: &Clocked) -> Result<Outcome, Refusal> {
        let (caller, ready) = self.admit(request, caller).await?;
        clock.asked(&ready.parsed);
        if ready.parsed.kind == OperationKind::Subscription {
            return Err(Error::NeedsStream.into());
        }
        let mut outcome = self.run(&ready, &caller).await;
        self.0.settings.cost.tell(&mut outcome, ready.cost);
        Ok(outcome)
    }

    /// Executes and writes the answer; with it comes what each subgraph said of its own.
    pub(crate) async fn run_fresh(&self, ready: &Ready, caller: &Caller) -> (Outcome, Vec<(String, HeaderMap)>) {
        let started = Instant::now();
        let counted = self.count(ready);
        let around = ready.serving.surroundings(&self.0);
        let mut state = Run::new(&ready.prepared.program, &around, &ready.variables, caller)
            .all()
            .instrument(Step::Execute.span())
            .await;
        telemetry::record_step(Step::Execute, started.elapsed());
        let said = std::mem::take(&mut state.headers);
        let outcome = telemetry::measured(Step::Project, || self.project(ready, state));
        if outcome.faults.is_empty() {
            counted.went_well();
        }
        (outcome, said)
    }

    /// Executes what follows an event of a subscription, and writes the answer.
    pub(crate) async fn run_event(&self, ready: &Ready, caller: &Caller, event: bytes::Bytes) -> Outcome {
        let around = ready.serving.surroundings(&self.0);
        let span = telemetry::event(&ready.parsed);
        let state = Run::new(&ready.prepared.program, &around, &ready.variables, caller)
            .event(event)
            .instrument(span.clone())
            .await;
        let outcome = self.project(ready, state);
        telemetry::record_errors(&outcome.faults);
        telemetry::end(&span, &outcome);
        outcome
    }

    fn project(&self, ready: &Ready, state: State) -> Outcome {
        let mut faults = ready.faults.clone();
        faults.extend(state.faults);
        let told = faults.len();
        let projector = Projector::new(
            &ready.prepared.projection,
            &ready.serving.supergraph,
            &ready.variables,
            &state.data,
            (faults, state.lost),
        );
        let (data, faults) = projector.write(self.0.settings.execution.memory);
        if let Some(store) = self.0.cache.as_ref().filter(|_| faults.len() > told) {
            // What came is not what the schema says, although no subgraph said so.
            store.forget(&state.kept);
        }
        Outcome::executed(data, faults)
    }

    /// Counts an operation that is about to run: one that takes too long or is given up was asked for as well.
    pub(crate) fn count(&self, ready: &Ready) -> Begun {
        let (parsed, supergraph) = (&ready.parsed, &ready.serving.supergraph);
        self.0.usage.begin(parsed.key, || OperationUse::new(supergraph, parsed))
    }
}

impl Serving {
    /// Makes everything from a supergraph's text.
    pub(crate) fn new(sdl: &str, settings: &Settings, peers: &Peers, planners: &Arc<Semaphore>) -> Result<Self> {
        let supergraph = Arc::new(Supergraph::parse(sdl)?);
        let propagation = Propagation::new(&settings.headers)?;
        propagation.check(|name| supergraph.endpoints.contains_key(name))?;
        settings.tell_strangers(|name| supergraph.endpoints.contains_key(name));
        supergraph.labels.check(&settings.overrides.labels);
        Ok(Self {
            forwarded: propagation.forwarded(),
            operations: Operations::new(supergraph.clone(), settings, planners.clone()),
            subgraphs: Subgraphs::new(&supergraph, settings, peers, propagation)?,
            rules: Rules::new(&supergraph),
            costs: Model::new(&supergraph),
            hints: Hints::new(&supergraph, settings.cache.default_max_age.as_secs()),
            upstreams: Arc::new(Upstreams::new(&supergraph, settings, peers)?),
            supergraph,
        })
    }

    fn surroundings<'a>(&'a self, gateway: &'a Inner) -> Surroundings<'a> {
        let settings = &gateway.settings;
        let store = gateway.cache.as_ref();
        Surroundings {
            types: &self.supergraph.types,
            subgraphs: &self.subgraphs,
            errors: settings.execution.subgraph_errors,
            memory: settings.execution.memory.as_usize(),
            store,
            keeping: store.filter(|_| settings.cache.entities).map(|store| Keeping {
                store,
                hints: &self.hints,
            }),
        }
    }
}
