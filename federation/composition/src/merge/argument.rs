//! Merging arguments: those that every subgraph has.

use apollo_compiler::Name;
use indexmap::{IndexMap, IndexSet};

use super::{Merger, Source, parts, type_ref::Position};
use crate::{
    error::Code,
    hint::HintCode,
    model::{Directives, Field},
    spec::Feature,
};

impl Merger<'_> {
    /// The arguments that all declarations of a field have.
    pub(super) fn merge_arguments(&mut self, coordinate: &str, fields: &[Source<'_, Field>]) -> IndexMap<Name, Field> {
        let declarations = fields.iter().map(|source| source.map(|field| &field.arguments));
        self.merge_declared(coordinate, &declarations.collect::<Vec<_>>())
    }

    /// The arguments that all declarations have.
    pub(super) fn merge_declared(
        &mut self,
        coordinate: &str,
        declarations: &[Source<'_, IndexMap<Name, Field>>],
    ) -> IndexMap<Name, Field> {
        let mut merged = IndexMap::new();
        let names = declarations.iter().flat_map(|source| source.part.keys());
        for name in names.collect::<IndexSet<_>>() {
            let coordinate = format!("{coordinate}({name}:)");
            let given = parts(declarations, |arguments| arguments.get(name));
            let without = declarations.iter().filter(|source| !source.part.contains_key(name));
            let without = without.map(|source| source.index).collect::<Vec<_>>();
            if self.is_contextual(&coordinate, &given) || self.is_left_out(&coordinate, &given, &without) {
                continue;
            }
            merged.insert(name.clone(), self.merge_input(Position::Argument, &coordinate, &given));
        }
        merged
    }

    /// A contextual argument is filled by the gateway and never seen by clients. Elsewhere it may only be optional.
    fn is_contextual(&mut self, coordinate: &str, given: &[Source<'_, Field>]) -> bool {
        let is_filled = |source: &&Source<'_, Field>| source.part.directives.has(Feature::FromContext);
        if !given.iter().any(|source| is_filled(&source)) {
            return false;
        }
        let plain = given.iter().filter(|source| !is_filled(source)).collect::<Vec<_>>();
        let places = given.iter().map(|source| (source.index, source.part.location));
        if plain.iter().any(|source| source.part.is_required()) {
            let message = format!(
                "argument \"{coordinate}\" comes from a context in some subgraphs only, and is required in {}",
                self.names(plain.iter().map(|source| source.index))
            );
            self.error(Code::ContextualArgumentNotContextualInAllSubgraphs, message, places);
        } else if !plain.is_empty() {
            let message = format!(
                "argument \"{coordinate}\" comes from a context in some subgraphs only, so it is left out: it is plain in {}",
                self.names(plain.iter().map(|source| source.index))
            );
            self.hint(
                HintCode::ContextualArgumentNotContextualInAllSubgraphs,
                coordinate,
                message,
                places,
            );
        }
        true
    }

    fn is_left_out(&mut self, coordinate: &str, given: &[Source<'_, Field>], without: &[usize]) -> bool {
        if without.is_empty() {
            return false;
        }
        let required = given.iter().filter(|source| source.part.is_required());
        let required = required.map(|source| source.index).collect::<Vec<_>>();
        let places = given.iter().map(|source| (source.index, source.part.location));
        let places = places.chain(without.iter().map(|index| (*index, None)));
        if required.is_empty() {
            let message = format!(
                "optional argument \"{coordinate}\" is left out, as it is not declared in {}",
                self.names(without.iter().copied())
            );
            self.hint(HintCode::InconsistentArgumentPresence, coordinate, message, places);
        } else {
            let message = format!(
                "argument \"{coordinate}\" is required in {} but is not declared in {}",
                self.names(required),
                self.names(without.iter().copied())
            );
            self.error(Code::RequiredArgumentMissingInSomeSubgraph, message, places);
        }
        true
    }

    /// Merges declarations of an argument or an input field.
    pub(super) fn merge_input(&mut self, position: Position, coordinate: &str, given: &[Source<'_, Field>]) -> Field {
        let description = self.merge_descriptions(coordinate, given, |input| input.description.as_ref());
        let ty = self.merge_type_refs(position, coordinate, given).ty;
        let default = self.merge_defaults(position, coordinate, given);
        let mut directives = Vec::new();
        let applied = given.iter().map(|source| source.map(|field| &field.directives));
        self.merge_directives(coordinate, &applied.collect::<Vec<_>>(), &mut directives);
        Field {
            name: given[0].part.name.clone(),
            description,
            ty,
            arguments: IndexMap::new(),
            default,
            directives,
            location: given[0].part.location,
        }
    }
}
