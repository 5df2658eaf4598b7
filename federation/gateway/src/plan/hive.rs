//! The planner in use: `hive-router-query-planner`, with its known faults kept away from clients.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, LazyLock},
};

use graphql_tools::static_graphql::{
    query,
    schema::{Definition, Document, TypeDefinition},
};
use hive_router_query_planner::{
    ast::{normalization::normalize_operation, operation::OperationDefinition, selection_item::SelectionItem},
    graph::PlannerOverrideContext,
    planner::{Planner as Library, PlannerError, QueryPlannerOptions, plan_nodes::PlanNode},
    state::supergraph_state::OperationKind as Kind,
    utils::cancellation::{CancellationError, CancellationToken},
};
use platform_config::Duration;

use super::{
    Node, Overrides, Plan, Planner, aliases, alike, api::for_clients, kept::Needed, keys::Keys, rooms::Rooms, roots,
    spelling::of_one_spelling, translate, typed::ask_for_types,
};
use crate::{Error, outline::OperationKind, supergraph::Linked};

/// What the library says when `@requires` of different subgraphs stand inside one another.
const NESTED_REQUIRES: [&str; 2] = ["Expected a single parent", "cannot be found in selection set"];

/// What it says before the name of a field that no subgraph answers from where it is asked for.
const NO_PATH: &str = "No paths found for selection item: ";

/// A library that is made when it is needed.
type Roomy = LazyLock<Option<Library>, Box<dyn FnOnce() -> Option<Library> + Send>>;

/// Plans with the library.
pub(crate) struct HivePlanner {
    library: Library,
    /// Plan what the first one cannot, or does wrongly, and what those before them cannot.
    roomy: Vec<Roomy>,
    keys: Keys,
    /// Fields with arguments from `@fromContext`, which the library would leave out without a word.
    from_context: HashSet<(String, String)>,
    needed: Needed,
    linked: Linked,
}

