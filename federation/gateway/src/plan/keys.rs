//! Whether a plan asks for entities by keys that the subgraph knows.

use std::collections::HashMap;

use graphql_tools::{
    parser::parse_query,
    static_graphql::{
        query::{Definition as Part, Selection, SelectionSet},
        schema::{Definition, Document, TypeDefinition, Value},
    },
};

use super::{Batch, Node, Requirement};
use crate::{
    outline::as_text,
    supergraph::{argument, text},
};

/// The keys by which each subgraph finds the objects of a type.
pub(super) struct Keys(HashMap<(String, String), Vec<SelectionSet>>);

impl Keys {
    /// The keys of a supergraph.
    pub(super) fn of(supergraph: &Document) -> Self {
        let names = names(supergraph);
        let mut keys = Self(HashMap::new());
        for definition in &supergraph.definitions {
            let (of, directives) = match definition {
                Definition::TypeDefinition(TypeDefinition::Object(it)) => (&it.name, &it.directives),
                Definition::TypeDefinition(TypeDefinition::Interface(it)) => (&it.name, &it.directives),
                _ => continue,
            };
            for join in directives.iter().filter(|directive| directive.name == "join__type") {
                let graph = argument(join, "graph").and_then(as_text);
                let is_found = argument(join, "resolvable") != Some(&Value::Boolean(false));
                let key = text(&join.arguments, "key").filter(|_| is_found).and_then(parsed);
                if let (Some(name), Some(key)) = (graph.and_then(|graph| names.get(&graph)), key) {
                    keys.0.entry((name.clone(), of.clone())).or_default().push(key);
                }
            }
        }
        keys
    }

    /// An entity that a plan asks a subgraph for without telling which one it means.
    pub(super) fn missing(&self, node: &Node) -> Option<String> {
        match node {
            Node::Fetch(_) | Node::Subscription { .. } => None,
            Node::Entities(entities) => {
                let mut batches = entities.batches.iter();
                batches.find_map(|batch| self.without(&entities.subgraph, batch))
            }
            Node::Sequence { nodes } | Node::Parallel { nodes } => nodes.iter().find_map(|node| self.missing(node)),
        }
    }

    fn without(&self, subgraph: &str, batch: &Batch) -> Option<String> {
        batch.requires.iter().find_map(|requirement| {
            let Requirement::On { condition, fields } = requirement else {
                return None;
            };
            let renamed = batch
                .renamed_types
                .iter()
                .find(|renamed| renamed.of.contains(condition));
            let name = renamed.map_or(condition, |renamed| &renamed.to);
            let keys = self.0.get(&(subgraph.to_owned(), name.clone()))?;
            let is_told = keys.iter().any(|key| has(fields, key));
            (!is_told).then(|| format!("{name} of {subgraph}"))
        })
    }
}

/// Whether a representation has all fields of a key. What depends on the type of an object may be left out.
fn has(given: &[Requirement], key: &SelectionSet) -> bool {
    key.items.iter().all(|part| match part {
        Selection::Field(field) => given.iter().any(|requirement| match requirement {
            Requirement::Field { key, fields, .. } => *key == field.name && has(fields, &field.selection_set),
            // Which part an object has depends on its type.
            Requirement::On { .. } => true,
        }),
        Selection::InlineFragment(_) | Selection::FragmentSpread(_) => true,
    })
}

/// The fields that a key or a requirement names.
pub(super) fn parsed(key: &str) -> Option<SelectionSet> {
    let document = parse_query::<String>(&format!("{{ {key} }}")).ok()?.into_static();
    document.definitions.into_iter().find_map(|part| match part {
        Part::Operation(operation) => Some(operation.selection_set().clone()),
        Part::Fragment(_) => None,
    })
}

/// What the subgraphs are called, by the values that stand for them.
fn names(supergraph: &Document) -> HashMap<String, String> {
    let mut names = HashMap::new();
    for definition in &supergraph.definitions {
        if let Definition::TypeDefinition(TypeDefinition::Enum(graphs)) = definition
            && graphs.name == "join__Graph"
        {
            names.extend(graphs.values.iter().filter_map(|value| {
                let name = value
                    .directives
                    .iter()
                    .find_map(|directive| text(&directive.arguments, "name"))?;
                Some((value.name.clone(), name.to_owned()))
            }));
        }
    }
    names
}
