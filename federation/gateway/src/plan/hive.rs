//! The planner in use: `hive-router-query-planner`, with its known faults kept away from clients.

use std::{
    borrow::Cow,
    cell::Cell,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, LazyLock},
};

use graphql_tools::static_graphql::{query, schema::Document};
use hive_router_query_planner::{
    ast::{normalization::normalize_operation, operation::OperationDefinition, selection_item::SelectionItem},
    graph::PlannerOverrideContext,
    planner::{Planner as Library, PlannerError, QueryPlannerOptions, plan_nodes::PlanNode},
    state::supergraph_state::OperationKind as Kind,
    utils::cancellation::{CancellationError, CancellationToken},
};
use platform_config::Duration;

use super::{
    Node, Overrides, Plan, Planner, aliases, alike, api::for_clients, caught::caught, context::FromContext,
    cut::Cutter, kept::Needed, keys::Keys, rooms::Rooms, roots, spelling::of_one_spelling, stage::staged, translate,
    typed::ask_for_types,
};
use crate::{Error, outline::OperationKind, supergraph::Linked};

/// What the library says when `@requires` of different subgraphs stand inside one another.
const NESTED_REQUIRES: [&str; 2] = ["Expected a single parent", "cannot be found in selection set"];

/// What it says before the name of a field that no subgraph answers from where it is asked for.
const NO_PATH: &str = "No paths found for selection item: ";

/// A library that is made when it is needed.
type LateLibrary = LazyLock<Option<Library>, Box<dyn FnOnce() -> Option<Library> + Send>>;

/// Plans with the library.
pub(crate) struct HivePlanner {
    library: Library,
    /// Plan what the first one cannot, or does wrongly, and what those before them cannot.
    roomy: Vec<LateLibrary>,
    /// Plans the parts of what none of them can plan as a whole.
    staged: LateLibrary,
    keys: Keys,
    from_context: FromContext,
    needed: Needed,
    linked: Linked,
}

impl HivePlanner {
    /// A planner for a supergraph.
    pub(crate) fn new(supergraph: &Arc<Document>) -> Result<Self, Error> {
        let library = Library::new_from_supergraph(supergraph, QueryPlannerOptions::default())
            .map_err(|error| Error::Supergraph(error.to_string()))?;
        Ok(Self {
            library,
            roomy: roomy(supergraph),
            staged: when_needed({
                let supergraph = supergraph.clone();
                move || staged(&supergraph)
            }),
            keys: Keys::of(supergraph),
            from_context: FromContext::of(supergraph),
            needed: Needed::of(supergraph),
            linked: Linked::of(supergraph),
        })
    }

    fn planned(
        &self,
        document: &query::Document,
        name: Option<&str>,
        overrides: &Overrides,
        budget: Duration,
    ) -> Result<Plan, Error> {
        let normalized = normalize_operation(&self.library.supergraph, &of_one_spelling(document), name)
            .map_err(|error| Error::Unplannable(error.to_string()))?;
        let mut operation = normalized.operation;
        let kind = match operation.operation_kind {
            Some(Kind::Mutation) => OperationKind::Mutation,
            Some(Kind::Subscription) => OperationKind::Subscription,
            _ => OperationKind::Query,
        };
        // The gateway answers these itself, and the library fails on an operation that has nothing else.
        operation
            .selection_set
            .items
            .retain(|item| !matches!(item, SelectionItem::Field(field) if field.name.starts_with("__")));
        if operation.selection_set.items.is_empty() {
            return Ok(Plan { kind, node: None });
        }
        let context = |root| {
            self.from_context
                .below(&self.library.supergraph, root, &operation.selection_set.items)
        };
        if let Some(field) = self.root(kind).and_then(context) {
            return Err(Error::FromContext(field));
        }
        self.needed.keep_apart(&mut operation.selection_set);
        alike::tell_apart(&mut operation.selection_set);
        if let Some(root) = self.root(kind) {
            ask_for_types(&self.library.supergraph, root, &mut operation.selection_set);
        }
        let planning = Planning {
            planner: self,
            root: self.root(kind),
            overrides,
            token: CancellationToken::with_timeout(*budget),
            budget,
        };
        let plan = |operation: &OperationDefinition| planning.node(operation);
        let node = match kind {
            OperationKind::Mutation => roots::serially(&operation, plan)?,
            OperationKind::Query => roots::at_once(&operation, plan)?,
            OperationKind::Subscription => plan(&operation)?,
        };
        Ok(Plan { kind, node })
    }

    fn root(&self, kind: OperationKind) -> Option<&str> {
        let supergraph = &self.library.supergraph;
        match kind {
            OperationKind::Query => Some(supergraph.query_type.as_str()),
            OperationKind::Mutation => supergraph.mutation_type.as_deref(),
            OperationKind::Subscription => supergraph.subscription_type.as_deref(),
        }
    }
}

/// An operation on its way to a plan.
struct Planning<'p> {
    planner: &'p HivePlanner,
    /// Its root type.
    root: Option<&'p str>,
    overrides: &'p Overrides,
    token: CancellationToken,
    budget: Duration,
}

type Planned = Result<Option<Node>, Error>;

