//! What one subgraph lacks to resolve a field.

use std::collections::BTreeSet;

use super::{
    places::PlaceId,
    supergraph::{GraphId, PartField},
    walk::{State, Walk},
};

/// A field that no subgraph resolves.
pub(super) struct Lack<'a, 'b> {
    pub(super) walk: &'a Walk<'b>,
    pub(super) state: &'a State,
    pub(super) field: &'a str,
    pub(super) reached: BTreeSet<GraphId>,
}

impl Lack<'_, '_> {
    pub(super) fn of_place(&self, id: PlaceId, messages: &mut Vec<String>) {
        let (walk, name) = (self.walk, self.field);
        let place = walk.places.get(id);
        let graph = &walk.supergraph.graphs[place.graph];
        let coordinate = format!("{}.{name}", place.holder);
        let declared = walk.places.part(id).and_then(|it| it.fields.get(name));
        let message = match (declared, walk.places.field(id, name)) {
            (None, _) => format!("cannot find field \"{coordinate}\"."),
            (Some(field), None) if field.overridden => {
                let by = self.overrider(&place.holder, graph).unwrap_or("another");
                format!("field \"{coordinate}\" is not resolvable because it is overridden by subgraph \"{by}\".")
            }
            (Some(_), None) => format!("field \"{coordinate}\" is not resolvable because marked @external."),
            (Some(_), Some(field)) if !walk.places.can_gather(id, field) => {
                format!("cannot satisfy @require conditions on field \"{coordinate}\".")
            }
            (Some(_), Some(field)) if !walk.places.requirements_met(id, name, field) => format!(
                "@require condition on field \"{coordinate}\" can be satisfied but missing usable key on \"{}\" in \
                 subgraph \"{graph}\" to resume query.",
                place.holder
            ),
            (Some(_), Some(field)) => match self.state.contexts.fill(field) {
                None => format!("could not find a match for required context for field \"{coordinate}\"."),
                Some(false) => format!("cannot satisfy @require conditions on field \"{coordinate}\"."),
                Some(true) => format!("field \"{coordinate}\" is resolved elsewhere under the label of its @override."),
            },
        };
        push(messages, message);
        self.moves(id, messages);
    }

    /// The subgraph that has taken a field over.
    fn overrider(&self, ty: &str, from: &str) -> Option<&str> {
        let supergraph = self.walk.supergraph;
        let mut parts = supergraph.types.get(ty)?.parts.iter();
        let takes = |it: &PartField| it.overrides.as_deref() == Some(from);
        let (graph, _) = parts.find(|(_, part)| part.fields.get(self.field).is_some_and(takes))?;
        supergraph.graphs.get(*graph).map(String::as_str)
    }

    /// Why the subgraphs that were not reached could not be.
    fn moves(&self, id: PlaceId, messages: &mut Vec<String>) {
        let (walk, field) = (self.walk, self.field);
        let place = walk.places.get(id);
        let from = &walk.supergraph.graphs[place.graph];
        let Some(info) = walk.supergraph.types.get(&place.holder) else {
            return;
        };
        for (graph, part) in info.parts.iter().filter(|(graph, _)| !self.reached.contains(graph)) {
            let to = &walk.supergraph.graphs[*graph];
            let holder = &place.holder;
            for key in part.keys.iter().filter(|it| it.resolvable) {
                let text = &key.text;
                push(
                    messages,
                    format!(
                        "cannot move to subgraph \"{to}\" using @key(fields: \"{text}\") of \"{holder}\", the key field(s) \
                     cannot be resolved from subgraph \"{from}\"."
                    ),
                );
            }
            if part.keys.iter().any(|it| it.resolvable) || part.fields.get(field).is_none_or(|it| it.external) {
                continue;
            }
            let why = if part.keys.is_empty() {
                format!("type \"{holder}\" has no @key defined in subgraph \"{to}\".")
            } else {
                format!(
                    "none of the @key defined on type \"{holder}\" in subgraph \"{to}\" are resolvable (they are all \
                     declared with their \"resolvable\" argument set to false)."
                )
            };
            push(
                messages,
                format!("cannot move to subgraph \"{to}\", which has field \"{holder}.{field}\", because {why}"),
            );
        }
    }
}

/// Adds a message that is not there yet.
pub(super) fn push(messages: &mut Vec<String>, message: String) {
    if !messages.contains(&message) {
        messages.push(message);
    }
}
