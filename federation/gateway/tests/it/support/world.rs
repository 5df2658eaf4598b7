//! A made-up world that every subgraph agrees on: each object has a number, and each field follows from it. So any
//! operation can be answered by a subgraph, and by one schema as a whole, and the two must be equal.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use axum::{Router, extract::State, routing::post};
use graphql_tools::{
    parser::{parse_query, parse_schema},
    static_graphql::{
        query::{
            Definition, Directive, Document, Field, OperationDefinition, Selection, SelectionSet, Value as Literal,
        },
        schema::{
            Definition as Defined, Directive as Annotation, Document as Schema, Field as FieldDefinition, Type,
            TypeDefinition, TypeExtension,
        },
    },
};
use serde_json::{Map, Value, json};

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
        for (name, _, fields, is_abstract) in composites(&schema) {
            let kind = kinds.entry(name).or_insert_with(|| Kind {
                fields: HashMap::new(),
                is_abstract,
            });
            kind.fields
                .extend(fields.iter().map(|field| (field.name.clone(), field.clone())));
        }
        Self {
            world: world.clone(),
            types: kinds,
        }
    }

    /// The routes of a subgraph.
    pub(crate) fn router(self) -> Router {
        Router::new().route("/graphql", post(serve)).with_state(Arc::new(self))
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

async fn serve(State(view): State<Arc<View>>, axum::Json(asked): axum::Json<Value>) -> axum::Json<Value> {
    let query = asked["query"].as_str().expect("a request has a query");
    let variables = if asked["variables"].is_object() {
        asked["variables"].clone()
    } else {
        json!({})
    };
    axum::Json(view.answer(query, &variables))
}

struct Walk<'a> {
    view: &'a View,
    document: &'a Document,
    variables: &'a Value,
    represented: Option<&'a Value>,
}

