//! What is said when a path cannot be walked: a query that takes it, and what each subgraph lacks.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use apollo_compiler::Name;

use super::{
    lack::{Lack, push},
    places::PlaceId,
    query::query,
    supergraph::{GraphId, Kind},
    walk::{StateId, Walk},
    way::{Labels, Way},
};
use crate::{
    compose::Limits,
    error::{Code, CompositionError},
};

/// What cannot be resolved at a state under some labels.
pub(super) struct Fault<'a> {
    pub(super) state: StateId,
    pub(super) labels: Labels<'a>,
    pub(super) what: What<'a>,
}

pub(super) enum What<'a> {
    /// No subgraph resolves a field.
    Unresolved { field: &'a Name },
    /// From an interface object no subgraph leads to the type it stands for.
    NoImplementation,
    /// A shared field has no runtime type in common between its subgraphs.
    Mismatched {
        field: &'a Name,
        ty: &'a Name,
        by_graph: BTreeMap<GraphId, &'a BTreeSet<Name>>,
    },
}

/// An error but for the query that meets it, and what it is about whatever the query.
pub(super) struct Stop<'a> {
    code: Code,
    /// What is said before the query and after it.
    around: (&'static str, String),
    graphs: Vec<String>,
    /// What the query's last object is asked for, and whether for more than a value.
    field: Option<(&'a Name, bool)>,
    pub(super) reasons: String,
}

impl Stop<'_> {
    /// The error, with the query that goes a way.
    pub(super) fn error(&self, way: &Way<'_>) -> CompositionError {
        let (before, after) = &self.around;
        let message = format!("{before}\n{}\n{after}", query(way, self.field));
        let error = CompositionError::new(self.code, message);
        self.graphs.iter().fold(error, CompositionError::subgraph)
    }
}

/// What is said of a fault.
pub(super) fn stop<'a>(walk: &Walk<'a>, fault: &Fault<'a>) -> Stop<'a> {
    match &fault.what {
        What::Unresolved { field } => unresolved(walk, fault.state, field),
        What::NoImplementation => no_implementation(walk, fault.state),
        What::Mismatched { field, ty, by_graph } => mismatched(walk, fault.state, (field, ty), by_graph),
    }
}

fn unresolved<'a>(walk: &Walk<'a>, id: StateId, field: &'a Name) -> Stop<'a> {
    let state = &walk.states[id];
    let mut by_graph: BTreeMap<GraphId, BTreeSet<PlaceId>> = BTreeMap::new();
    for place in &state.places {
        by_graph
            .entry(walk.places.get(*place).graph)
            .or_default()
            .insert(*place);
    }
    let lack = Lack {
        walk,
        state,
        field,
        reached: by_graph.keys().copied().collect(),
    };
    let mut lines = String::new();
    for (graph, places) in &by_graph {
        let mut messages: Vec<String> = Vec::new();
        for place in places {
            lack.of_place(*place, &mut messages);
        }
        bullet(&mut lines, &walk.supergraph.graphs[*graph], &messages);
    }
    let info = walk.supergraph.types.get(&state.runtime);
    let ty = info.and_then(|it| it.fields.get(field)).map(|it| &it.ty);
    let is_composite = ty.is_some_and(|ty| walk.supergraph.types.get(ty).is_some_and(|it| it.kind != Kind::Leaf));
    Stop {
        code: Code::SatisfiabilityError,
        reasons: format!("{}.{field}{lines}", state.runtime),
        around: unsatisfied(&lines),
        graphs: names(walk, by_graph.keys()),
        field: Some((field, is_composite)),
    }
}

