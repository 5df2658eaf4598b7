//! Arguments of root fields, made from what is known of entities.

use std::collections::BTreeMap;

use serde_json::{Value, value::RawValue};

use super::entity::Template;

/// What a gateway knows of an entity: its fields as they were written.
pub(super) type Representation<'a> = BTreeMap<&'a str, &'a RawValue>;

impl Template {
    /// Reads what a description says.
    pub(super) fn read(said: &Value) -> Result<Self, String> {
        match said {
            Value::String(path) if !path.is_empty() => Ok(Self::Path(path.split('.').map(str::to_owned).collect())),
            Value::Bool(_) | Value::Number(_) => Ok(Self::Constant(said.clone())),
            Value::Array(items) => match items.as_slice() {
                [one] => {
                    let one = Self::read(one)?;
                    match one.is_list() {
                        true => Err("a list of all entities cannot stand in another".into()),
                        false => Ok(Self::All(Box::new(one))),
                    }
                }
                _ => Err("a list stands for all entities and has one element, such as [\"id\"]".into()),
            },
            Value::Object(fields) => {
                let read = |(name, value): (&String, &Value)| Ok((name.clone(), Self::read(value)?));
                fields.iter().map(read).collect::<Result<_, _>>().map(Self::Object)
            }
            Value::String(_) | Value::Null => {
                Err("an argument is a field of the key, a number, a truth value, a table or a list".into())
            }
        }
    }

    /// As a description says it.
    pub(super) fn write(&self) -> Value {
        match self {
            Self::Path(path) => path.join(".").into(),
            Self::Constant(value) => value.clone(),
            Self::All(one) => vec![one.write()].into(),
            Self::Object(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone(), value.write()))
                .collect(),
        }
    }

    /// Whether it asks for all entities at once.
    pub(super) fn is_list(&self) -> bool {
        match self {
            Self::All(_) => true,
            Self::Object(fields) => fields.iter().any(|(_, value)| value.is_list()),
            Self::Path(_) | Self::Constant(_) => false,
        }
    }

    /// The fields of the key that it uses.
    pub(super) fn paths(&self) -> Vec<&[String]> {
        match self {
            Self::Path(path) => vec![path],
            Self::Constant(_) => Vec::new(),
            Self::All(one) => one.paths(),
            Self::Object(fields) => fields.iter().flat_map(|(_, value)| value.paths()).collect(),
        }
    }

    /// The argument's JSON for these entities; for the first of them, where it is not about all.
    pub(super) fn fill(&self, of: &[&Representation<'_>], ty: &str, out: &mut String) {
        match self {
            Self::Path(path) => match of.first().and_then(|first| at(first, path)) {
                Some(value) => out.push_str(&fitting(value, ty)),
                None => out.push_str("null"),
            },
            Self::Constant(value) => out.push_str(&value.to_string()),
            Self::All(one) => {
                out.push('[');
                for (position, entity) in of.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    one.fill(&[entity], ty, out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (position, (name, value)) in fields.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    out.push_str(&Value::from(name.as_str()).to_string());
                    out.push(':');
                    // The type of an input object's field is not known here, so what is there is passed on.
                    value.fill(of, "", out);
                }
                out.push('}');
            }
        }
    }
}

/// The JSON at a path; nothing where it is absent or null.
pub(super) fn at(entity: &Representation<'_>, path: &[String]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let mut found = (*entity.get(first.as_str())?).to_owned();
    for name in rest {
        let inner: BTreeMap<String, Box<RawValue>> = serde_json::from_str(found.get()).ok()?;
        found = inner.get(name)?.clone();
    }
    let text = found.get().trim();
    (text != "null").then(|| text.to_owned())
}

/// One subgraph's key may be another type here: an `ID` as text where a number is asked for, or the other way round.
fn fitting(json: String, ty: &str) -> String {
    let is_text = json.starts_with('"');
    let inner = ty.trim_matches(|letter| matches!(letter, '[' | ']' | '!' | ' '));
    match inner {
        "Int" if is_text => {
            let bare = json.trim_matches('"');
            bare.parse::<i64>().map(|number| number.to_string()).unwrap_or(json)
        }
        "String" if !is_text && json.starts_with(|letter: char| letter == '-' || letter.is_ascii_digit()) => {
            format!("\"{json}\"")
        }
        _ => json,
    }
}
