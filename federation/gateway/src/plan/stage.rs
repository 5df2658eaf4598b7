//! A supergraph with one subgraph more, the stage, which knows all keys of every object and nothing else.
//!
//! What the library cannot plan from where it is asked for, it often can from there.

use std::collections::{BTreeMap, BTreeSet};

use graphql_tools::static_graphql::{
    query::{Selection, SelectionSet, TypeCondition},
    schema::{Definition, Directive, Document, Field, Type, TypeDefinition, Value},
};

use super::{
    keys::parsed,
    rooms::{joined, keys, roots},
};
use crate::{
    outline::{as_text, inner},
    supergraph::argument,
};

/// The subgraph, and what its root fields begin with.
pub(super) const STAGE: &str = "\u{5}";

/// The root field by which the stage gives an object of a type.
pub(super) fn entrance(of: &str) -> String {
    format!("{STAGE}{of}")
}

/// The supergraph with a stage. Absent where no object has a key.
pub(super) fn staged(supergraph: &Document) -> Option<Document> {
    let known = known(supergraph);
    let entities = entities(supergraph);
    let query = roots(supergraph).into_iter().next()?;
    if entities.is_empty() {
        return None;
    }
    let mut document = supergraph.clone();
    for definition in &mut document.definitions {
        let Definition::TypeDefinition(definition) = definition else {
            continue;
        };
        match definition {
            TypeDefinition::Enum(graphs) if graphs.name == "join__Graph" => {
                let mut stage = graphs.values.first()?.clone();
                stage.name = STAGE.into();
                stage.directives.iter_mut().for_each(|join| name(join, STAGE));
                graphs.values.push(stage);
            }
            TypeDefinition::Enum(it) => {
                join_too(&mut it.directives);
                it.values.iter_mut().for_each(|value| join_too(&mut value.directives));
            }
            TypeDefinition::Scalar(it) => join_too(&mut it.directives),
            TypeDefinition::Object(it) if it.name == query => {
                set_up(&mut it.directives, &mut it.fields, &BTreeSet::new());
                let entrances: Vec<_> = entities
                    .iter()
                    .filter_map(|of| Some(leading_to(it.fields.first()?, of)))
                    .collect();
                it.fields.extend(entrances);
            }
            TypeDefinition::Object(it) if known.contains_key(&it.name) => {
                set_up(&mut it.directives, &mut it.fields, &known[&it.name]);
            }
            TypeDefinition::Interface(it) if known.contains_key(&it.name) => {
                set_up(&mut it.directives, &mut it.fields, &known[&it.name]);
            }
            _ => {}
        }
    }
    Some(document)
}

/// The objects that have keys.
fn entities(supergraph: &Document) -> BTreeSet<String> {
    let objects = supergraph.definitions.iter().filter_map(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(it)) => Some(it),
        _ => None,
    });
    let found = objects.filter(|object| !keys(&object.directives, None).is_empty());
    found.map(|object| object.name.clone()).collect()
}

/// By types, the fields that keys of objects name.
fn known(supergraph: &Document) -> BTreeMap<String, BTreeSet<String>> {
    let mut known = BTreeMap::new();
    for definition in &supergraph.definitions {
        if let Definition::TypeDefinition(TypeDefinition::Object(object)) = definition {
            for key in keys(&object.directives, None).iter().filter_map(|key| parsed(key)) {
                note(supergraph, &object.name, &key, &mut known);
            }
        }
    }
    known
}

fn note(supergraph: &Document, of: &str, set: &SelectionSet, known: &mut BTreeMap<String, BTreeSet<String>>) {
    known.entry(of.to_owned()).or_default();
    for part in &set.items {
        match part {
            Selection::Field(field) => {
                known.entry(of.to_owned()).or_default().insert(field.name.clone());
                let below = field_of(supergraph, of, &field.name).map(|field| inner(&field.field_type));
                if let (Some(below), false) = (below, field.selection_set.items.is_empty()) {
                    note(supergraph, below, &field.selection_set, known);
                }
            }
            Selection::InlineFragment(fragment) => {
                let of = match &fragment.type_condition {
                    Some(TypeCondition::On(of)) => of,
                    None => of,
                };
                note(supergraph, of, &fragment.selection_set, known);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn field_of<'s>(supergraph: &'s Document, of: &str, name: &str) -> Option<&'s Field> {
    let is_meant = |definition: &&Definition<'static, String>| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(it)) => it.name == of,
        Definition::TypeDefinition(TypeDefinition::Interface(it)) => it.name == of,
        _ => false,
    };
    let (_, fields) = supergraph.definitions.iter().find(is_meant).and_then(joined)?;
    fields.iter().find(|field| field.name == name)
}

/// Brings a type onto the stage, with some of its fields.
fn set_up(directives: &mut Vec<Directive>, fields: &mut [Field], known: &BTreeSet<String>) {
    let graphs: BTreeSet<String> = directives
        .iter()
        .filter(|directive| directive.name == "join__type")
        .filter_map(|join| argument(join, "graph").and_then(as_text))
        .collect();
    for field in fields {
        if !field.directives.iter().any(|directive| directive.name == "join__field") {
            // It is in all subgraphs of its type, of which there is one more now.
            let joins: Vec<_> = graphs.iter().map(|graph| join(field, graph)).collect();
            field.directives.extend(joins);
        }
        if known.contains(&field.name) {
            let stage = join(field, STAGE);
            field.directives.push(stage);
        }
    }
    join_too(directives);
}

/// The same for the stage as for the first of the others, without keys.
fn join_too(directives: &mut Vec<Directive>) {
    let joins = ["join__type", "join__enumValue"];
    let Some(first) = directives
        .iter()
        .find(|directive| joins.contains(&directive.name.as_str()))
    else {
        return;
    };
    let mut stage = first.clone();
    stage.arguments.retain(|(name, _)| name == "graph");
    name(&mut stage, STAGE);
    directives.push(stage);
}

fn join(field: &Field, graph: &str) -> Directive {
    Directive {
        position: field.position,
        name: "join__field".into(),
        arguments: vec![("graph".into(), Value::Enum(graph.into()))],
    }
}

/// Lets a directive speak of another subgraph.
fn name(directive: &mut Directive, graph: &str) {
    for (name, value) in &mut directive.arguments {
        match name.as_str() {
            "graph" => *value = Value::Enum(graph.into()),
            "name" => *value = Value::String(graph.into()),
            _ => {}
        }
    }
}

fn leading_to(like: &Field, of: &str) -> Field {
    Field {
        name: entrance(of),
        description: None,
        arguments: Vec::new(),
        field_type: Type::NamedType(of.to_owned()),
        directives: vec![join(like, STAGE)],
        ..like.clone()
    }
}
