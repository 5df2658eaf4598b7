//! Merging default values: all subgraphs agree, or there is none.

use apollo_compiler::{Node, ast::Value};

use super::{Merger, Source, type_ref::Position, value::is_same_value};
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
