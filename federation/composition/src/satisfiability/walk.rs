//! The walk along every path a query can take, once for each state that differs.
//!
//! The labels decided on a path are no part of a state, or there would be one for each combination of them. They stay with
//! the ways into it, which are followed back only from what cannot be resolved. What can be resolved with some contexts
//! can be with more, so a state that differs from a free one by more contexts is not walked again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use apollo_compiler::{Name, ast::OperationType};

use super::{
    context::{Contexts, Setters},
    places::{PlaceId, Places},
    report::{self, Fault, What},
    supergraph::{ApiField, GraphId, Kind, PartField, Supergraph},
    way::{Labels, Origin, Ways},
};
use crate::{compose::Limits, error::CompositionError};

/// The position of a state in [`Walk::states`].
pub(super) type StateId = usize;

/// An object on a path of a query, as far as it decides what can be asked of it and below it.
pub(super) struct State {
    pub(super) runtime: Name,
    /// Every place that can be reached without leaving the object.
    pub(super) places: Vec<PlaceId>,
    pub(super) contexts: Contexts,
}

/// A place that answers for a field.
pub(super) type Candidate<'a> = (PlaceId, &'a PartField);

/// The walk would take longer than is allowed.
pub(super) struct TooManyPaths;

/// A walk over the API of a supergraph.
pub(super) struct Walk<'a> {
    pub(super) supergraph: &'a Supergraph,
    pub(super) places: &'a Places<'a>,
    pub(super) states: Vec<State>,
    /// The ways into each state.
    pub(super) ways: Vec<Ways<'a>>,
    /// The states of a type at the same places.
    known: HashMap<(Name, Vec<PlaceId>), Vec<StateId>>,
    pub(super) errors: Vec<CompositionError>,
    faults: Vec<Fault<'a>>,
    paths: usize,
    pub(super) limits: Limits,
    setters: Setters<'a>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(supergraph: &'a Supergraph, places: &'a Places<'a>, limits: Limits) -> Self {
        Self {
            supergraph,
            places,
            states: Vec::new(),
            ways: Vec::new(),
            known: HashMap::new(),
            errors: Vec::new(),
            faults: Vec::new(),
            paths: 0,
            limits,
            setters: Setters::new(supergraph),
        }
    }

    /// Enters an operation at the places where its root type begins.
    pub(super) fn begin(
        &mut self,
        operation: OperationType,
        root: Name,
        places: &[PlaceId],
    ) -> Result<(), TooManyPaths> {
        let state = State {
            runtime: root,
            places: self.places.closure(places),
            contexts: Contexts::default(),
        };
        self.enter(state, Origin::Root(operation))
    }

    /// Walks every path from a state and those after it, and answers with what stopped it.
    pub(super) fn run(mut self, first: StateId) -> Result<Vec<CompositionError>, TooManyPaths> {
        let mut next = first;
        while next < self.states.len() {
            self.visit(next)?;
            next += 1;
        }
        let mut errors = Vec::new();
        // The same reasons met on another path are not worth a second error.
        let mut reported = HashSet::new();
        for fault in std::mem::take(&mut self.faults) {
            let stop = report::stop(&self, &fault);
            if reported.contains(&stop.reasons) {
                continue;
            }
            let Some(way) = self.way(fault.state, fault.labels)? else {
                continue;
            };
            errors.push(stop.error(&way));
            reported.insert(stop.reasons);
        }
        errors.append(&mut self.errors);
        Ok(errors)
    }

    /// Counts paths against the limit.
    pub(super) fn spend(&mut self, paths: usize) -> Result<(), TooManyPaths> {
        self.paths += paths;
        if self.paths > self.limits.paths {
            Err(TooManyPaths)
        } else {
            Ok(())
        }
    }

    fn enter(&mut self, state: State, origin: Origin<'a>) -> Result<(), TooManyPaths> {
        let ways = self.by(origin);
        let known = self.known.entry((state.runtime.clone(), state.places.clone()));
        let known = known.or_default();
        for &other in known.iter() {
            let contexts = &self.states[other].contexts;
            if *contexts == state.contexts {
                self.ways[other].add(ways);
                return Ok(());
            }
            if self.ways[other].is_free && state.contexts.include(contexts) {
                return Ok(());
            }
        }
        let paths = state.places.len() + known.len();
        known.push(self.states.len());
        self.states.push(state);
        self.ways.push(ways);
        self.spend(paths)
    }

    fn visit(&mut self, id: StateId) -> Result<(), TooManyPaths> {
        let supergraph = self.supergraph;
        let state = &self.states[id];
        if state.places.iter().all(|it| self.places.is_interface_object(*it)) {
            self.stop(id, Labels::new(), What::NoImplementation);
            return Ok(());
        }
        let Some(info) = supergraph.types.get(&state.runtime) else {
            return Ok(());
        };
        let mut candidates: HashMap<&Name, Vec<Candidate<'a>>> = HashMap::new();
        for &place in &state.places {
            for (name, field) in self.places.fields(place) {
                let is_open =
                    self.places.requirements_met(place, name, field) && state.contexts.fill(field) == Some(true);
                if is_open {
                    candidates.entry(name).or_default().push((place, field));
                }
            }
        }
        let below = self.setters.below(state, self.places);
        for (name, field) in info.fields.iter().filter(|(_, it)| !it.inaccessible) {
            let candidates = candidates.get(name).map_or(&[][..], Vec::as_slice);
            let step = Step {
                parent: id,
                name,
                field,
                contexts: &below,
            };
            self.visit_field(&step, candidates)?;
        }
        Ok(())
    }

    /// Follows a field under each combination of the labels it depends on.
    fn visit_field(&mut self, step: &Step<'a, '_>, candidates: &[Candidate<'a>]) -> Result<(), TooManyPaths> {
        let mut open = vec![Labels::new()];
        while let Some(labels) = open.pop() {
            self.spend(labels.len())?;
            let mut named = candidates.iter().filter_map(|(_, field)| field.label.as_ref());
            if let Some((label, _)) = named.find(|(label, _)| !labels.contains_key(label.as_str())) {
                for value in [true, false] {
                    let mut labels = labels.clone();
                    labels.insert(label, value);
                    open.push(labels);
                }
                continue;
            }
            let is_open = |field: &PartField| {
                let label = field.label.as_ref();
                label.is_none_or(|(label, value)| labels.get(label.as_str()) == Some(value))
            };
            let options: Vec<_> = candidates.iter().copied().filter(|(_, field)| is_open(field)).collect();
            if options.is_empty() {
                self.stop(step.parent, labels, What::Unresolved { field: step.name });
                continue;
            }
            if let Some(by_graph) = self.mismatched_runtime_types(&options) {
                let (field, ty) = (step.name, &step.field.ty);
                self.stop(step.parent, labels.clone(), What::Mismatched { field, ty, by_graph });
            }
            if self.ways[step.parent].is_root(OperationType::Mutation) {
                self.follow_mutation(step, &options, labels)?;
            } else {
                self.follow(step, &options, &labels)?;
            }
        }
        Ok(())
    }

    pub(super) fn follow(
        &mut self,
        step: &Step<'a, '_>,
        options: &[Candidate<'a>],
        labels: &Labels<'a>,
    ) -> Result<(), TooManyPaths> {
        for (runtime, places) in self.places.children(step.name, options) {
            if self.supergraph.types.get(&runtime).is_some_and(|it| it.inaccessible) {
                continue;
            }
            let state = State {
                runtime,
                places: self.places.closure(&places),
                contexts: step.contexts.clone(),
            };
            let origin = Origin::Field {
                parent: step.parent,
                name: step.name,
                declared: &step.field.ty,
                labels: labels.clone(),
            };
            self.enter(state, origin)?;
        }
        Ok(())
    }

    /// A field that several subgraphs resolve must be able to return one type in all of them.
    fn mismatched_runtime_types(&self, options: &[Candidate<'a>]) -> Option<BTreeMap<GraphId, &'a BTreeSet<Name>>> {
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
        (!has_common && is_possible && by_graph.len() > 1).then_some(by_graph)
    }

    fn stop(&mut self, state: StateId, labels: Labels<'a>, what: What<'a>) {
        self.faults.push(Fault { state, labels, what });
    }
}

/// A field that is followed.
pub(super) struct Step<'a, 'b> {
    pub(super) parent: StateId,
    pub(super) name: &'a Name,
    pub(super) field: &'a ApiField,
    /// The contexts below it.
    pub(super) contexts: &'b Contexts,
}
