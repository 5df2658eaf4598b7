//! Whether a request's variables are what the operation declares; what has a default gets it.

use std::collections::{BTreeMap, BTreeSet};

use graphql_tools::{
    parser::query::Value,
    static_graphql::{
        query::VariableDefinition,
        schema::{InputObjectType, Type, TypeDefinition},
    },
};
use serde_json::{Value as Json, value::RawValue};

use crate::{
    Error,
    execute::{Broken, Scanner},
    numbers::is_number,
    outline::inner,
    request::Variables,
    supergraph::{BUILT_IN_SCALARS, Supergraph},
};

const BROKEN: &str = "the value nests too deep, or has half of a character";

/// The variables that the operation declares, each checked. Their bytes stay as the client wrote them, but for an Int,
/// which is written as one. What a custom scalar has inside is between client and subgraph: its numbers may have any
/// size, and its objects a key twice.
pub(crate) fn coerce(
    supergraph: &Supergraph,
    declared: &[VariableDefinition],
    given: &Variables,
) -> Result<Variables, Error> {
    let mut out = Variables::default();
    for definition in declared {
        let name = &definition.name;
        let given = given.0.get(name);
        let mut check = Check {
            supergraph,
            name,
            text: given.map_or("", |raw| raw.get()),
            has_floats: false,
        };
        match (given, &definition.default_value) {
            (Some(raw), _) => {
                check.all(&definition.var_type)?;
                match check.has_floats {
                    true => out.set(name, check.with_integers(&definition.var_type, raw)),
                    false => drop(out.0.insert(name.clone(), raw.clone())),
                }
            }
            (None, Some(default)) => out.set(name, json(supergraph, inner(&definition.var_type), default)),
            (None, None) if matches!(definition.var_type, Type::NonNullType(_)) => {
                return Err(check.refuse("", missing(definition)));
            }
            (None, None) => {}
        }
    }
    Ok(out)
}

fn missing(definition: &VariableDefinition) -> String {
    format!("a value of type {} is required", definition.var_type)
}

struct Check<'a> {
    supergraph: &'a Supergraph,
    name: &'a str,
    /// What the client wrote.
    text: &'a str,
    /// Whether an Int was written as `1.0` or `1e3`.
    has_floats: bool,
}

