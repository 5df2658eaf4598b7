//! A supergraph in which what requires something is reached by one key at a time.
//!
//! Before it asks for a field with `@requires`, the library chooses a key by which to come back to its subgraph. It
//! asks whether that subgraph can give the key, not whether its own keys are meant, nor whether the subgraph that is
//! asked first can give it. So the subgraph is given rooms, as many as it has keys of a type: all that is to be found
//! in a room is one key and what requires something, and there is nothing to choose.
//!
//! Of several rooms the library takes the one that is nearest to what is required, and fails if the key of that room is
//! to be had in a third subgraph only. So there are also supergraphs with one room of each subgraph.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use graphql_tools::static_graphql::schema::{Definition, Directive, Document, EnumType, Field, TypeDefinition, Value};

use crate::{outline::as_text, supergraph::argument};

/// Between the name of a subgraph and the number of its room.
const MARK: char = '\u{4}';

/// The name of the subgraph that a room belongs to.
pub(super) fn owner(name: &str) -> &str {
    name.split_once(MARK).map_or(name, |(owner, _)| owner)
}

/// A supergraph, and how many rooms its subgraphs have.
pub(super) struct Rooms {
    supergraph: Arc<Document>,
    counts: BTreeMap<String, usize>,
}

impl Rooms {
    /// The rooms of a supergraph. Absent where no subgraph needs any.
    pub(super) fn of(supergraph: &Arc<Document>) -> Option<Self> {
        let mut counts = BTreeMap::<String, usize>::new();
        for (directives, fields) in supergraph.definitions.iter().filter_map(joined) {
            for graph in requiring(fields) {
                let own = keys(directives, Some(&graph));
                if own.len() > 1 || keys(directives, None).len() > own.len() {
                    let count = counts.entry(graph).or_default();
                    *count = own.len().max(*count);
                }
            }
        }
        counts.retain(|_, count| *count > 0);
        let supergraph = supergraph.clone();
        (!counts.is_empty()).then_some(Self { supergraph, counts })
    }

    /// Which rooms to open, in the order of trying: all of them, then one by one.
    pub(super) fn choices(&self) -> impl Iterator<Item = Option<usize>> {
        let most = self.counts.values().copied().max().unwrap_or_default();
        std::iter::once(None).chain((0..most).filter(move |_| most > 1).map(Some))
    }

    /// The supergraph with all rooms, or with one of each subgraph.
    pub(super) fn open(&self, only: Option<usize>) -> Document {
        let mut document = Document::clone(&self.supergraph);
        let roots = roots(&self.supergraph);
        for definition in &mut document.definitions {
            for (graph, count) in &self.counts {
                let rooms = match only.map(|room| room.min(count - 1)) {
                    Some(room) => room..room + 1,
                    None => 0..*count,
                };
                add(definition, graph, &rooms, &roots);
            }
        }
        document
    }
}

fn add(definition: &mut Definition<'static, String>, graph: &str, rooms: &Range<usize>, roots: &[String]) {
    let Definition::TypeDefinition(definition) = definition else {
        return;
    };
    let each = |directives: &mut Vec<Directive>| {
        let copies: Vec<_> = rooms
            .clone()
            .flat_map(|room| of(directives, graph).map(move |directive| moved(directive, graph, room)))
            .collect();
        directives.extend(copies);
    };
    match definition {
        TypeDefinition::Enum(graphs) if graphs.name == "join__Graph" => name(graphs, graph, rooms),
        TypeDefinition::Enum(definition) => {
            each(&mut definition.directives);
            definition
                .values
                .iter_mut()
                .for_each(|value| each(&mut value.directives));
        }
        TypeDefinition::Scalar(definition) => each(&mut definition.directives),
        TypeDefinition::Union(definition) => each(&mut definition.directives),
        TypeDefinition::InputObject(definition) => {
            each(&mut definition.directives);
            definition
                .fields
                .iter_mut()
                .for_each(|field| each(&mut field.directives));
        }
        TypeDefinition::Object(object) if roots.contains(&object.name) => {}
        TypeDefinition::Object(object) => furnish(&mut object.directives, &mut object.fields, graph, rooms),
        TypeDefinition::Interface(interface) => {
            furnish(&mut interface.directives, &mut interface.fields, graph, rooms);
        }
    }
}

/// What a type with fields is in the rooms of a subgraph. One that requires nothing is not entered by its keys there.
fn furnish(directives: &mut Vec<Directive>, fields: &mut [Field], graph: &str, rooms: &Range<usize>) {
    let is_type = |directive: &&Directive| directive.name == "join__type";
    let Some(joined) = of(directives, graph).find(is_type).cloned() else {
        return;
    };
    let graphs: BTreeSet<String> = directives.iter().filter_map(graph_of).collect();
    let own: Vec<String> = keys(directives, Some(graph)).into_iter().collect();
    let requires = !own.is_empty() && requiring(fields).contains(graph);
    let others: Vec<_> = of(directives, graph).filter(|it| !is_type(it)).cloned().collect();
    for room in rooms.clone() {
        let key = own.get(room).or(own.last()).filter(|_| requires);
        let mut entered = joined.clone();
        entered
            .arguments
            .retain(|(name, _)| name != "key" && name != "resolvable");
        if let Some(key) = key {
            entered.arguments.push(("key".into(), Value::String(key.clone())));
        }
        directives.push(moved(&entered, graph, room));
        directives.extend(others.iter().map(|other| moved(other, graph, room)));
        for field in fields.iter_mut() {
            let is_there = key.is_none_or(|key| key.split(' ').any(|word| word == field.name));
            enter(field, graph, room, is_there, &graphs);
        }
    }
    if requires {
        fields
            .iter_mut()
            .for_each(|field| field.directives.retain(|join| !requires_in(join, graph)));
    }
}

