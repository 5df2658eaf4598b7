//! The walk along every path a query can take, once for each state that differs.
//!
//! A state is an object's type, the places it may have been fetched from, the labels decided on the way and the contexts set
//! above it. A state with the places of an earlier one and more is not walked again: what holds for fewer places holds
//! for more.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use apollo_compiler::{Name, ast::OperationType};

use super::{
    places::{PlaceId, Places},
    report::{self, Stop},
    supergraph::{ApiField, ContextArgument, GraphId, Kind, PartField, Supergraph},
};
use crate::error::CompositionError;

/// The position of a state in [`Walk::states`].
pub(super) type StateId = usize;

type Labels = BTreeMap<String, bool>;
type Contexts = BTreeMap<String, StateId>;

/// An object on a path of a query.
pub(super) struct State {
    pub(super) runtime: Name,
    pub(super) places: BTreeSet<PlaceId>,
    labels: Labels,
    contexts: Contexts,
    pub(super) origin: Origin,
}

/// How a path got to a state.
#[derive(Clone)]
pub(super) enum Origin {
    Root(OperationType),
    Field {
        parent: StateId,
        name: Name,
        declared: Name,
    },
}

/// A place that answers for a field.
type Candidate<'a> = (PlaceId, &'a PartField);

/// What makes two states differ, beside their places.
type Visit = (Name, Labels, Contexts);