impl<'a> Check<'a> {
    fn refuse(&self, path: &str, reason: impl Into<String>) -> Error {
        Error::Variable {
            name: self.name.to_owned(),
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    fn all(&mut self, ty: &Type) -> Result<(), Error> {
        // The whole is JSON before any of it is compared with a type, which goes as deep as the value does.
        self.piece(&mut Scanner::new(self.text.as_bytes()), "")?;
        self.value(ty, &mut Scanner::new(self.text.as_bytes()), &mut String::new())
    }

    fn read<T>(&self, read: Result<T, Broken>, path: &str) -> Result<T, Error> {
        read.map_err(|_| self.refuse(path, BROKEN))
    }

    /// Steps over a value and gives back what is written there.
    fn piece(&self, json: &mut Scanner<'_>, path: &str) -> Result<&'a str, Error> {
        json.peek();
        let start = json.position();
        self.read(json.skip(0), path)?;
        Ok(self.text.get(start..json.position()).unwrap_or_default())
    }

    fn value(&mut self, ty: &Type, json: &mut Scanner<'_>, path: &mut String) -> Result<(), Error> {
        match (ty, json.peek()) {
            (Type::NonNullType(_), Some(b'n')) => Err(self.refuse(path, format!("{ty} must not be null"))),
            (Type::NonNullType(inner), _) => self.value(inner, json, path),
            (_, Some(b'n')) => self.piece(json, path).map(drop),
            (Type::ListType(inner), Some(b'[')) => self.list(inner, json, path),
            // One value stands for a list of it.
            (Type::ListType(inner), _) => self.value(inner, json, path),
            (Type::NamedType(name), _) => self.named(name, json, path),
        }
    }

    fn list(&mut self, inner: &Type, json: &mut Scanner<'_>, path: &mut String) -> Result<(), Error> {
        json.eat(b'[');
        let (mut is_more, mark) = (!json.eat(b']'), path.len());
        let mut index = 0;
        while is_more {
            path.push_str(&format!("[{index}]"));
            self.value(inner, json, path)?;
            path.truncate(mark);
            is_more = self.read(json.more(b']'), path)?;
            index += 1;
        }
        Ok(())
    }

    fn named(&mut self, name: &str, json: &mut Scanner<'_>, path: &mut String) -> Result<(), Error> {
        let definition = self.supergraph.api_type(name);
        if let (Some(TypeDefinition::InputObject(definition)), Some(b'{')) = (definition, json.peek()) {
            return self.object(definition, json, path);
        }
        let text = self.piece(json, path)?;
        if matches!(definition, Some(TypeDefinition::Scalar(_))) && !BUILT_IN_SCALARS.contains(&name) {
            return Ok(());
        }
        let value: Json = serde_json::from_str(text).map_err(|error| self.refuse(path, error.to_string()))?;
        let is_fine = match name {
            "Int" if value.is_f64() => {
                self.has_floats = true;
                whole(&value).is_some()
            }
            "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "Float" => value.is_number(),
            "String" => value.is_string(),
            "Boolean" => value.is_boolean(),
            "ID" => value.is_string() || value.is_i64() || value.is_u64(),
            _ => match (definition, &value) {
                (Some(TypeDefinition::Enum(definition)), Json::String(text)) => {
                    definition.values.iter().any(|value| value.name == *text)
                }
                (Some(TypeDefinition::Enum(_) | TypeDefinition::InputObject(_)), _) => false,
                _ => return Err(self.refuse(path, format!("{name} is not a type of the schema"))),
            },
        };
        match is_fine {
            true => Ok(()),
            false => Err(self.refuse(path, format!("expected {name}, got {}", short(&value)))),
        }
    }

    fn object(&mut self, definition: &InputObjectType, json: &mut Scanner<'_>, path: &mut String) -> Result<(), Error> {
        json.eat(b'{');
        let (mut is_more, mark) = (!json.eat(b'}'), path.len());
        let (mut given, mut has_null) = (BTreeSet::new(), false);
        while is_more {
            let key = self.key(json, path)?;
            let Some(field) = definition.fields.iter().find(|field| field.name == key) else {
                return Err(self.refuse(path, format!("{} has no field {key}", definition.name)));
            };
            if !given.insert(field.name.as_str()) {
                return Err(self.refuse(path, format!("the field {key} is there more than once")));
            }
            has_null |= json.peek() == Some(b'n');
            path.push('.');
            path.push_str(&key);
            self.value(&field.value_type, json, path)?;
            path.truncate(mark);
            is_more = self.read(json.more(b'}'), path)?;
        }
        let is_one_of = definition.directives.iter().any(|directive| directive.name == "oneOf");
        if is_one_of && (given.len() != 1 || has_null) {
            return Err(self.refuse(path, format!("{} takes exactly one field", definition.name)));
        }
        for field in &definition.fields {
            let is_required = matches!(field.value_type, Type::NonNullType(_)) && field.default_value.is_none();
            if is_required && !given.contains(field.name.as_str()) {
                path.push('.');
                path.push_str(&field.name);
                return Err(self.refuse(path, format!("a value of type {} is required", field.value_type)));
            }
        }
        Ok(())
    }

    /// A key as it is meant, whatever of it is escaped.
    fn key(&self, json: &mut Scanner<'_>, path: &str) -> Result<String, Error> {
        let written = self.read(json.key(), path)?;
        let quoted = [b"\"".as_slice(), written, b"\""].concat();
        serde_json::from_slice(&quoted).map_err(|error| self.refuse(path, error.to_string()))
    }

    /// A checked value with every Int written as an integer; all else keeps its bytes.
    fn with_integers(&self, ty: &Type, raw: &RawValue) -> String {
        let text = raw.get();
        let changed = match ty {
            Type::NonNullType(inner) => Some(self.with_integers(inner, raw)),
            Type::ListType(inner) => match serde_json::from_str::<Vec<&RawValue>>(text) {
                Ok(elements) => {
                    let elements = elements.iter().map(|element| self.with_integers(inner, element));
                    Some(format!("[{}]", elements.collect::<Vec<_>>().join(",")))
                }
                Err(_) => Some(self.with_integers(inner, raw)),
            },
            Type::NamedType(name) if name == "Int" => {
                let value = serde_json::from_str::<Json>(text).ok();
                value.as_ref().and_then(whole).map(|number| number.to_string())
            }
            Type::NamedType(name) => match self.supergraph.api_type(name) {
                Some(TypeDefinition::InputObject(definition)) => self.object_with_integers(definition, text),
                _ => None,
            },
        };
        changed.unwrap_or_else(|| text.to_owned())
    }

    fn object_with_integers(&self, definition: &InputObjectType, text: &str) -> Option<String> {
        let entries: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
        let entries = entries.into_iter().filter_map(|(name, raw)| {
            let field = definition.fields.iter().find(|field| field.name == name)?;
            Some(format!("\"{name}\":{}", self.with_integers(&field.value_type, raw)))
        });
        Some(format!("{{{}}}", entries.collect::<Vec<_>>().join(",")))
    }
}

/// `1.0` and `1e3` are whole numbers too.
fn whole(value: &Json) -> Option<i32> {
    let number = value.as_f64()?;
    let is_whole = number.fract() == 0.0 && number >= f64::from(i32::MIN) && number <= f64::from(i32::MAX);
    is_whole.then_some(number as i32)
}

fn short(value: &Json) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A constant of a type, or of a list of it, as JSON.
fn json(supergraph: &Supergraph, of: &str, value: &Value<'static, String>) -> String {
    // An ID is text, and a large one would not survive as a number of JSON.
    let number = |digits: String| match of {
        "ID" => format!("\"{digits}\""),
        _ => digits,
    };
    match value {
        Value::Variable(_) | Value::Null => "null".into(),
        Value::Int(digits) => number(digits.as_i64().unwrap_or_default().to_string()),
        Value::Float(double) => Json::from(*double).to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Enum(digits) if is_number(digits) => number(digits.clone()),
        Value::String(text) | Value::Enum(text) => Json::from(text.as_str()).to_string(),
        Value::List(elements) => {
            let elements = elements.iter().map(|element| json(supergraph, of, element));
            format!("[{}]", elements.collect::<Vec<_>>().join(","))
        }
        Value::Object(fields) => {
            let definition = match supergraph.api_type(of) {
                Some(TypeDefinition::InputObject(definition)) => definition.fields.as_slice(),
                _ => &[],
            };
            let field = |(name, value): &(String, Value<'static, String>)| {
                let field = definition.iter().find(|field| field.name == *name);
                let of = field.map_or("", |field| inner(&field.value_type));
                format!("\"{name}\":{}", json(supergraph, of, value))
            };
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(","))
        }
    }
}
