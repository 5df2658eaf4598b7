//! Merging input types: the fields that every subgraph has.

use apollo_compiler::name;
use indexmap::IndexSet;

use super::{Merger, Source, join::join_field, parts, type_ref::Position};
use crate::{
    error::Code,
    hint::HintCode,
    model::{Applied, Directives, Field, Type},
    spec::Feature,
};

impl<'a> Merger<'a> {
    /// Merges the fields of an input type.
    pub(super) fn merge_input_fields(&mut self, parents: &[Source<'a, Type>], merged: &mut Type) {
        let names = parents.iter().flat_map(|parent| parent.part.fields.keys());
        for name in names.collect::<IndexSet<_>>() {
            let given = parts(parents, |ty| ty.fields.get(name));
            let coordinate = format!("{}.{name}", merged.name);
            let remarks = self.out.hints.len();
            let mut field = self.merge_input(Position::InputField, &coordinate, &given);
            let is_partial = given.len() < parents.len();
            // A field that clients never see cannot mislead them.
            if is_partial && !field.directives.has(Feature::Inaccessible) {
                // How it is merged would be told of something that is not there.
                self.out.hints.truncate(remarks);
                self.leave_out(&coordinate, &given, parents);
                continue;
            }
            field.directives.splice(0..0, self.join_input(&given, is_partial));
            merged.fields.insert(name.clone(), field);
        }
        if merged.fields.is_empty() {
            let message = format!(
                "the subgraphs share no field of input type \"{}\", so it would be empty",
                merged.name
            );
            let places = parents.iter().map(|parent| (parent.index, parent.part.location));
            self.error(Code::EmptyMergedInputType, message, places);
        }
    }

    /// Reports a field that is not in all subgraphs.
    fn leave_out(&mut self, coordinate: &str, given: &[Source<'_, Field>], parents: &[Source<'_, Type>]) {
        let required = given.iter().filter(|source| source.part.is_required());
        let required = required.map(|source| source.index).collect::<Vec<_>>();
        let missing = parents
            .iter()
            .filter(|parent| given.iter().all(|source| source.index != parent.index))
            .map(|parent| (parent.index, parent.part.location))
            .collect::<Vec<_>>();
        let lacking = self.names(missing.iter().map(|(index, _)| *index));
        let places = given.iter().map(|source| (source.index, source.part.location));
        let places = places.chain(missing);
        if required.is_empty() {
            let message = format!("input field \"{coordinate}\" is left out, as it is not declared in {lacking}");
            return self.hint(HintCode::InconsistentInputObjectField, coordinate, message, places);
        }
        let message = format!(
            "input field \"{coordinate}\" is required in {} but is not declared in {lacking}",
            self.names(required)
        );
        self.error(Code::RequiredInputFieldMissingInSomeSubgraph, message, places);
    }

    /// Who has an input field, where not all have it, and with which type, where that is not the same.
    fn join_input(&self, given: &[Source<'_, Field>], is_partial: bool) -> Vec<Applied> {
        let is_unanimous = given.iter().all(|source| source.part.ty == given[0].part.ty);
        if is_unanimous && !is_partial {
            return Vec::new();
        }
        let joins = given.iter().map(|source| {
            let ty = (!is_unanimous).then(|| source.part.ty.to_string());
            join_field(&self.schemas[source.index].graph)
                .text(name!("type"), ty.as_deref())
                .build()
        });
        joins.collect()
    }
}