/// A walk over the API of a supergraph.
pub(super) struct Walk<'a> {
    pub(super) supergraph: &'a Supergraph,
    pub(super) places: &'a Places<'a>,
    pub(super) states: Vec<State>,
    visited: HashMap<Visit, Vec<BTreeSet<PlaceId>>>,
    /// The contexts that some field reads: others need not be kept.
    contexts_read: HashSet<&'a str>,
    reported: HashSet<String>,
    errors: Vec<CompositionError>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(supergraph: &'a Supergraph, places: &'a Places<'a>) -> Self {
        let parts = supergraph.types.values().flat_map(|it| it.parts.values());
        let arguments = parts.flat_map(|it| it.fields.values()).flat_map(|it| &it.contexts);
        Self {
            supergraph,
            places,
            states: Vec::new(),
            visited: HashMap::new(),
            contexts_read: arguments.map(|it| it.context.as_str()).collect(),
            reported: HashSet::new(),
            errors: Vec::new(),
        }
    }

    /// Walks every path and answers with what stopped it.
    pub(super) fn run(mut self, roots: Vec<(OperationType, Name, BTreeSet<PlaceId>)>) -> Vec<CompositionError> {
        for (operation, runtime, places) in roots {
            self.enter(State {
                runtime,
                places,
                labels: Labels::new(),
                contexts: Contexts::new(),
                origin: Origin::Root(operation),
            });
        }
        let mut next = 0;
        while next < self.states.len() {
            self.visit(next);
            next += 1;
        }
        self.errors
    }

    /// Whether the nearest object above that sets an argument's context can be asked for its value.
    pub(super) fn context_is_readable(&self, state: &State, argument: &ContextArgument) -> bool {
        let above = self.context(state, argument);
        above.is_some_and(|above| self.places.can_select(&above.places, argument.selection))
    }

    /// The nearest object above that sets an argument's context, if the argument selects anything of its type.
    pub(super) fn context(&self, state: &State, argument: &ContextArgument) -> Option<&State> {
        let above = &self.states[*state.contexts.get(&argument.context)?];
        self.places
            .selects_something(&above.runtime, argument.selection)
            .then_some(above)
    }

    fn enter(&mut self, state: State) {
        let key = (state.runtime.clone(), state.labels.clone(), state.contexts.clone());
        let visited = self.visited.entry(key).or_default();
        if visited.iter().any(|places| places.is_subset(&state.places)) {
            return;
        }
        visited.push(state.places.clone());
        self.states.push(state);
    }

    fn visit(&mut self, id: StateId) {
        let supergraph = self.supergraph;
        let state = &self.states[id];
        let reached: BTreeSet<_> = state
            .places
            .iter()
            .flat_map(|it| self.places.reach(*it).iter().copied())
            .collect();
        if reached.iter().all(|it| self.places.is_interface_object(*it)) {
            self.report(report::no_implementation(self, id));
            return;
        }
        let Some(info) = supergraph.types.get(&state.runtime) else {
            return;
        };
        let mut candidates: HashMap<&Name, Vec<Candidate<'a>>> = HashMap::new();
        for place in reached {
            for (name, field) in self.places.fields(place) {
                let is_open = self.places.requirements_met(place, name, field)
                    && field.contexts.iter().all(|it| self.context_is_readable(state, it));
                if is_open {
                    candidates.entry(name).or_default().push((place, field));
                }
            }
        }
        for (name, field) in info.fields.iter().filter(|(_, it)| !it.inaccessible) {
            let candidates = candidates.get(name).map_or(&[][..], Vec::as_slice);
            self.visit_field(id, name, field, candidates);
        }
    }

    /// Follows a field under each combination of the labels it depends on.
    fn visit_field(&mut self, id: StateId, name: &Name, field: &ApiField, candidates: &[Candidate<'a>]) {
        let mut open = vec![self.states[id].labels.clone()];
        while let Some(labels) = open.pop() {
            let undecided = candidates.iter().filter_map(|(_, field)| field.label.as_ref());
            let mut undecided = undecided.filter(|(label, _)| !labels.contains_key(label));
            if let Some((label, _)) = undecided.next() {
                for value in [true, false] {
                    let mut labels = labels.clone();
                    labels.insert(label.clone(), value);
                    open.push(labels);
                }
                continue;
            }
            let decided = |field: &PartField| {
                field
                    .label
                    .as_ref()
                    .is_none_or(|(label, value)| labels[label] == *value)
            };
            let options: Vec<_> = candidates.iter().copied().filter(|(_, field)| decided(field)).collect();
            if options.is_empty() {
                self.report(report::unsatisfiable(self, id, name));
                return;
            }
            if let Some(error) = self.mismatched_runtime_types(id, name, field, &options) {
                self.report(error);
            }
            self.follow(id, (name, field), &options, &labels);
        }
    }

    fn follow(&mut self, id: StateId, (name, field): (&Name, &ApiField), options: &[Candidate<'_>], labels: &Labels) {
        let contexts = self.contexts_below(id);
        for (runtime, places) in self.places.children(name, options) {
            if self.supergraph.types.get(&runtime).is_some_and(|it| it.inaccessible) {
                continue;
            }
            self.enter(State {
                runtime,
                places,
                labels: labels.clone(),
                contexts: contexts.clone(),
                origin: Origin::Field {
                    parent: id,
                    name: name.clone(),
                    declared: field.ty.clone(),
                },
            });
        }
    }

    fn contexts_below(&self, id: StateId) -> Contexts {
        let state = &self.states[id];
        let mut contexts = state.contexts.clone();
        let types = &self.supergraph.types;
        let own = types.get(&state.runtime).into_iter();
        let interfaces = own.clone().flat_map(|it| &it.interfaces).filter_map(|it| types.get(it));
        for context in own.chain(interfaces).flat_map(|it| &it.contexts) {
            if self.contexts_read.contains(context.as_str()) {
                contexts.insert(context.clone(), id);
            }
        }
        contexts
    }

    /// A field that several subgraphs resolve must be able to return one type in all of them.
    fn mismatched_runtime_types(
        &self,
        id: StateId,
        name: &Name,
        field: &ApiField,
        options: &[Candidate<'_>],
    ) -> Option<Stop> {
        let mut by_graph: BTreeMap<GraphId, &BTreeSet<Name>> = BTreeMap::new();
        for (place, part) in options {
            let info = self.supergraph.types.get(&part.ty)?;
            if !matches!(info.kind, Kind::Interface | Kind::Union) {
                continue;
            }
            let graph = self.places.get(*place).graph;
            let part = info.parts.get(&graph)?;
            by_graph.insert(
                graph,
                if part.is_interface_object {
                    &info.possible
                } else {
                    &part.possible
                },
            );
        }
        let first = by_graph.values().next()?;
        let has_common = first.iter().any(|name| by_graph.values().all(|it| it.contains(name)));
        // An interface that nothing implements yet is null everywhere.
        let is_possible = by_graph.values().any(|it| !it.is_empty());
        (!has_common && is_possible && by_graph.len() > 1)
            .then(|| report::mismatched(self, id, name, &field.ty, &by_graph))
    }

    /// The same reasons met on another path are not worth a second error.
    fn report(&mut self, stop: Stop) {
        if self.reported.insert(stop.reasons) {
            self.errors.push(stop.error);
        }
    }
}
