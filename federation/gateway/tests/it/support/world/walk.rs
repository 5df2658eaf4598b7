//! Answers one operation with what the world is.

use std::collections::BTreeMap;

use graphql_tools::{
    parser::parse_query,
    static_graphql::{
        query::{Definition, Directive, Document, Field, Selection, SelectionSet, Value as Literal},
        schema::{Field as FieldDefinition, Type},
    },
};
use serde_json::{Map, Value, json};

use super::{View, inner, named_as_they_are, schema::field_set};

/// One operation over the world.
pub(super) struct Walk<'a> {
    pub(super) view: &'a View,
    pub(super) document: &'a Document,
    pub(super) variables: &'a Value,
    /// What the subgraph was told of the entity it is asked about.
    pub(super) represented: Option<&'a Value>,
}

impl<'a> Walk<'a> {
    /// The fields of an object that are asked for.
    pub(super) fn object(&self, name: &str, number: u64, sets: &[&'a SelectionSet]) -> Value {
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
            named_as_they_are(representation);
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
            if !kind.keys.iter().any(|key| self.has(representation, name, number, key)) {
                return "the representation has no key of the subgraph".into();
            }
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
        let required = definition.directives.iter().find_map(field_set("requires"));
        match (required, self.represented) {
            (Some(required), Some(represented)) => self.has(represented, parent, number, &required),
            _ => true,
        }
    }

    /// Whether a representation has the fields of a set, as the world has them.
    fn has(&self, represented: &Value, parent: &str, number: u64, set: &str) -> bool {
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

/// A value of an operation's text.
pub(super) fn literal(value: &Literal, variables: &Value) -> Value {
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

fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    }) >> 16
}