impl<'a> Walk<'a> {
    fn object(&self, name: &str, number: u64, sets: &[&'a SelectionSet]) -> Value {
        let mut fields: Vec<(String, Vec<&Field>)> = Vec::new();
        for set in sets {
            self.collect(name, set, &mut fields);
        }
        let mut out = Map::new();
        for (key, fields) in fields {
            let value = self.field(name, number, &fields);
            out.insert(key, value);
        }
        Value::Object(out)
    }

    fn collect(&self, name: &str, set: &'a SelectionSet, out: &mut Vec<(String, Vec<&'a Field>)>) {
        for selection in &set.items {
            match selection {
                Selection::Field(field) if self.includes(&field.directives) => {
                    let key = field.alias.clone().unwrap_or_else(|| field.name.clone());
                    match out.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, fields)) => fields.push(field),
                        None => out.push((key, vec![field])),
                    }
                }
                Selection::InlineFragment(fragment) if self.includes(&fragment.directives) => {
                    let condition = fragment
                        .type_condition
                        .as_ref()
                        .map(|condition| condition.as_ref().as_str());
                    if condition.is_none_or(|condition| self.is_a(name, condition)) {
                        self.collect(name, &fragment.selection_set, out);
                    }
                }
                Selection::FragmentSpread(spread) if self.includes(&spread.directives) => {
                    let fragment = self
                        .document
                        .definitions
                        .iter()
                        .find_map(|definition| match definition {
                            Definition::Fragment(fragment) if fragment.name == spread.fragment_name => Some(fragment),
                            _ => None,
                        });
                    let fragment = fragment.expect("a fragment that is spread is there");
                    if self.is_a(name, fragment.type_condition.as_ref()) {
                        self.collect(name, &fragment.selection_set, out);
                    }
                }
                _ => {}
            }
        }
    }

    fn is_a(&self, name: &str, condition: &str) -> bool {
        let possible = self.view.world.possible.get(condition);
        name == condition || possible.is_some_and(|names| names.iter().any(|member| member == name))
    }

    fn includes(&self, directives: &[Directive]) -> bool {
        directives.iter().all(|directive| {
            let condition = directive
                .arguments
                .first()
                .map(|(_, value)| literal(value, self.variables));
            (directive.name == "include") == (condition == Some(Value::Bool(true)))
        })
    }

    fn field(&self, parent: &str, number: u64, fields: &[&'a Field]) -> Value {
        let field = fields[0];
        let sets: Vec<&SelectionSet> = fields.iter().map(|field| &field.selection_set).collect();
        match field.name.as_str() {
            "__typename" => return parent.into(),
            "_entities" => return self.entities(field, &sets),
            _ => {}
        }
        let kind = self
            .view
            .types
            .get(parent)
            .unwrap_or_else(|| panic!("{parent} is a type of the subgraph"));
        let definition = kind
            .fields
            .get(&field.name)
            .unwrap_or_else(|| panic!("{parent}.{} is known", field.name));
        if !self.has_required(parent, number, definition) {
            return "the representation lacks what the field requires".into();
        }
        let arguments: BTreeMap<&str, Value> = field
            .arguments
            .iter()
            .map(|(name, value)| (name.as_str(), literal(value, self.variables)))
            .collect();
        let label = match arguments.is_empty() {
            true => field.name.clone(),
            false => format!("{}{arguments:?}", field.name),
        };
        self.value(&definition.field_type, number, &label, &sets)
    }

    fn entities(&self, field: &Field, sets: &[&'a SelectionSet]) -> Value {
        let representations = literal(&field.arguments[0].1, self.variables);
        let all = representations.as_array().expect("representations are a list");
        let entity = |representation: &Value| {
            let name = representation["__typename"]
                .as_str()
                .unwrap_or_else(|| panic!("{all:?} have types: {:?}", self.document.to_string()));
            let number = self
                .decoded(name, representation)
                .unwrap_or_else(|| panic!("{representation} has a key"));
            let kind = self
                .view
                .types
                .get(name)
                .unwrap_or_else(|| panic!("{name} is an entity here"));
            let runtime = if kind.is_abstract {
                self.view.world.runtime_type(name, number)
            } else {
                name.to_owned()
            };
            Walk {
                represented: Some(representation),
                ..*self
            }
            .object(&runtime, number, sets)
        };
        all.iter().map(entity).collect()
    }

    /// The number that the values of a key were made of.
    fn decoded(&self, name: &str, value: &Value) -> Option<u64> {
        let fields = value.as_object()?.iter().filter(|(key, _)| *key != "__typename");
        let own = fields.clone().find_map(|(_, value)| match value {
            Value::String(text) => text.rsplit_once('-')?.1.parse().ok(),
            Value::Number(number) => Some(number.as_u64()? / 1000),
            _ => None,
        });
        own.or_else(|| {
            fields.clone().find_map(|(key, value)| {
                let definition = self.view.types.get(name)?.fields.get(key)?;
                let inner = inner(&definition.field_type);
                (!self.view.world.entities.contains(inner))
                    .then(|| self.decoded(inner, value))
                    .flatten()
            })
        })
    }

    /// Whether the representation has what `@requires` names at its top, as the world has it.
    fn has_required(&self, parent: &str, number: u64, definition: &FieldDefinition) -> bool {
        let required = definition
            .directives
            .iter()
            .find(|directive| directive.name == "requires");
        let (Some(required), Some(represented)) = (required, self.represented) else {
            return true;
        };
        let Some((_, Literal::String(set))) = required.arguments.first() else {
            return true;
        };
        let document = parse_query::<String>(&format!("{{ {set} }}"))
            .expect("a field set can be read")
            .into_static();
        let Some(Definition::Operation(operation)) = document.definitions.first() else {
            return true;
        };
        let walk = Walk {
            view: self.view,
            document: &document,
            variables: &Value::Null,
            represented: None,
        };
        let Value::Object(expected) = walk.object(parent, number, &[operation.selection_set()]) else {
            return false;
        };
        expected.iter().all(|(key, value)| contains(&represented[key], value))
    }

    fn value(&self, ty: &Type, number: u64, label: &str, sets: &[&'a SelectionSet]) -> Value {
        let seed = hash(&format!("{label}-{number}"));
        match ty {
            Type::NonNullType(inner) => self.present(inner, number, label, sets),
            _ if seed.is_multiple_of(7) => Value::Null,
            _ => self.present(ty, number, label, sets),
        }
    }

    fn present(&self, ty: &Type, number: u64, label: &str, sets: &[&'a SelectionSet]) -> Value {
        let world = &self.view.world;
        let seed = hash(&format!("{label}-{number}"));
        match ty {
            Type::NonNullType(inner) => self.present(inner, number, label, sets),
            Type::ListType(inner) => {
                let length = 1 + seed % 3;
                (0..length)
                    .map(|index| self.value(inner, number, &format!("{label}[{index}]"), sets))
                    .collect()
            }
            Type::NamedType(name) => match name.as_str() {
                "String" | "ID" => format!("{label}-{number}").into(),
                "Int" => (number * 1000 + seed % 1000).into(),
                "Float" => json!(number as f64 + 0.25),
                "Boolean" => seed.is_multiple_of(2).into(),
                _ if world.enums.contains_key(name) => {
                    let values = &world.enums[name];
                    values[(seed % values.len() as u64) as usize].clone().into()
                }
                _ => {
                    let number = world.number(name, seed, number);
                    let kind = self.view.types.get(name);
                    let is_abstract = kind.is_none_or(|kind| kind.is_abstract);
                    let runtime = if is_abstract {
                        world.runtime_type(name, number)
                    } else {
                        name.clone()
                    };
                    Walk {
                        represented: None,
                        ..*self
                    }
                    .object(&runtime, number, sets)
                }
            },
        }
    }
}

/// Whether a representation has at least these values.
fn contains(given: &Value, expected: &Value) -> bool {
    match (given, expected) {
        (Value::Object(given), Value::Object(expected)) => expected
            .iter()
            .all(|(key, value)| given.get(key).is_some_and(|given| contains(given, value))),
        (Value::Array(given), Value::Array(expected)) => {
            given.len() == expected.len()
                && given
                    .iter()
                    .zip(expected)
                    .all(|(given, expected)| contains(given, expected))
        }
        _ => given == expected,
    }
}

fn literal(value: &Literal, variables: &Value) -> Value {
    match value {
        Literal::Variable(name) => variables.get(name).cloned().unwrap_or_default(),
        Literal::Int(number) => number.as_i64().into(),
        Literal::Float(number) => json!(number),
        Literal::String(text) | Literal::Enum(text) => text.as_str().into(),
        Literal::Boolean(is) => (*is).into(),
        Literal::Null => Value::Null,
        Literal::List(items) => items.iter().map(|item| literal(item, variables)).collect(),
        Literal::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), literal(value, variables)))
                .collect(),
        ),
    }
}

