//! The gateway: a supergraph that is served, and the way of a request through it.

use std::{sync::Arc, time::Instant};

use arc_swap::ArcSwap;
use axum::http::HeaderMap;
use graphql_tools::static_graphql::query::Document;
use platform_auth::{Identity, IdentitySettings};
use platform_error::Result;
use platform_http::{Client, ClientSettings};
use platform_service::Context;
use tokio::sync::Semaphore;
use tracing::Instrument;

use crate::{
    Error,
    authorize::{self, Asked, Rules},
    cache::{Hints, Keeping, Store},
    cost::Model,
    execute::{Run, State, Surroundings},
    fault::{Fault, Refusal},
    headers::Propagation,
    jwt::Verifier,
    outcome::Outcome,
    outline::{Operation, OperationKind},
    persisted::{self, Persisted},
    prepare::{Operations, Parsed, Prepared},
    project::write::Projector,
    rate::{self, RateLimits},
    request::{Caller, Request, Variables},
    settings::Settings,
    subgraph::{Locals, Subgraphs},
    subscribe::{Hub, Quotas, Upstreams},
    supergraph::{Supergraph, labels},
    telemetry::{self, Step},
    usage::{Footprint, Usage},
    variables,
};

/// A gateway. Cheap to clone; clones are the same gateway.
#[derive(Clone)]
pub struct Gateway(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) serving: ArcSwap<Serving>,
    pub(crate) locals: Locals,
    pub(crate) context: Context,
    pub(crate) verifier: Verifier,
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
}

/// A request that may run: what is asked, for whom, and how it is answered.
pub(crate) struct Ready {
    pub(crate) serving: Arc<Serving>,
    pub(crate) parsed: Arc<Parsed>,
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) kind: OperationKind,
    pub(crate) variables: Variables,
    /// Errors for what the caller may not see.
    pub(crate) faults: Vec<Fault>,
    /// What it is estimated to cost, where that is told.
    pub(crate) cost: Option<u64>,
}

impl Ready {
    /// The name in the document, whether or not the request repeated it.
    pub(crate) fn name(&self) -> Option<String> {
        let operation = Operation::find(&self.parsed.document, self.parsed.name.as_deref())?;
        operation.name.map(Into::into)
    }
}

