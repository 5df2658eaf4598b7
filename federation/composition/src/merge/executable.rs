//! Directives of operations: the supergraph has those that every subgraph defines.

use apollo_compiler::{Name, ast::DirectiveLocation};
use indexmap::IndexSet;

use super::{Merger, Source};
use crate::{hint::HintCode, model::Defined, subgraph::Schema};

/// What clients may use of these is for the gateway to say and not for subgraphs.
const OF_THE_GATEWAY: [&str; 2] = ["defer", "stream"];

impl<'a> Merger<'a> {
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
        let definitions = self.schemas.iter().flat_map(|schema| schema.definitions.values());
        let executable = definitions.filter(|definition| is_executable(definition));
        for name in executable.map(|definition| &definition.name).collect::<IndexSet<_>>() {
            if !self.composed.contains_key(name) && !OF_THE_GATEWAY.contains(&name.as_str()) {
                self.merge_executable(name);
            }
        }
    }

    fn merge_executable(&mut self, name: &Name) {
        let coordinate = format!("@{name}");
        let definition = |schema: &'a Schema| schema.definitions.get(name).filter(|it| is_executable(it));
        let lacking = self.schemas().filter(|source| definition(source.part).is_none());
        let lacking = lacking.map(|source| source.index).collect::<Vec<_>>();
        if !lacking.is_empty() {
            let message = format!(
                "@{name} is left out, as it is not defined in {}",
                self.names(lacking.clone())
            );
            let places = lacking.into_iter().map(|index| (index, None));
            let code = HintCode::InconsistentExecutableDirectivePresence;
            return self.hint(code, &coordinate, message, places);
        }
        let defined = self.schemas().filter_map(|source| source.find(definition));
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
        let definition = Defined {
            description: self.merge_descriptions(&coordinate, &defined, |it| it.description.as_ref()),
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
