//! Merging enums: which values remain depends on whether clients send them, receive them, or both.

use apollo_compiler::Name;
use indexmap::{IndexMap, IndexSet};

use super::{Merger, Source, join::join_enum_value, parts};
use crate::{
    error::Code,
    hint::HintCode,
    model::{Directives, EnumValue, Kind, Type},
    spec::Feature,
};

/// Where the merged schema uses an enum.
#[derive(Clone, Copy, Debug, Default)]
struct EnumUse {
    is_input: bool,
    is_output: bool,
}

impl<'a> Merger<'a> {
    /// Merges the enums, after everything that may use them.
    pub(super) fn track_enum_usage(&mut self, enums: Vec<Name>) {
        let uses = self.enum_uses();
        for name in enums {
            let used = uses.get(&name).copied().unwrap_or_default();
            let (mut merged, sources) = self.merge_head(&name);
            if !used.is_input && !used.is_output {
                let message = format!("enum \"{name}\" is used by nothing: it has all values of all subgraphs");
                self.hint(HintCode::UnusedEnumType, &name, message, []);
            }
            self.merge_values(&sources, used, &mut merged);
            self.out.types.insert(name, merged);
        }
    }

    fn enum_uses(&self) -> IndexMap<Name, EnumUse> {
        let mut uses: IndexMap<Name, EnumUse> = IndexMap::new();
        for ty in self.out.types.values() {
            for field in ty.fields.values() {
                let used = uses.entry(field.ty.inner_named_type().clone()).or_default();
                match ty.kind {
                    Kind::Input => used.is_input = true,
                    _ => used.is_output = true,
                }
                for argument in field.arguments.values() {
                    uses.entry(argument.ty.inner_named_type().clone()).or_default().is_input = true;
                }
            }
        }
        let definitions = self.out.definitions.values();
        for argument in definitions.flat_map(|definition| definition.arguments.values()) {
            uses.entry(argument.ty.inner_named_type().clone()).or_default().is_input = true;
        }
        uses
    }

    fn merge_values(&mut self, sources: &[Source<'a, Type>], used: EnumUse, merged: &mut Type) {
        let names = sources.iter().flat_map(|source| source.part.values.keys());
        for name in names.collect::<IndexSet<_>>() {
            let remarks = self.out.hints.len();
            let value = self.merge_value(sources, &merged.name, name);
            let about_value = self.out.hints.split_off(remarks);
            let lacking = sources
                .iter()
                .filter(|source| !source.part.values.contains_key(name))
                .map(|source| (source.index, source.part.location))
                .collect::<Vec<_>>();
            // A value that clients never see cannot mislead them.
            let is_hidden = value.directives.has(Feature::Inaccessible);
            if lacking.is_empty() || (is_hidden && used.is_input) || self.keeps(&merged.name, name, used, lacking) {
                self.out.hints.extend(about_value);
                merged.values.insert(name.clone(), value);
            }
        }
        if merged.values.is_empty() {
            let message = format!(
                "the subgraphs share no value of enum \"{}\", which is used for input, so it would be empty",
                merged.name
            );
            let places = sources.iter().map(|source| (source.index, source.part.location));
            self.error(Code::EmptyMergedEnumType, message, places);
        }
    }

    /// Whether a value remains that some subgraphs lack.
    fn keeps(
        &mut self,
        ty: &Name,
        value: &Name,
        used: EnumUse,
        lacking: Vec<(usize, Option<apollo_compiler::parser::SourceSpan>)>,
    ) -> bool {
        let coordinate = format!("{ty}.{value}");
        let names = self.names(lacking.iter().map(|(index, _)| *index));
        match (used.is_input, used.is_output) {
            (true, true) => {
                let message = format!(
                    "enum \"{ty}\" is used for input and output, so its values must be the same everywhere: \"{value}\" is not defined in {names}"
                );
                self.error(Code::EnumValueMismatch, message, lacking);
                true
            }
            (true, false) => {
                let message = format!(
                    "value \"{value}\" is left out of enum \"{ty}\", which is used for input, as it is not defined in {names}"
                );
                self.hint(
                    HintCode::InconsistentEnumValueForInputEnum,
                    &coordinate,
                    message,
                    lacking,
                );
                false
            }
            (false, _) => {
                let message = format!(
                    "value \"{value}\" of enum \"{ty}\" is defined in some subgraphs only: it is not defined in {names}"
                );
                self.hint(
                    HintCode::InconsistentEnumValueForOutputEnum,
                    &coordinate,
                    message,
                    lacking,
                );
                true
            }
        }
    }

    fn merge_value(&mut self, sources: &[Source<'a, Type>], ty: &Name, name: &Name) -> EnumValue {
        let coordinate = format!("{ty}.{name}");
        let given = parts(sources, |ty| ty.values.get(name));
        let description = self.merge_descriptions(&coordinate, &given, |value| value.description.as_ref());
        let joins = given
            .iter()
            .map(|source| join_enum_value(&self.schemas[source.index].graph));
        let mut directives = joins.collect::<Vec<_>>();
        let applied = given.iter().map(|source| source.map(|value| &value.directives));
        self.merge_directives(&coordinate, &applied.collect::<Vec<_>>(), &mut directives);
        EnumValue {
            name: name.clone(),
            description,
            directives,
            location: given.first().and_then(|source| source.part.location),
        }
    }
}
