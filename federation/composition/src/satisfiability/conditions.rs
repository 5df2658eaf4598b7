//! Which keys and requirements can be met, and so which hops between places exist.

use std::{borrow::Cow, collections::HashSet};

use apollo_compiler::Name;

use super::{
    places::{PlaceId, Places},
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

impl Places<'_> {
    /// All places of the same object that can be reached, the given one first.
    pub(super) fn reach(&self, from: PlaceId) -> &[PlaceId] {
        &self.reached[from]
    }

    /// Some places of one object and all that can be reached from them, in their order.
    pub(super) fn closure(&self, from: &[PlaceId]) -> Vec<PlaceId> {
        let mut closure = Vec::new();
        for place in from {
            // What leads on from a place that was reached was reached with it.
            if !closure.contains(place) {
                closure.extend_from_slice(self.reach(*place));
            }
        }
        closure.sort_unstable();
        closure.dedup();
        closure
    }

    fn follow_hops(&self, from: PlaceId, may_enter: impl Fn(PlaceId) -> bool) -> Vec<PlaceId> {
        let mut seen = vec![false; self.places.len()];
        seen[from] = true;
        let mut reached = vec![from];
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
        field
            .requires
            .is_none_or(|it| self.satisfied(&[id], it, Within::Supergraph))
    }

    /// Whether each field of a selection can be resolved from one of several places of an object.
    pub(super) fn can_select(&self, from: &[PlaceId], selection: SelectionId) -> bool {
        self.satisfied(from, selection, Within::Supergraph)
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
                .map(|id| self.follow_hops(id, |_| true))
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
        let holds = |it: &SelectionId| self.satisfied(&from, *it, Within::Supergraph);
        let hops = self.moves[id].iter().filter(|it| !reached.contains(&it.to));
        let opens = |into: PlaceId, key: SelectionId| self.satisfied(&from, key, Within::Outside(self.get(into).graph));
        let hops = hops.filter(|it| {
            it.keys
                .as_ref()
                .is_none_or(|keys| keys.iter().any(|key| opens(it.to, *key)))
        });
        let hops: Vec<_> = hops.map(|it| it.to).collect();
        let Some(part) = self.part(id) else { return false };
        // A subgraph that may not be entered by a key still takes its own object back.
        let can_return = || {
            part.keys
                .iter()
                .any(|it| self.satisfied(&from, it.fields, Within::Subgraph))
        };
        let fields = part.fields.iter().filter(|(name, field)| {
            let Some(requires) = field.requires else { return false };
            !self.required[id].contains(*name)
                && (self.satisfied(&from, requires, Within::Subgraph) || (holds(&requires) && can_return()))
        });
        let fields: Vec<_> = fields.map(|(name, _)| name.clone()).collect();
        let changed = !hops.is_empty() || !fields.is_empty();
        self.hops[id].extend(hops);
        self.required[id].extend(fields);
        changed
    }

    /// A condition has no path, so fields that need a label's value or a context are out of its reach.
    fn satisfied(&self, from: &[PlaceId], selection: SelectionId, within: Within) -> bool {
        let Some(&any) = from.first() else { return false };
        let runtime = &self.get(any).runtime;
        self.supergraph
            .selections
            .items(selection)
            .iter()
            .all(|item| match item {
                Item::Fragment { on, inner } => {
                    !self.supergraph.applies(on.as_ref(), runtime) || self.satisfied(from, *inner, within)
                }
                Item::Field { name, .. } if name == "__typename" => self
                    .around(from, within)
                    .iter()
                    .any(|it| !self.is_interface_object(*it)),
                Item::Field { name, inner } => {
                    let options = self
                        .around(from, within)
                        .into_iter()
                        .filter_map(|it| Some((it, self.field(it, name)?)));
                    let options = options.filter(|(id, field)| {
                        let free = field.label.is_none() && field.contexts.is_empty();
                        free && self.requirements_met(*id, name, field)
                    });
                    let options: Vec<_> = options.collect();
                    let children = self.children(name, &options);
                    !options.is_empty() && children.values().all(|places| self.satisfied(places, *inner, within))
                }
            })
    }

    fn around(&self, from: &[PlaceId], within: Within) -> Vec<PlaceId> {
        let reach = |id: PlaceId| -> Cow<'_, [PlaceId]> {
            let reached = &self.reached[id];
            match within {
                Within::Subgraph => Cow::Owned(vec![id]),
                Within::Outside(graph) if reached.iter().any(|it| self.get(*it).graph == graph) => {
                    Cow::Owned(self.follow_hops(id, |place| self.get(place).graph != graph))
                }
                Within::Outside(_) | Within::Supergraph => Cow::Borrowed(reached),
            }
        };
        let mut around: Vec<PlaceId> = from.iter().flat_map(|id| reach(*id).into_owned()).collect();
        around.sort_unstable();
        around.dedup();
        around
    }
}
