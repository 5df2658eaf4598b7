//! A made-up world that every subgraph agrees on: each object has a number, and each field follows from it. So any
//! operation can be answered by a subgraph, and by one schema as a whole, and the two must be equal.

mod schema;
mod walk;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use axum::{Router, extract::State, routing::post};
use graphql_tools::{
    parser::{parse_query, parse_schema},
    static_graphql::{
        query::{Definition, OperationDefinition},
        schema::{Field as FieldDefinition, TypeDefinition},
    },
};
use serde_json::{Value, json};

pub(crate) use self::schema::inner;
use self::{
    schema::{composites, field_set, types},
    walk::{Walk, literal},
};
use super::strict::Strict;

/// What the objects of the world are, by the schema that clients see.
pub(crate) struct World {
    /// The objects that each abstract type can be.
    possible: BTreeMap<String, Vec<String>>,
    /// Types with an identity of their own; others are parts of the object they were found in.
    entities: BTreeSet<String>,
    enums: BTreeMap<String, Vec<String>>,
}

/// One schema over the world: a subgraph's or the whole.
pub(crate) struct View {
    world: Arc<World>,
    types: HashMap<String, Kind>,
}

struct Kind {
    fields: HashMap<String, FieldDefinition>,
    /// The field sets by which objects are found.
    keys: Vec<String>,
    is_abstract: bool,
}

impl World {
    /// The world of a schema for clients; the subgraphs say which types have keys.
    pub(crate) fn new(api: &str, subgraphs: &[&str]) -> Self {
        let api = parse_schema::<String>(api)
            .expect("the schema for clients can be read")
            .into_static();
        let (mut possible, mut enums) = (BTreeMap::<String, Vec<String>>::new(), BTreeMap::new());
        for definition in types(&api) {
            match definition {
                TypeDefinition::Object(object) => {
                    for interface in &object.implements_interfaces {
                        possible.entry(interface.clone()).or_default().push(object.name.clone());
                    }
                }
                TypeDefinition::Union(union) => drop(possible.insert(union.name.clone(), union.types.clone())),
                TypeDefinition::Enum(definition) => {
                    let values = definition.values.iter().map(|value| value.name.clone()).collect();
                    enums.insert(definition.name.clone(), values);
                }
                _ => {}
            }
        }
        possible.values_mut().for_each(|names| names.sort());
        let mut entities = BTreeSet::new();
        for sdl in subgraphs {
            let schema = parse_schema::<String>(sdl)
                .expect("the subgraph's schema can be read")
                .into_static();
            for (name, directives, _, _) in composites(&schema) {
                if directives.iter().any(|directive| directive.name == "key") {
                    entities.insert(name);
                }
            }
        }
        Self {
            possible,
            entities,
            enums,
        }
    }

    /// The number of an object of a type that was reached with this number.
    fn number(&self, name: &str, seed: u64, parent: u64) -> u64 {
        let base = 1 + seed % 4;
        match self.family(name) {
            Some((members, index)) => base * members + index,
            None if self.entities.contains(name) || self.possible.contains_key(name) => base,
            None => parent,
        }
    }

    /// An object whose interface has a key is found by its number alone, so the number says which type it is.
    fn family(&self, name: &str) -> Option<(u64, u64)> {
        self.possible.iter().find_map(|(interface, members)| {
            let index = members.iter().position(|member| member == name)?;
            self.entities
                .contains(interface)
                .then_some((members.len() as u64, index as u64))
        })
    }

    fn runtime_type(&self, name: &str, number: u64) -> String {
        match self.possible.get(name) {
            Some(members) => members[(number % members.len() as u64) as usize].clone(),
            None => name.to_owned(),
        }
    }
}

impl View {
    /// The world through a schema.
    pub(crate) fn new(world: &Arc<World>, sdl: &str) -> Self {
        let schema = parse_schema::<String>(sdl)
            .expect("the schema can be read")
            .into_static();
        let mut kinds: HashMap<String, Kind> = HashMap::new();
        for (name, directives, fields, is_abstract) in composites(&schema) {
            let kind = kinds.entry(name).or_insert_with(|| Kind {
                fields: HashMap::new(),
                keys: Vec::new(),
                is_abstract,
            });
            kind.keys.extend(directives.iter().filter_map(field_set("key")));
            kind.fields
                .extend(fields.iter().map(|field| (field.name.clone(), field.clone())));
        }
        Self {
            world: world.clone(),
            types: kinds,
        }
    }

    /// The routes of a subgraph, which refuses documents that break a rule of its schema.
    pub(crate) fn router(self, sdl: &str) -> Router {
        let state = Arc::new((self, Strict::new(sdl)));
        Router::new().route("/graphql", post(serve)).with_state(state)
    }

    /// Answers an operation.
    pub(crate) fn answer(&self, query: &str, variables: &Value) -> Value {
        let document = parse_query::<String>(query)
            .expect("the operation can be read")
            .into_static();
        let operation = document.definitions.iter().find_map(|definition| match definition {
            Definition::Operation(operation) => Some(operation),
            Definition::Fragment(_) => None,
        });
        let operation = operation.expect("the document has an operation");
        let mut variables = variables.clone();
        for definition in operation.variable_definitions() {
            if let (None, Some(default)) = (variables.get(&definition.name), &definition.default_value) {
                variables[&definition.name] = literal(default, &Value::Null);
            }
        }
        let root = match operation {
            OperationDefinition::Mutation(_) => "Mutation",
            _ => "Query",
        };
        let walk = Walk {
            view: self,
            document: &document,
            variables: &variables,
            represented: None,
        };
        json!({ "data": walk.object(root, 0, &[operation.selection_set()]) })
    }
}

async fn serve(State(subgraph): State<Arc<(View, Strict)>>, axum::Json(asked): axum::Json<Value>) -> axum::Json<Value> {
    let (view, strict) = &*subgraph;
    let query = asked["query"].as_str().expect("a request has a query");
    if let Some(refusal) = strict.refusal(query) {
        return axum::Json(json!({ "errors": [{ "message": refusal }] }));
    }
    let variables = if asked["variables"].is_object() {
        asked["variables"].clone()
    } else {
        json!({})
    };
    axum::Json(view.answer(query, &variables))
}

/// The text of a field begins with its name, whatever it stands for in a representation.
fn named_as_they_are(value: &Value) {
    for (key, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => assert!(!text.contains('-') || text.starts_with(key), "{key} is {text}"),
            other => named_as_they_are(other),
        }
    }
}