/// Brings a field into a room: what requires something, what is required, and what `is_there` anyway; not what has
/// moved to another subgraph.
fn enter(field: &mut Field, graph: &str, room: usize, is_there: bool, graphs: &BTreeSet<String>) {
    if !field.directives.iter().any(|directive| directive.name == "join__field") {
        // It is in all subgraphs of its type, and is not to be in all rooms.
        let joins = graphs.iter().map(|graph| Directive {
            position: field.position,
            name: "join__field".into(),
            arguments: vec![("graph".into(), Value::Enum(graph.clone()))],
        });
        field.directives.extend(joins);
    }
    let mut all = field
        .directives
        .iter()
        .filter(|join| argument(join, "override").is_some());
    if all.any(|join| graph_of(join).as_deref() != Some(graph)) {
        return;
    }
    let join = of(&field.directives, graph).find(|join| {
        let is_external = argument(join, "external") == Some(&Value::Boolean(true));
        join.name == "join__field" && (is_there || is_external || requires_in(join, graph))
    });
    if let Some(join) = join.map(|join| moved(join, graph, room)) {
        field.directives.push(join);
    }
}

/// Adds the rooms of a subgraph to the list of subgraphs.
fn name(graphs: &mut EnumType, graph: &str, rooms: &Range<usize>) {
    let Some(own) = graphs.values.iter().find(|value| value.name == graph).cloned() else {
        return;
    };
    for room in rooms.clone() {
        let mut value = own.clone();
        value.name = called(graph, room);
        for (argument, text) in value.directives.iter_mut().flat_map(|it| &mut it.arguments) {
            if let (Value::String(text), "name") = (text, argument.as_str()) {
                *text = called(text, room);
            }
        }
        graphs.values.push(value);
    }
}

fn called(name: &str, room: usize) -> String {
    format!("{name}{MARK}{room}")
}

fn moved(directive: &Directive, graph: &str, room: usize) -> Directive {
    let mut copy = directive.clone();
    for (name, value) in &mut copy.arguments {
        if name == "graph" {
            *value = Value::Enum(called(graph, room));
        }
    }
    copy
}

/// The directives that say something of a subgraph.
fn of<'d>(directives: &'d [Directive], graph: &str) -> impl Iterator<Item = &'d Directive> {
    directives
        .iter()
        .filter(move |directive| graph_of(directive).as_deref() == Some(graph))
}

fn graph_of(directive: &Directive) -> Option<String> {
    argument(directive, "graph").and_then(as_text)
}

/// The keys by which a subgraph, or any, finds objects of a type.
pub(super) fn keys(directives: &[Directive], graph: Option<&str>) -> BTreeSet<String> {
    let joins = directives.iter().filter(|join| {
        let is_found = argument(join, "resolvable") != Some(&Value::Boolean(false));
        join.name == "join__type" && is_found && (graph.is_none() || graph_of(join).as_deref() == graph)
    });
    joins
        .filter_map(|join| argument(join, "key").and_then(as_text))
        .map(|key| of_one_spelling(&key))
        .collect()
}

fn of_one_spelling(set: &str) -> String {
    let apart = set.replace(',', " ").replace('{', " { ").replace('}', " } ");
    apart.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The subgraphs that require something for a field.
fn requiring(fields: &[Field]) -> BTreeSet<String> {
    let joins = fields.iter().flat_map(|field| &field.directives);
    joins
        .filter(|join| join.name == "join__field" && argument(join, "requires").is_some())
        .filter_map(graph_of)
        .collect()
}

fn requires_in(directive: &Directive, graph: &str) -> bool {
    directive.name == "join__field"
        && argument(directive, "requires").is_some()
        && graph_of(directive).as_deref() == Some(graph)
}

/// The root types, that of queries first.
pub(super) fn roots(supergraph: &Document) -> Vec<String> {
    let schema = supergraph.definitions.iter().find_map(|definition| match definition {
        Definition::SchemaDefinition(schema) => Some(schema),
        _ => None,
    });
    let named =
        |name: Option<&Option<String>>, default: &str| name.cloned().flatten().unwrap_or_else(|| default.to_owned());
    vec![
        named(schema.map(|schema| &schema.query), "Query"),
        named(schema.map(|schema| &schema.mutation), "Mutation"),
        named(schema.map(|schema| &schema.subscription), "Subscription"),
    ]
}

/// The directives and fields of a type that has fields.
pub(super) type Joined<'d> = (&'d [Directive], &'d [Field]);

/// What the subgraphs say of a type that has fields.
pub(super) fn joined<'d>(definition: &'d Definition<'static, String>) -> Option<Joined<'d>> {
    match definition {
        Definition::TypeDefinition(TypeDefinition::Object(it)) => Some((&it.directives, &it.fields)),
        Definition::TypeDefinition(TypeDefinition::Interface(it)) => Some((&it.directives, &it.fields)),
        _ => None,
    }
}
