//! Merging default values: all subgraphs agree, or there is none.

use apollo_compiler::{Name, Node, ast::Value};

use super::{Merger, Source, type_ref::Position};
use crate::{error::Code, hint::HintCode, model::Field};

impl Merger<'_> {
    /// The default that all declarations have.
    pub(super) fn merge_defaults(
        &mut self,
        position: Position,
        coordinate: &str,
        given: &[Source<'_, Field>],
    ) -> Option<Node<Value>> {
        let defaults = given
            .iter()
            .filter_map(|source| source.part.default.as_ref().map(|value| (source.index, value)))
            .collect::<Vec<_>>();
        let (_, first) = defaults.first()?;
        let places = given.iter().map(|source| (source.index, source.part.location));
        let noun = position.noun();
        if defaults.iter().any(|(_, value)| !is_same_value(value, first)) {
            let said = self.disagreement("default value", defaults.iter().copied());
            let message = format!("{noun} \"{coordinate}\" has incompatible defaults across subgraphs: it has {said}");
            let code = match position {
                Position::InputField => Code::InputFieldDefaultMismatch,
                _ => Code::FieldArgumentDefaultMismatch,
            };
            self.error(code, message, places);
            return Some((*first).clone());
        }
        if defaults.len() < given.len() {
            let without = given.iter().filter(|source| source.part.default.is_none());
            let message = format!(
                "{noun} \"{coordinate}\" has the default {first} in some subgraphs only, so none is used: it has none in {}",
                self.names(without.map(|source| source.index))
            );
            self.hint(HintCode::InconsistentDefaultValuePresence, coordinate, message, places);
            return None;
        }
        Some((*first).clone())
    }
}

/// Whether two values are equal, in whatever order objects have their fields and however numbers are written.
pub(crate) fn is_same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same_value(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            let has = |(name, value): &(Name, Node<Value>)| {
                b.iter()
                    .any(|(other, theirs)| other == name && is_same_value(theirs, value))
            };
            a.len() == b.len() && a.iter().all(has)
        }
        (Value::Float(_), Value::Int(_) | Value::Float(_)) | (Value::Int(_), Value::Float(_)) => {
            a == b || a.to_f64().is_some_and(|number| b.to_f64() == Some(number))
        }
        _ => a == b,
    }
}
