//! Which keys and requirements can be met, and so which hops between places exist.

use std::{borrow::Cow, collections::HashSet};

use apollo_compiler::Name;

use super::{
    places::{Place, PlaceId, Places},
    selection::{Item, SelectionId},
    supergraph::{GraphId, PartField},
};

/// How far a condition may look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// No further than where it stands.
    Subgraph,
    /// Wherever hops lead, but not into a subgraph: the way into it cannot lead through it.
    Outside(GraphId),
    /// Wherever hops lead.
    Supergraph,
}

/// What is to be selected of an object.
#[derive(Clone, Copy)]
struct Condition<'a> {
    selection: SelectionId,
    /// The subgraph that states it, and the type that it takes the object for there.
    graph: GraphId,
    on: Option<&'a Name>,
    within: Within,
}

impl Places<'_> {
    /// All places of the same object that can be reached, the given one first.
    pub(super) fn reach(&self, from: PlaceId) -> &[PlaceId] {
        &self.reached[from]
    }

    /// Some places of one object and all that can be reached from them, in their order. Where an object is known by its
    /// interface alone, it is asked for nothing but what conditions want.
    pub(super) fn closure(&self, from: &[PlaceId]) -> Vec<PlaceId> {
        let mut closure = Vec::new();
        for place in from {
            // What leads on from a place that was reached was reached with it.
            if !closure.contains(place) {
                closure.extend_from_slice(self.reach(*place));
            }
        }
        closure.retain(|it| !self.is_interface(*it));
        closure.sort_unstable();
        closure.dedup();
        closure
    }

    fn follow_hops(&self, from: Vec<PlaceId>, may_enter: impl Fn(PlaceId) -> bool) -> Vec<PlaceId> {
        let mut seen = vec![false; self.places.len()];
        from.iter().for_each(|place| seen[*place] = true);
        let mut reached = from;
        let mut next = 0;
        while let Some(&id) = reached.get(next) {
            for &hop in &self.hops[id] {
                if !seen[hop] && may_enter(hop) {
                    seen[hop] = true;
                    reached.push(hop);
                }
            }
            next += 1;
        }
        reached
    }

    /// Whether what a field requires can be gathered, and its subgraph entered again with it.
    pub(super) fn requirements_met(&self, id: PlaceId, name: &str, field: &PartField) -> bool {
        field.requires.is_none() || self.required[id].contains(name)
    }

    /// Whether the fields that a field requires can be gathered, leaving aside how to come back.
    pub(super) fn can_gather(&self, id: PlaceId, field: &PartField) -> bool {
        let graph = self.get(id).graph;
        field
            .requires
            .is_none_or(|it| self.holds(&[id], it, graph, Within::Supergraph))
    }

    /// Whether each field of a selection can be resolved from one of several places of an object.
    pub(super) fn can_select(&self, from: &[PlaceId], selection: SelectionId) -> bool {
        from.first()
            .is_some_and(|it| self.holds(from, selection, self.get(*it).graph, Within::Supergraph))
    }

    /// Whether a selection asks anything of an object of a type.
    pub(super) fn selects_something(&self, runtime: &Name, selection: SelectionId) -> bool {
        self.supergraph
            .selections
            .items(selection)
            .iter()
            .any(|item| match item {
                Item::Field { .. } => true,
                Item::Fragment { on, inner } => {
                    self.supergraph.applies(on.as_ref(), runtime) && self.selects_something(runtime, *inner)
                }
            })
    }

    pub(super) fn solve(&mut self) {
        loop {
            // Within a round the hops of the round before are enough: the last round, which adds nothing, has them all.
            self.reached = (0..self.places.len())
                .map(|id| self.follow_hops(vec![id], |_| true))
                .collect();
            let mut changed = false;
            for id in 0..self.places.len() {
                changed |= self.grow(id);
            }
            if !changed {
                return;
            }
        }
    }

    /// Adds the hops and the fields of a place whose conditions hold by now.
    fn grow(&mut self, id: PlaceId) -> bool {
        let from = [id];
        let reached: HashSet<_> = self.reach(id).iter().copied().collect();
        let own = self.get(id).graph;
        let holds = |it: SelectionId, within: Within| self.holds(&from, it, own, within);
        let hops = self.moves[id].iter().filter(|it| !reached.contains(&it.to));
        let opens = |into: PlaceId, key: SelectionId| {
            let graph = self.get(into).graph;
            self.holds(&from, key, graph, Within::Outside(graph))
        };
        let hops = hops.filter(|it| {
            it.keys
                .as_ref()
                .is_none_or(|keys| keys.iter().any(|key| opens(it.to, *key)))
        });
        let hops: Vec<_> = hops.map(|it| it.to).collect();
        let Some(part) = self.part(id) else { return false };
        // A subgraph that may not be entered by a key still takes its own object back.
        let can_return = || part.keys.iter().any(|it| holds(it.fields, Within::Subgraph));
        let fields = part.fields.iter().filter(|(name, field)| {
            let Some(requires) = field.requires else { return false };
            !self.required[id].contains(*name)
                && (holds(requires, Within::Subgraph) || (holds(requires, Within::Supergraph) && can_return()))
        });
        let fields: Vec<_> = fields.map(|(name, _)| name.clone()).collect();
        let changed = !hops.is_empty() || !fields.is_empty();
        self.hops[id].extend(hops);
        self.required[id].extend(fields);
        changed
    }

    /// Whether a subgraph finds what it wants of an object, which it takes for what it is known by at the first place.
    fn holds(&self, from: &[PlaceId], selection: SelectionId, graph: GraphId, within: Within) -> bool {
        let on = from.first().map(|it| &self.get(*it).holder);
        let condition = Condition {
            selection,
            graph,
            on,
            within,
        };
        self.satisfied(from, condition)
    }

    fn satisfied(&self, from: &[PlaceId], condition: Condition<'_>) -> bool {
        let Some(&any) = from.first() else { return false };
        let runtime = &self.get(any).runtime;
        let around = || self.around(from, condition.within).into_iter();
        let items = self.supergraph.selections.items(condition.selection);
        items.iter().all(|item| match item {
            Item::Fragment { on, inner } => {
                let inner = Condition {
                    selection: *inner,
                    on: on.as_ref().or(condition.on),
                    ..condition
                };
                !self.supergraph.applies(on.as_ref(), runtime) || self.satisfied(from, inner)
            }
            Item::Field { name, .. } if name == "__typename" => around().any(|it| !self.is_interface_object(it)),
            Item::Field { name, inner } => {
                let options = around().filter_map(|it| Some((it, self.field(it, name)?)));
                let options: Vec<_> = options
                    .filter(|(id, field)| self.is_open(*id, name, field, condition.on))
                    .collect();
                let part = condition.on.and_then(|it| self.supergraph.part(condition.graph, it));
                let inner = Condition {
                    selection: *inner,
                    on: part.and_then(|it| it.fields.get(name)).map(|it| &it.ty),
                    ..condition
                };
                let children = self.children(name, &options);
                !options.is_empty() && children.values().all(|places| self.satisfied(places, inner))
            }
        })
    }

    /// Whether a condition on a type may ask a place for a field. A condition has no path, so fields that need a label's
    /// value or a context are out of its reach, except where it asks for what all objects of an interface have.
    fn is_open(&self, id: PlaceId, name: &Name, field: &PartField, on: Option<&Name>) -> bool {
        if self.is_interface(id) {
            return on == Some(&self.get(id).holder) && self.all_have(id, name);
        }
        field.label.is_none() && field.contexts.is_empty() && self.requirements_met(id, name, field)
    }

    /// Whether the subgraph of an interface resolves a field by itself for each of its types that it knows.
    fn all_have(&self, id: PlaceId, name: &Name) -> bool {
        let Place { graph, holder, .. } = self.get(id);
        let types = &self.supergraph.types;
        let possible = types.get(holder).into_iter().flat_map(|it| &it.possible);
        let possible = possible.filter_map(|it| types.get(it)).filter(|it| !it.inaccessible);
        possible.filter_map(|it| it.parts.get(graph)).all(|part| {
            let field = part.fields.get(name);
            field.is_some_and(|it| !it.external && !it.overridden && it.requires.is_none())
        })
    }

    fn around(&self, from: &[PlaceId], within: Within) -> Vec<PlaceId> {
        let reach = |id: PlaceId| -> Cow<'_, [PlaceId]> {
            let reached = &self.reached[id];
            match within {
                Within::Subgraph => Cow::Owned(self.without_hops(id)),
                Within::Outside(graph) if reached.iter().any(|it| self.get(*it).graph == graph) => {
                    Cow::Owned(self.follow_hops(self.without_hops(id), |place| self.get(place).graph != graph))
                }
                Within::Outside(_) | Within::Supergraph => Cow::Borrowed(reached),
            }
        };
        let mut around: Vec<PlaceId> = from.iter().flat_map(|id| reach(*id).into_owned()).collect();
        around.sort_unstable();
        around.dedup();
        around
    }

    /// A place, and where the subgraph tells the type of an object that is known by its interface.
    fn without_hops(&self, id: PlaceId) -> Vec<PlaceId> {
        let moves = self.moves[id].iter().filter(|it| it.keys.is_none());
        let told = moves.map(|it| it.to).filter(|_| self.is_interface(id));
        std::iter::once(id).chain(told).collect()
    }
}