pub(crate) fn inner(ty: &Type) -> &str {
    match ty {
        Type::NamedType(name) => name,
        Type::ListType(of) | Type::NonNullType(of) => inner(of),
    }
}

fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    }) >> 16
}

fn types(schema: &Schema) -> impl Iterator<Item = &TypeDefinition> {
    schema.definitions.iter().filter_map(|definition| match definition {
        Defined::TypeDefinition(definition) => Some(definition),
        _ => None,
    })
}

/// Name, directives, fields, and whether it is abstract.
type Composite<'a> = (String, &'a [Annotation], &'a [FieldDefinition], bool);

fn composites(schema: &Schema) -> Vec<Composite<'_>> {
    fn one<'s>(definition: &'s Defined<'static, String>) -> Option<Composite<'s>> {
        Some(match definition {
            Defined::TypeDefinition(TypeDefinition::Object(it)) => (it.name.clone(), &it.directives, &it.fields, false),
            Defined::TypeDefinition(TypeDefinition::Interface(it)) => {
                (it.name.clone(), &it.directives, &it.fields, true)
            }
            Defined::TypeDefinition(TypeDefinition::Union(it)) => (it.name.clone(), &it.directives, &[], true),
            Defined::TypeExtension(TypeExtension::Object(it)) => (it.name.clone(), &it.directives, &it.fields, false),
            Defined::TypeExtension(TypeExtension::Interface(it)) => (it.name.clone(), &it.directives, &it.fields, true),
            _ => return None,
        })
    }
    schema.definitions.iter().filter_map(one).collect()
}
