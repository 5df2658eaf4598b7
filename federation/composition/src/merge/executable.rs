//! Directives of operations: the supergraph has those that every subgraph defines.

use apollo_compiler::{Name, ast::DirectiveLocation};
use indexmap::IndexMap;

use super::{Merger, Source};
use crate::{hint::HintCode, model::Defined};

/// What clients may use of these is for the gateway to say and not for subgraphs.
const OF_THE_GATEWAY: [&str; 2] = ["defer", "stream"];

impl Merger<'_> {
    /// Defines composed directives, and those of operations that all subgraphs define.
    pub(super) fn merge_definitions(&mut self) {
        for (name, composed) in self.composed.clone() {
            let mut definition = composed.definition;
            for argument in definition.arguments.values_mut() {
                let part = std::mem::take(&mut argument.directives);
                let (index, coordinate) = (composed.from, format!("@{name}({}:)", argument.name));
                self.merge_directives(&coordinate, &[Source { index, part: &part }], &mut argument.directives);
            }
            self.out.definitions.insert(name, definition);
        }
        let mut names: IndexMap<&Name, ()> = IndexMap::new();
        for schema in self.schemas {
            let executable = schema
                .definitions
                .values()
                .filter(|definition| is_executable(definition));
            let executable = executable.filter(|definition| !OF_THE_GATEWAY.contains(&definition.name.as_str()));
            names.extend(executable.map(|definition| (&definition.name, ())));
        }
        for name in names.into_keys() {
            if !self.composed.contains_key(name) {
                self.merge_executable(name);
            }
        }
    }

    fn merge_executable(&mut self, name: &Name) {
        let coordinate = format!("@{name}");
        let (with, without): (Vec<_>, Vec<_>) = self
            .schemas
            .iter()
            .enumerate()
            .map(|(index, schema)| {
                (
                    index,
                    schema
                        .definitions
                        .get(name)
                        .filter(|definition| is_executable(definition)),
                )
            })
            .partition(|(_, definition)| definition.is_some());
        if !without.is_empty() {
            let lacking = without.iter().map(|(index, _)| *index).collect::<Vec<_>>();
            let message = format!(
                "@{name} is left out, as it is not defined in {}",
                self.names(lacking.clone())
            );
            let places = lacking.into_iter().map(|index| (index, None));
            return self.hint(
                HintCode::InconsistentExecutableDirectivePresence,
                &coordinate,
                message,
                places,
            );
        }
        let defined = with
            .into_iter()
            .filter_map(|(index, part)| part.map(|part| Source { index, part }));
        let defined = defined.collect::<Vec<_>>();
        let Some(locations) = self.shared_locations(&coordinate, &defined) else {
            return;
        };
        let repeatable = defined.iter().all(|source| source.part.repeatable);
        if !repeatable && defined.iter().any(|source| source.part.repeatable) {
            let message = format!("@{name} is repeatable in some subgraphs only, so it is not");
            self.hint(
                HintCode::InconsistentExecutableDirectiveRepeatable,
                &coordinate,
                message,
                [],
            );
        }
        let declared = defined.iter().map(|source| source.map(|part| &part.arguments));
        let arguments = self.merge_declared(&coordinate, &declared.collect::<Vec<_>>());
        let described = defined
            .iter()
            .map(|source| (source.index, source.part.description.as_ref()));
        let definition = Defined {
            description: self.merge_descriptions(&coordinate, described.collect()),
            name: name.clone(),
            arguments,
            repeatable,
            locations,
        };
        self.out.definitions.insert(name.clone(), definition);
    }

    /// The places in operations that all definitions allow.
    fn shared_locations(
        &mut self,
        coordinate: &str,
        defined: &[Source<'_, Defined>],
    ) -> Option<Vec<DirectiveLocation>> {
        let executable = |source: &Source<'_, Defined>| {
            let locations = source.part.locations.iter().copied();
            locations
                .filter(|location| is_executable_location(*location))
                .collect::<Vec<_>>()
        };
        let mut shared = executable(&defined[0]);
        let mut is_unanimous = true;
        for source in defined {
            let theirs = executable(source);
            is_unanimous &= theirs.len() == shared.len() && shared.iter().all(|location| theirs.contains(location));
            shared.retain(|location| theirs.contains(location));
        }
        if shared.is_empty() {
            let message = format!("{coordinate} is left out, as the subgraphs share none of its locations");
            self.hint(HintCode::NoExecutableDirectiveIntersection, coordinate, message, []);
            return None;
        }
        if !is_unanimous {
            let message = format!("{coordinate} has different locations: those that all subgraphs have are used");
            self.hint(
                HintCode::InconsistentExecutableDirectiveLocations,
                coordinate,
                message,
                [],
            );
        }
        Some(shared)
    }
}

/// Whether operations can use a directive.
fn is_executable(definition: &Defined) -> bool {
    definition
        .locations
        .iter()
        .any(|location| is_executable_location(*location))
}

/// Whether a place is in an operation.
pub(crate) fn is_executable_location(location: DirectiveLocation) -> bool {
    matches!(
        location,
        DirectiveLocation::Query
            | DirectiveLocation::Mutation
            | DirectiveLocation::Subscription
            | DirectiveLocation::Field
            | DirectiveLocation::FragmentDefinition
            | DirectiveLocation::FragmentSpread
            | DirectiveLocation::InlineFragment
            | DirectiveLocation::VariableDefinition
    )
}