impl Planning<'_> {
    /// The plan of an operation, in parts where there is none of the whole.
    fn node(&self, operation: &OperationDefinition) -> Planned {
        match self.whole(operation) {
            Err(error) if error.is_of_planner() && operation.selection_set.items.len() == 1 => {
                self.in_parts(operation).unwrap_or(Err(error))
            }
            planned => planned,
        }
    }

    fn in_parts(&self, operation: &OperationDefinition) -> Option<Planned> {
        let is_late = Cell::new(false);
        let part = |part: &OperationDefinition, is_staged: bool| {
            let planned = match is_staged {
                true => self.by(self.planner.staged.as_ref()?, part),
                false => self.whole(part),
            };
            planned.unwrap_or_else(|error| {
                is_late.set(is_late.get() || matches!(error, Error::PlanningBudget(_)));
                None
            })
        };
        let known = (&self.planner.library.supergraph, &self.planner.needed);
        let cutter = Cutter::new(known, self.root?, &part, &is_late);
        let node = cutter.cut(operation).map(|node| Ok(Some(node)));
        node.or_else(|| is_late.get().then_some(Err(Error::PlanningBudget(self.budget))))
    }

    /// The plan of the first library that has one.
    fn whole(&self, operation: &OperationDefinition) -> Planned {
        let planned = self.by(&self.planner.library, operation);
        let Err(error) = planned else { return planned };
        let mut libraries = self.planner.roomy.iter().filter(|_| error.is_of_planner());
        let roomy = libraries.find_map(|library| {
            let planned = self.by(library.as_ref()?, operation);
            matches!(planned, Ok(_) | Err(Error::PlanningBudget(_))).then_some(planned)
        });
        roomy.unwrap_or(Err(error))
    }

    fn by(&self, library: &Library, operation: &OperationDefinition) -> Planned {
        let Overrides { labels, draw } = self.overrides;
        let overrides = PlannerOverrideContext::new(labels.iter().cloned().collect(), *draw);
        let plan = || library.plan_from_normalized_operation(operation, overrides, &self.token);
        let plan = caught(plan)
            .ok_or_else(|| Error::Unplannable("the planner panicked".into()))?
            .map_err(|error| explained(&error, self.budget))?;
        let translated = |node: PlanNode| translate::node(&node, &self.planner.library.supergraph);
        let Some(node) = plan.node.map(translated).transpose()? else {
            return Ok(None);
        };
        if let Some(entity) = self.planner.keys.missing(&node) {
            return Err(Error::Unplannable(format!("{entity} would be asked for without a key")));
        }
        match aliases::confused(&node) {
            Some(field) => Err(Error::ConflictingRequires(field)),
            None => Ok(Some(node)),
        }
    }
}

impl Planner for HivePlanner {
    fn plan(
        &self,
        document: &query::Document,
        name: Option<&str>,
        overrides: &Overrides,
        budget: Duration,
    ) -> Result<Plan, Error> {
        // The library has a few `expect`s that only an unforeseen operation reaches.
        catch_unwind(AssertUnwindSafe(|| self.planned(document, name, overrides, budget)))
            .unwrap_or_else(|_| Err(Error::Unplannable("the planner panicked".into())))
    }

    fn kept_as<'k>(&self, key: &'k str, name: &str, has_arguments: bool) -> Cow<'k, str> {
        self.needed.key(key, name, has_arguments)
    }

    fn api(&self) -> Arc<Document> {
        let api = Document::clone(&self.library.consumer_schema.document);
        Arc::new(for_clients(api, &self.linked))
    }

    fn endpoints(&self) -> BTreeMap<String, String> {
        let endpoints = self.library.supergraph.subgraph_endpoint_map.iter();
        endpoints.map(|(name, url)| (name.clone(), url.clone())).collect()
    }
}

fn roomy(supergraph: &Arc<Document>) -> Vec<LateLibrary> {
    let Some(rooms) = Rooms::of(supergraph).map(Arc::new) else {
        return Vec::new();
    };
    let library = |only: Option<usize>| {
        let rooms = Arc::clone(&rooms);
        when_needed(move || Some(rooms.open(only)))
    };
    rooms.choices().map(library).collect()
}

fn when_needed(supergraph: impl Fn() -> Option<Document> + Send + 'static) -> LateLibrary {
    let make = move || Library::new_from_supergraph(&supergraph()?, QueryPlannerOptions::default()).ok();
    LateLibrary::new(Box::new(move || caught(make).flatten()))
}

fn explained(error: &PlannerError, budget: Duration) -> Error {
    let text = alike::plain(&error.to_string());
    if let PlannerError::CancellationError(CancellationError::TimedOut) = error {
        return Error::PlanningBudget(budget);
    }
    // The library wraps a cancellation in the error of whichever step noticed it.
    if text.ends_with("timed out") {
        return Error::PlanningBudget(budget);
    }
    if let Some((_, field)) = text.split_once(NO_PATH) {
        return Error::NoPath(field.to_owned());
    }
    match NESTED_REQUIRES.iter().any(|said| text.contains(said)) {
        true => Error::NestedRequires,
        false => Error::Unplannable(text),
    }
}