impl HivePlanner {
    /// A planner for a supergraph.
    pub(crate) fn new(supergraph: &Document) -> Result<Self, Error> {
        let library = Library::new_from_supergraph(supergraph, QueryPlannerOptions::default())
            .map_err(|error| Error::Supergraph(error.to_string()))?;
        let from_context = fields_from_context(supergraph);
        if !from_context.is_empty() {
            let mut fields: Vec<String> = from_context.iter().map(|(of, name)| format!("{of}.{name}")).collect();
            fields.sort_unstable();
            let fields = fields.join(", ");
            tracing::warn!(
                fields,
                "fields take arguments from @fromContext and are refused when they are asked for"
            );
        }
        Ok(Self {
            library,
            roomy: roomy(supergraph),
            keys: Keys::of(supergraph),
            from_context,
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
        if let Some(field) = self.uses_context(&operation, kind) {
            return Err(Error::FromContext(field));
        }
        self.needed.keep_apart(&mut operation.selection_set);
        alike::tell_apart(&mut operation.selection_set);
        if let Some(root) = self.root(kind) {
            ask_for_types(&self.library.supergraph, root, &mut operation.selection_set);
        }
        let token = CancellationToken::with_timeout(*budget);
        let plan = |operation: &OperationDefinition| self.node(operation, overrides, &token, budget);
        let node = match kind {
            OperationKind::Mutation => roots::serially(&operation, plan)?,
            OperationKind::Query => roots::at_once(&operation, plan)?,
            OperationKind::Subscription => plan(&operation)?,
        };
        match node.as_ref().and_then(aliases::forgotten) {
            Some(field) => Err(Error::ConflictingRequires(field)),
            None => Ok(Plan { kind, node }),
        }
    }

    fn node(
        &self,
        operation: &OperationDefinition,
        overrides: &Overrides,
        token: &CancellationToken,
        budget: Duration,
    ) -> Result<Option<Node>, Error> {
        let plan = |library: &Library| {
            // The library has a few `unwrap`s that ordinary supergraphs reach.
            let node = catch_unwind(AssertUnwindSafe(|| {
                planned(library, operation, overrides, token, budget)
            }))
            .unwrap_or_else(|_| Err(Error::Unplannable("the planner panicked".into())))?;
            let node = node
                .map(|node| translate::node(&node, &self.library.supergraph))
                .transpose()?;
            match node.as_ref().and_then(|node| self.keys.missing(node)) {
                Some(entity) => Err(Error::Unplannable(format!("{entity} would be asked for without a key"))),
                None => Ok(node),
            }
        };
        match plan(&self.library) {
            Err(error @ (Error::NestedRequires | Error::Unplannable(_))) => {
                for library in self.roomy.iter().filter_map(|library| library.as_ref()) {
                    match plan(library) {
                        Ok(node) => return Ok(node),
                        Err(late @ Error::PlanningBudget(_)) => return Err(late),
                        Err(_) => {}
                    }
                }
                Err(error)
            }
            planned => planned,
        }
    }

    fn uses_context(&self, operation: &OperationDefinition, kind: OperationKind) -> Option<String> {
        if self.from_context.is_empty() {
            return None;
        }
        self.context_below(self.root(kind)?, &operation.selection_set.items)
    }

    fn root(&self, kind: OperationKind) -> Option<&str> {
        let supergraph = &self.library.supergraph;
        match kind {
            OperationKind::Query => Some(supergraph.query_type.as_str()),
            OperationKind::Mutation => supergraph.mutation_type.as_deref(),
            OperationKind::Subscription => supergraph.subscription_type.as_deref(),
        }
    }

    fn context_below(&self, parent: &str, items: &[SelectionItem]) -> Option<String> {
        items.iter().find_map(|item| match item {
            SelectionItem::Field(field) => {
                if self.from_context.contains(&(parent.to_owned(), field.name.clone())) {
                    return Some(format!("{parent}.{}", field.name));
                }
                let below = self.library.supergraph.field_return_type_name(parent, &field.name)?;
                self.context_below(below, &field.selections.items)
            }
            SelectionItem::InlineFragment(fragment) => {
                self.context_below(&fragment.type_condition, &fragment.selections.items)
            }
            SelectionItem::FragmentSpread(_) => None,
        })
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

fn roomy(supergraph: &Document) -> Vec<Roomy> {
    let Some(rooms) = Rooms::of(supergraph).map(Arc::new) else {
        return Vec::new();
    };
    let library = |only: Option<usize>| {
        let rooms = Arc::clone(&rooms);
        let make = move || Library::new_from_supergraph(&rooms.open(only), QueryPlannerOptions::default()).ok();
        let make = move || catch_unwind(AssertUnwindSafe(make)).ok().flatten();
        Roomy::new(Box::new(make))
    };
    rooms.choices().map(library).collect()
}

fn planned(
    library: &Library,
    operation: &OperationDefinition,
    overrides: &Overrides,
    token: &CancellationToken,
    budget: Duration,
) -> Result<Option<PlanNode>, Error> {
    let overrides = PlannerOverrideContext::new(overrides.labels.iter().cloned().collect(), overrides.draw);
    let plan = library
        .plan_from_normalized_operation(operation, overrides, token)
        .map_err(|error| explained(&error, budget))?;
    Ok(plan.node)
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

fn fields_from_context(supergraph: &Document) -> HashSet<(String, String)> {
    let mut found = HashSet::new();
    for definition in &supergraph.definitions {
        let Definition::TypeDefinition(TypeDefinition::Object(object)) = definition else {
            continue;
        };
        for field in &object.fields {
            let takes_context = field.directives.iter().any(|directive| {
                directive.name == "join__field"
                    && directive.arguments.iter().any(|(name, _)| name == "contextArguments")
            });
            if takes_context {
                found.insert((object.name.clone(), field.name.clone()));
            }
        }
    }
    found
}
