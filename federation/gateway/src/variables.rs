//! Whether a request's variables are what the operation declares; what has a default gets it.

use std::collections::BTreeMap;

use graphql_tools::{
    parser::query::Value,
    static_graphql::{
        query::VariableDefinition,
        schema::{InputObjectType, Type, TypeDefinition},
    },
};
use serde_json::{Map, Value as Json, value::RawValue};

use crate::{Error, numbers::is_number, outline::inner, request::Variables, supergraph::Supergraph};

/// The variables that the operation declares, each checked. Their bytes stay as the client wrote them, but for an Int,
/// which is written as one.
pub(crate) fn coerce(
    supergraph: &Supergraph,
    declared: &[VariableDefinition],
    given: &Variables,
) -> Result<Variables, Error> {
    let mut out = Variables::default();
    for definition in declared {
        let name = &definition.name;
        let mut check = Check {
            supergraph,
            name,
            has_floats: false,
        };
        match (given.0.get(name), &definition.default_value) {
            (Some(raw), _) => {
                let value: Json =
                    serde_json::from_str(raw.get()).map_err(|error| check.refuse("", error.to_string()))?;
                check.value(&definition.var_type, &value, &mut String::new())?;
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
    /// Whether an Int was written as `1.0` or `1e3`.
    has_floats: bool,
}

impl Check<'_> {
    fn refuse(&self, path: &str, reason: impl Into<String>) -> Error {
        Error::Variable {
            name: self.name.to_owned(),
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    fn value(&mut self, ty: &Type, value: &Json, path: &mut String) -> Result<(), Error> {
        match (ty, value) {
            (Type::NonNullType(_), Json::Null) => Err(self.refuse(path, format!("{ty} must not be null"))),
            (Type::NonNullType(inner), _) => self.value(inner, value, path),
            (_, Json::Null) => Ok(()),
            (Type::ListType(inner), Json::Array(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    let mark = path.len();
                    path.push_str(&format!("[{index}]"));
                    self.value(inner, element, path)?;
                    path.truncate(mark);
                }
                Ok(())
            }
            // One value stands for a list of it.
            (Type::ListType(inner), _) => self.value(inner, value, path),
            (Type::NamedType(name), _) => self.named(name, value, path),
        }
    }

    fn named(&mut self, name: &str, value: &Json, path: &mut String) -> Result<(), Error> {
        let is_fine = match name {
            "Int" if value.is_f64() => {
                self.has_floats = true;
                whole(value).is_some()
            }
            "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "Float" => value.is_number(),
            "String" => value.is_string(),
            "Boolean" => value.is_boolean(),
            "ID" => value.is_string() || value.is_i64() || value.is_u64(),
            _ => match (self.supergraph.api_type(name), value) {
                (Some(TypeDefinition::Enum(definition)), Json::String(text)) => {
                    definition.values.iter().any(|value| value.name == *text)
                }
                (Some(TypeDefinition::Enum(_)), _) => false,
                (Some(TypeDefinition::InputObject(definition)), Json::Object(fields)) => {
                    return self.object(definition, fields, path);
                }
                (Some(TypeDefinition::InputObject(_)), _) => false,
                (Some(TypeDefinition::Scalar(_)), _) => true,
                _ => return Err(self.refuse(path, format!("{name} is not a type of the schema"))),
            },
        };
        match is_fine {
            true => Ok(()),
            false => Err(self.refuse(path, format!("expected {name}, got {}", short(value)))),
        }
    }

    fn object(
        &mut self,
        definition: &InputObjectType,
        given: &Map<String, Json>,
        path: &mut String,
    ) -> Result<(), Error> {
        if let Some(unknown) = given
            .keys()
            .find(|key| !definition.fields.iter().any(|field| field.name == **key))
        {
            return Err(self.refuse(path, format!("{} has no field {unknown}", definition.name)));
        }
        let is_one_of = definition.directives.iter().any(|directive| directive.name == "oneOf");
        if is_one_of && (given.len() != 1 || given.values().any(Json::is_null)) {
            return Err(self.refuse(path, format!("{} takes exactly one field", definition.name)));
        }
        for field in &definition.fields {
            let mark = path.len();
            path.push('.');
            path.push_str(&field.name);
            match given.get(&field.name) {
                Some(value) => self.value(&field.value_type, value, path)?,
                None if matches!(field.value_type, Type::NonNullType(_)) && field.default_value.is_none() => {
                    return Err(self.refuse(path, format!("a value of type {} is required", field.value_type)));
                }
                None => {}
            }
            path.truncate(mark);
        }
        Ok(())
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