fn no_implementation<'a>(walk: &Walk<'a>, id: StateId) -> Stop<'a> {
    let state = &walk.states[id];
    let mut by_graph: BTreeMap<GraphId, Vec<String>> = BTreeMap::new();
    for place in &state.places {
        let place = walk.places.get(*place);
        let reason = format!(
            "no subgraph can be reached to resolve the implementation type of @interfaceObject type \"{}\".",
            place.holder
        );
        push(by_graph.entry(place.graph).or_default(), reason);
    }
    let mut lines = String::new();
    for (graph, reasons) in &by_graph {
        bullet(&mut lines, &walk.supergraph.graphs[*graph], reasons);
    }
    Stop {
        code: Code::SatisfiabilityError,
        reasons: format!("{}{lines}", state.runtime),
        around: unsatisfied(&lines),
        graphs: names(walk, by_graph.keys()),
        field: None,
    }
}

fn mismatched<'a>(
    walk: &Walk<'a>,
    id: StateId,
    (field, ty): (&'a Name, &'a Name),
    by_graph: &BTreeMap<GraphId, &'a BTreeSet<Name>>,
) -> Stop<'a> {
    let runtime = &walk.states[id].runtime;
    let mut after = format!(
        "Shared field \"{runtime}.{field}\" return type \"{ty}\" has a non-intersecting set of possible runtime types \
         across subgraphs. Runtime types in subgraphs are:"
    );
    for (graph, types) in by_graph {
        let names: Vec<_> = types.iter().map(|it| format!("\"{it}\"")).collect();
        let noun = if names.len() == 1 { "type" } else { "types" };
        let _ = write!(
            after,
            "\n - in subgraph \"{}\", {noun} {};",
            walk.supergraph.graphs[*graph],
            names.join(", ")
        );
    }
    if after.ends_with(';') {
        after.pop();
    }
    after.push_str(
        ".\nThis is not allowed as shared fields must resolve the same way in all subgraphs, and that implies at least \
         some common runtime types between the subgraphs.",
    );
    Stop {
        code: Code::ShareableHasMismatchedRuntimeTypes,
        reasons: format!("{runtime}.{field} has no common runtime type"),
        around: ("For the following supergraph API query:", after),
        graphs: names(walk, by_graph.keys()),
        field: Some((field, true)),
    }
}

/// Every subgraph that resolves a field of a mutation fails to lead to something below it.
pub(super) fn no_mutation(field: &Name, failed: &[(&str, Vec<CompositionError>)]) -> CompositionError {
    let mut message = format!(
        "Supergraph API queries using the mutation field \"Mutation.{field}\" at top-level must be satisfiable without \
         needing to call that field from multiple subgraphs, but every subgraph with that field encounters \
         satisfiability errors. Please fix these satisfiability errors for (at least) one of the following subgraphs \
         with the mutation field:"
    );
    for (graph, errors) in failed {
        let _ = write!(
            message,
            "\n- When calling \"Mutation.{field}\" at top-level from subgraph \"{graph}\":"
        );
        for line in errors.iter().flat_map(|it| it.message.lines()) {
            let _ = write!(message, "\n  {line}");
        }
    }
    let error = CompositionError::new(Code::SatisfiabilityError, message);
    failed.iter().fold(error, |error, (graph, _)| error.subgraph(*graph))
}

/// The walk was given up.
pub(super) fn too_many_paths(limits: Limits) -> CompositionError {
    let message = format!(
        "there are more than {} ways to reach the types of the API through the subgraphs, too many to check \
         that every query can be resolved: share fewer fields between subgraphs, give shared types a @key, or end \
         labels of @override",
        limits.paths
    );
    CompositionError::new(Code::MaxValidationSubgraphPathsExceeded, message)
}

fn unsatisfied(lines: &str) -> (&'static str, String) {
    let after = format!("cannot be satisfied by the subgraphs because:{lines}");
    ("The following supergraph API query:", after)
}

fn names<'b>(walk: &Walk<'_>, graphs: impl Iterator<Item = &'b GraphId>) -> Vec<String> {
    graphs.map(|graph| walk.supergraph.graphs[*graph].clone()).collect()
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
