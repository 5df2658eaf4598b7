//! What is said when a path cannot be walked: a query that takes it, and what each subgraph lacks.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use apollo_compiler::{Name, ast::OperationType};

use super::{
    places::PlaceId,
    supergraph::{GraphId, Kind, PartField},
    walk::{Origin, StateId, Walk},
};
use crate::error::{Code, CompositionError};

/// An error, and what it is about regardless of the path.
pub(super) struct Stop {
    pub(super) error: CompositionError,
    pub(super) reasons: String,
}

/// No subgraph resolves a field of a state.
pub(super) fn unsatisfiable(walk: &Walk<'_>, id: StateId, field: &str) -> Stop {
    let state = &walk.states[id];
    let mut by_graph: BTreeMap<GraphId, BTreeSet<PlaceId>> = BTreeMap::new();
    for place in state
        .places
        .iter()
        .flat_map(|it| walk.places.reach(*it).iter().copied())
    {
        by_graph.entry(walk.places.get(place).graph).or_default().insert(place);
    }
    let mut reasons = Reasons {
        walk,
        id,
        field,
        reached: by_graph.keys().copied().collect(),
    };
    let mut error_graphs = Vec::new();
    let mut lines = String::new();
    for (graph, places) in &by_graph {
        let mut messages: Vec<String> = Vec::new();
        for place in places {
            reasons.of_place(*place, &mut messages);
        }
        let name = &walk.supergraph.graphs[*graph];
        error_graphs.push(name.clone());
        bullet(&mut lines, name, &messages);
    }
    let error = error(&query(walk, id, &Selection::Field(field)), &lines);
    let error = error_graphs.into_iter().fold(error, CompositionError::subgraph);
    Stop {
        error,
        reasons: format!("{}.{field}{lines}", state.runtime),
    }
}

/// From an interface object no subgraph leads to the type it stands for.
pub(super) fn no_implementation(walk: &Walk<'_>, id: StateId) -> Stop {
    let state = &walk.states[id];
    let mut lines = String::new();
    let mut names = BTreeSet::new();
    for place in &state.places {
        let place = walk.places.get(*place);
        let name = &walk.supergraph.graphs[place.graph];
        if names.insert(name.clone()) {
            let reason = format!(
                "no subgraph can be reached to resolve the implementation type of @interfaceObject type \"{}\".",
                place.holder
            );
            bullet(&mut lines, name, &[reason]);
        }
    }
    let error = error(&query(walk, id, &Selection::Anything), &lines);
    let error = names.into_iter().fold(error, CompositionError::subgraph);
    Stop {
        error,
        reasons: format!("{}{lines}", state.runtime),
    }
}

/// A shared field has no runtime type in common between its subgraphs.
pub(super) fn mismatched(
    walk: &Walk<'_>,
    id: StateId,
    field: &str,
    ty: &str,
    by_graph: &BTreeMap<GraphId, &BTreeSet<Name>>,
) -> Stop {
    let mut message = format!(
        "For the following supergraph API query:\n{}\nShared field \"{}.{field}\" return type \"{ty}\" has a \
         non-intersecting set of possible runtime types across subgraphs. Runtime types in subgraphs are:",
        query(walk, id, &Selection::Field(field)),
        walk.states[id].runtime,
    );
    for (graph, types) in by_graph {
        let names: Vec<_> = types.iter().map(|it| format!("\"{it}\"")).collect();
        let noun = if names.len() == 1 { "type" } else { "types" };
        let _ = write!(
            message,
            "\n - in subgraph \"{}\", {noun} {};",
            walk.supergraph.graphs[*graph],
            names.join(", ")
        );
    }
    if message.ends_with(';') {
        message.pop();
    }
    message.push_str(
        ".\nThis is not allowed as shared fields must resolve the same way in all subgraphs, and that implies at least \
         some common runtime types between the subgraphs.",
    );
    let error = CompositionError::new(Code::ShareableHasMismatchedRuntimeTypes, message);
    let graphs = by_graph.keys().map(|graph| walk.supergraph.graphs[*graph].clone());
    Stop {
        error: graphs.fold(error, CompositionError::subgraph),
        reasons: format!("{}.{field} has no common runtime type", walk.states[id].runtime),
    }
}