impl Gateway {
    /// A gateway that serves a supergraph. `locals` are the subgraphs in this process.
    pub fn new(sdl: &str, settings: Settings, locals: Locals, context: &Context) -> Result<Self> {
        let planners = Arc::new(Semaphore::new(settings.planning.concurrency.max(1)));
        let serving = Serving::new(sdl, &settings, &locals, &planners)?;
        let client = Client::new(&ClientSettings::default())?;
        let usage = Usage::new(&settings.usage, context.clock());
        usage.keep(&settings.usage, context);
        Ok(Self(Arc::new(Inner {
            serving: ArcSwap::from_pointee(serving),
            locals,
            context: context.clone(),
            verifier: verifier(&settings, &client, context)?,
            rates: RateLimits::new(&settings.rate),
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
    pub fn supergraph(&self) -> Arc<Supergraph> {
        self.0.serving.load().supergraph.clone()
    }

    /// Answers a request. Subscriptions are refused: they need a connection that lasts.
    pub async fn execute(&self, request: Request, caller: Caller) -> Outcome {
        let started = Instant::now();
        let (limit, span) = (*self.0.settings.http.timeout, telemetry::operation());
        let answer = self.answer(request, caller).instrument(span.clone());
        let answer = tokio::time::timeout(limit, answer);
        let (outcome, kind, name) = match answer.await {
            Ok(answered) => answered,
            Err(_) => {
                let text = format!("the request took longer than {}", self.0.settings.http.timeout);
                (
                    Refusal::new(platform_error::Code::Timeout, text).into(),
                    OperationKind::Query,
                    None,
                )
            }
        };
        telemetry::record_operation(name.as_deref(), kind, &outcome, started.elapsed());
        telemetry::end(&span, &outcome);
        outcome
    }

    async fn answer(&self, request: Request, caller: Caller) -> (Outcome, OperationKind, Option<String>) {
        let (caller, ready) = match self.admit(request, caller).await {
            Ok(admitted) => admitted,
            Err(refusal) => return (refusal.into(), OperationKind::Query, None),
        };
        let (kind, name) = (ready.kind, ready.name());
        if kind == OperationKind::Subscription {
            return (Refusal::from(Error::NeedsStream).into(), kind, name);
        }
        let mut outcome = self.run(&ready, &caller).await;
        self.0.settings.cost.tell(&mut outcome, ready.cost);
        (outcome, kind, name)
    }

    /// Everything before execution: who asks, which operation, may they, what does it cost, how is it answered.
    pub(crate) async fn admit(&self, request: Request, mut caller: Caller) -> Result<(Caller, Ready), Refusal> {
        let inner = &self.0;
        inner.rates.check_address(caller.address).map_err(rate::refusal)?;
        if caller.principal.is_none() {
            caller.principal = inner.verifier.principal(&caller.headers).await?;
        }
        inner.rates.check_principal(&caller).map_err(rate::refusal)?;
        let text = inner.persisted.resolve(&request).map_err(persisted::refusal)?;
        let text = text.ok_or_else(|| Refusal {
            is_malformed: true,
            ..Error::NoQuery.into()
        })?;
        let serving = inner.serving.load_full();
        let parsed = serving.operations.parsed(&text, request.operation_name.as_deref())?;
        let operation = parsed.operation()?;
        let kind = parsed.kind()?;
        telemetry::describe(&parsed, kind);
        if request.reads_only && kind != OperationKind::Query {
            return Err(Error::ReadsOnly.into());
        }
        let variables = variables::coerce(&serving.supergraph, operation, &request.variables)?;
        let (permitted, faults) = self.permit(&serving, &parsed, &variables, &caller)?;
        let cost = self.cost(&serving, &parsed, &variables)?;
        let draw = match parsed.is_moving {
            true => labels::draw(&inner.context.ids()),
            false => 0,
        };
        let prepared = serving
            .operations
            .prepared(&parsed, permitted, &variables, draw)
            .await?;
        if prepared.projection.introspects && !inner.settings.http.introspection {
            return Err(Error::IntrospectionOff.into());
        }
        let cost_settings = &inner.settings.cost;
        if !cost_settings.subgraphs.is_empty() {
            let costs = serving
                .costs
                .by_subgraph(&prepared.plan, &variables, cost_settings.list_size);
            cost_settings.check_subgraphs(&costs)?;
        }
        let ready = Ready {
            serving,
            parsed,
            prepared,
            kind,
            variables,
            faults,
            cost,
        };
        Ok((caller, ready))
    }

    fn permit(
        &self,
        serving: &Serving,
        parsed: &Parsed,
        variables: &Variables,
        caller: &Caller,
    ) -> Result<(Option<Document>, Vec<Fault>), Refusal> {
        let Some(operation) = Operation::find(&parsed.document, parsed.name.as_deref()) else {
            return Ok((None, Vec::new()));
        };
        let asked = Asked { operation, variables };
        let permit = || authorize::permit(&serving.rules, &parsed.document, &asked, caller.principal.as_deref());
        match telemetry::measured(Step::Authorize, permit) {
            None => Ok((None, Vec::new())),
            Some(permitted) if self.0.settings.authorization.reject => {
                let code = match caller.principal {
                    Some(_) => platform_error::Code::Forbidden,
                    None => platform_error::Code::Unauthenticated,
                };
                Err(Refusal::of(code, permitted.faults))
            }
            Some(permitted) => Ok((Some(permitted.document), permitted.faults)),
        }
    }

    fn cost(&self, serving: &Serving, parsed: &Parsed, variables: &Variables) -> Result<Option<u64>, Refusal> {
        let settings = &self.0.settings.cost;
        if !settings.is_used() {
            return Ok(None);
        }
        let Some(operation) = Operation::find(&parsed.document, parsed.name.as_deref()) else {
            return Ok(None);
        };
        let estimate = || serving.costs.estimate(&operation, variables, settings.list_size);
        let estimated = telemetry::measured(Step::Cost, estimate)?;
        settings.check(estimated)?;
        Ok(Some(estimated))
    }

    /// Executes and writes the answer; with it comes what each subgraph said of its own.
    pub(crate) async fn run_fresh(&self, ready: &Ready, caller: &Caller) -> (Outcome, Vec<(String, HeaderMap)>) {
        let started = Instant::now();
        let around = ready.serving.surroundings(&self.0);
        let mut state = Run::new(&ready.prepared.program, &around, &ready.variables, caller)
            .all()
            .instrument(Step::Execute.span())
            .await;
        telemetry::record_step(Step::Execute, started.elapsed());
        let said = std::mem::take(&mut state.headers);
        let outcome = telemetry::measured(Step::Project, || project(ready, state));
        self.count(ready, !outcome.faults.is_empty());
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
        let outcome = project(ready, state);
        telemetry::record_errors(&outcome.faults);
        telemetry::end(&span, &outcome);
        outcome
    }

    /// Counts an operation that ran.
    pub(crate) fn count(&self, ready: &Ready, has_errors: bool) {
        let parsed = &ready.parsed;
        let Some(operation) = Operation::find(&parsed.document, parsed.name.as_deref()) else {
            return;
        };
        self.0.usage.count(parsed.key, has_errors, || {
            Footprint::new(&ready.serving.supergraph, &operation, parsed.key, &parsed.text)
        });
    }
}

fn project(ready: &Ready, state: State) -> Outcome {
    let mut faults = ready.faults.clone();
    faults.extend(state.faults);
    let projector = Projector::new(
        &ready.prepared.projection,
        &ready.serving.supergraph,
        &ready.variables,
        &state.data,
        faults,
    );
    let (data, faults) = projector.write();
    Outcome::executed(data, faults)
}

impl Serving {
    /// Makes everything from a supergraph's text.
    pub(crate) fn new(sdl: &str, settings: &Settings, locals: &Locals, planners: &Arc<Semaphore>) -> Result<Self> {
        let supergraph = Arc::new(Supergraph::parse(sdl)?);
        let propagation = Propagation::new(&settings.headers)?;
        propagation.check(|name| supergraph.endpoints.contains_key(name))?;
        supergraph.labels.check(&settings.overrides.labels);
        Ok(Self {
            operations: Operations::new(supergraph.clone(), settings, planners.clone()),
            subgraphs: Subgraphs::new(&supergraph, settings, locals, propagation)?,
            rules: Rules::new(&supergraph),
            costs: Model::new(&supergraph),
            hints: Hints::new(&supergraph),
            upstreams: Arc::new(Upstreams::new(&supergraph, settings, locals)?),
            supergraph,
        })
    }

    fn surroundings<'a>(&'a self, gateway: &'a Inner) -> Surroundings<'a> {
        let settings = &gateway.settings;
        let store = gateway.cache.as_ref().filter(|_| settings.cache.entities);
        Surroundings {
            types: &self.supergraph.types,
            subgraphs: &self.subgraphs,
            errors: settings.execution.subgraph_errors,
            memory: settings.execution.memory.as_usize(),
            keeping: store.map(|store| Keeping {
                store,
                hints: &self.hints,
            }),
        }
    }
}

/// Whom the gateway believes: the issuers of its settings, or where they name none and our own issuer of tokens is among
/// the peers, whom every service believes.
fn verifier(settings: &Settings, client: &Client, context: &Context) -> Result<Verifier> {
    let identity: IdentitySettings = context.section("identity")?;
    match settings.jwt.sources.is_empty() && context.peers().get(&identity.peer).is_some() {
        true => Ok(Identity::open(context)?.verifier().clone()),
        false => Ok(Verifier::new(&settings.jwt, client, context.clock())?),
    }
}