/// What is said of one subgraph.
struct Reasons<'a, 'b> {
    walk: &'a Walk<'b>,
    id: StateId,
    field: &'a str,
    reached: BTreeSet<GraphId>,
}

impl Reasons<'_, '_> {
    fn of_place(&mut self, id: PlaceId, messages: &mut Vec<String>) {
        let (walk, name) = (self.walk, self.field);
        let state = &walk.states[self.id];
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
            (Some(_), Some(field)) if field.contexts.iter().any(|it| walk.context(state, it).is_none()) => {
                format!("could not find a match for required context for field \"{coordinate}\".")
            }
            (Some(_), Some(field)) if field.contexts.iter().any(|it| !walk.context_is_readable(state, it)) => {
                format!("cannot satisfy @require conditions on field \"{coordinate}\".")
            }
            (Some(_), Some(_)) => {
                format!("field \"{coordinate}\" is resolved elsewhere under the label of its @override.")
            }
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
    fn moves(&mut self, id: PlaceId, messages: &mut Vec<String>) {
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

fn push(messages: &mut Vec<String>, message: String) {
    if !messages.contains(&message) {
        messages.push(message);
    }
}

fn bullet(lines: &mut String, graph: &str, messages: &[String]) {
    let _ = write!(lines, "\n- from subgraph \"{graph}\":");
    match messages {
        [message] => lines.push_str(&format!(" {message}")),
        _ => messages
            .iter()
            .for_each(|message| lines.push_str(&format!("\n  - {message}"))),
    }
}

fn error(query: &str, reasons: &str) -> CompositionError {
    let message =
        format!("The following supergraph API query:\n{query}\ncannot be satisfied by the subgraphs because:{reasons}");
    CompositionError::new(Code::SatisfiabilityError, message)
}

/// What the last object of a sample query is asked for.
enum Selection<'a> {
    Field(&'a str),
    Anything,
}

/// A query that takes the path to a state.
fn query(walk: &Walk<'_>, id: StateId, last: &Selection<'_>) -> String {
    let mut steps: Vec<String> = Vec::new();
    let mut current = id;
    let operation = loop {
        let state = &walk.states[current];
        match &state.origin {
            Origin::Root(operation) => break *operation,
            Origin::Field { parent, name, declared } => {
                if *declared != state.runtime {
                    steps.push(format!("... on {}", state.runtime));
                }
                steps.push(name.to_string());
                current = *parent;
            }
        }
    };
    steps.reverse();
    let info = walk.supergraph.types.get(&walk.states[id].runtime);
    let is_composite = |ty: &Name| walk.supergraph.types.get(ty).is_some_and(|it| it.kind != Kind::Leaf);
    let more = match last {
        Selection::Field(name) => {
            steps.push((*name).to_owned());
            info.and_then(|it| it.fields.get(*name))
                .is_some_and(|it| is_composite(&it.ty))
        }
        Selection::Anything => true,
    };
    steps.extend(more.then(|| "...".to_owned()));
    let opening = match operation {
        OperationType::Query => "{",
        OperationType::Mutation => "mutation {",
        OperationType::Subscription => "subscription {",
    };
    let mut text = opening.to_owned();
    for (depth, step) in steps.iter().enumerate() {
        let brace = if depth + 1 < steps.len() { " {" } else { "" };
        let _ = write!(text, "\n{}{step}{brace}", "  ".repeat(depth + 1));
    }
    for depth in (0..steps.len()).rev() {
        let _ = write!(text, "\n{}}}", "  ".repeat(depth));
    }
    text
}
