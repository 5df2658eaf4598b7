//! Merging what is applied to an element.

use apollo_compiler::{
    Name, Node,
    ast::{Argument, Value},
    name,
};
use indexmap::IndexMap;

use super::{
    Merger, Source,
    alternatives::MOST_ALTERNATIVES,
    strategy::{self, TooMany},
    value::is_same_value,
};
use crate::{error::Code, hint::HintCode, model::Applied, spec::Feature};

/// What a directive becomes in the supergraph.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Target {
    name: Name,
    feature: Option<Feature>,
    is_repeatable: bool,
}

/// An application that differs from the others, and in how many subgraphs it stands.
type Distinct<'s> = (&'s Applied, usize);

impl Merger<'_> {
    /// Adds to an element what the subgraphs apply to it, as far as the supergraph carries it.
    pub(super) fn merge_directives(
        &mut self,
        coordinate: &str,
        sources: &[Source<'_, Vec<Applied>>],
        into: &mut Vec<Applied>,
    ) {
        let mut groups: IndexMap<Target, Vec<Source<'_, Applied>>> = IndexMap::new();
        for source in sources {
            for part in source.part {
                if let Some(target) = self.target(source.index, part) {
                    groups.entry(target).or_default().push(source.map(|_| part));
                }
            }
        }
        for (target, group) in groups {
            if let Some(feature) = target.feature {
                self.spell(feature, &target.name, group.iter().map(|source| source.index));
            }
            let distinct = self.distinct(&target, &group);
            if target.is_repeatable || distinct.len() == 1 {
                into.extend(distinct.iter().map(|(applied, _)| renamed(applied, &target)));
                continue;
            }
            into.push(self.merge_once(coordinate, &target, &group, &distinct));
        }
    }

    /// Merges access requirements that an element has from elsewhere in the supergraph, not from one subgraph.
    pub(super) fn merge_access(&mut self, coordinate: &str, asked: &[Applied]) -> Vec<Applied> {
        let mut groups: IndexMap<Target, Vec<Distinct<'_>>> = IndexMap::new();
        for applied in asked {
            let target = Target {
                name: applied.name.clone(),
                feature: applied.feature,
                is_repeatable: false,
            };
            let group = groups.entry(target).or_default();
            if !group.iter().any(|(other, _)| is_same(other, applied)) {
                group.push((applied, 1));
            }
        }
        let merged = groups.into_iter().map(|(target, group)| match group.as_slice() {
            [(one, _)] => renamed(one, &target),
            several => self.merge_once(coordinate, &target, &[], several),
        });
        merged.collect()
    }

    /// Whether a directive is carried into the supergraph.
    pub(super) fn is_merged(&self, index: usize, applied: &Applied) -> bool {
        self.target(index, applied).is_some()
    }

    /// Merges what is applied to the schemas themselves.
    pub(super) fn merge_schema_directives(&mut self) {
        let applied = self.schemas().map(|source| source.map(|schema| &schema.directives));
        let mut merged = Vec::new();
        self.merge_directives("schema", &applied.collect::<Vec<_>>(), &mut merged);
        self.out.directives = merged;
    }

    /// Notes what subgraphs call a directive.
    pub(super) fn spell(&mut self, feature: Feature, name: &Name, subgraphs: impl Iterator<Item = usize>) {
        if feature.supergraph_spec().is_none() {
            return;
        }
        let spellings = self.spelled.entry(feature).or_default();
        let known = spellings.entry(name.clone()).or_default();
        known.extend(subgraphs);
    }

    /// The supergraph can call a directive by one name only.
    pub(super) fn check_spelling(&mut self) {
        for (feature, spellings) in std::mem::take(&mut self.spelled) {
            if let Some(name) = spellings.keys().next() {
                self.out.features.insert(feature, name.clone());
            }
            if spellings.len() < 2 {
                continue;
            }
            let said = spellings
                .iter()
                .flat_map(|(name, indices)| indices.iter().map(move |index| (*index, name)));
            let said = self.disagreement("it is called", said);
            let places = spellings.values().flatten().map(|index| (*index, None));
            let message = format!(
                "@{} has different names in different subgraphs: {said}; import it under one name",
                feature.name()
            );
            self.error(Code::LinkImportNameMismatch, message, places);
        }
    }

    fn target(&self, index: usize, applied: &Applied) -> Option<Target> {
        if let Some(feature) = applied.feature {
            return feature.is_merged().then(|| Target {
                name: applied.name.clone(),
                feature: Some(feature),
                is_repeatable: feature == Feature::Tag,
            });
        }
        let composed = self.composed.get(&applied.name)?;
        composed.subgraphs.contains(&index).then(|| Target {
            name: applied.name.clone(),
            feature: None,
            is_repeatable: composed.definition.repeatable,
        })
    }

    /// The applications that differ. An argument that is left out has its default, or else is null.
    fn distinct<'s>(&self, target: &Target, group: &[Source<'s, Applied>]) -> Vec<Distinct<'s>> {
        let defaults = self.defaults(target);
        let complete = |applied: &Applied| {
            let mut complete = applied.clone();
            let left_out = defaults.iter().filter(|it| applied.argument(&it.name).is_none());
            complete.arguments.extend(left_out.cloned());
            let has_default = |name: &Name| defaults.iter().any(|it| it.name == *name);
            complete
                .arguments
                .retain(|it| !it.value.is_null() || has_default(&it.name));
            complete
        };
        let mut seen: Vec<Applied> = Vec::new();
        let mut distinct: Vec<Distinct<'s>> = Vec::new();
        for source in group {
            let completed = complete(source.part);
            match seen.iter().position(|other| is_same(other, &completed)) {
                Some(known) => distinct[known].1 += 1,
                None => {
                    seen.push(completed);
                    distinct.push((source.part, 1));
                }
            }
        }
        distinct
    }

    /// The arguments of a directive that have a default.
    fn defaults(&self, target: &Target) -> Vec<Node<Argument>> {
        let argument = |name: Name, value: Node<Value>| Node::new(Argument { name, value });
        match target.feature {
            Some(Feature::Deprecated) => {
                let reason = Value::String("No longer supported".to_owned());
                vec![argument(name!("reason"), Node::new(reason))]
            }
            Some(Feature::ListSize) => {
                let is_required = Node::new(Value::Boolean(true));
                vec![argument(name!("requireOneSlicingArgument"), is_required)]
            }
            Some(_) => Vec::new(),
            None => {
                let composed = self.composed.get(&target.name).into_iter();
                let arguments = composed.flat_map(|composed| composed.definition.arguments.values());
                arguments
                    .filter_map(|it| Some(argument(it.name.clone(), it.default.clone()?)))
                    .collect()
            }
        }
    }

    /// Merges different applications of a directive that may stand only once.
    fn merge_once(
        &mut self,
        coordinate: &str,
        target: &Target,
        group: &[Source<'_, Applied>],
        distinct: &[Distinct<'_>],
    ) -> Applied {
        let places = group.iter().map(|source| (source.index, source.part.location));
        let name = &target.name;
        let applied = distinct.iter().map(|(applied, _)| *applied).collect::<Vec<_>>();
        let merged = target.feature.map(|feature| strategy::merge(feature, &applied));
        match merged.unwrap_or(Ok(None)) {
            Ok(Some(arguments)) => {
                let message =
                    format!("@{name} is applied to \"{coordinate}\" with different arguments, which were merged");
                let code = HintCode::MergedNonRepeatableDirectiveArguments;
                self.hint(code, coordinate, message, places);
                return Applied {
                    arguments,
                    ..renamed(applied[0], target)
                };
            }
            Err(TooMany) => {
                let message = format!(
                    "@{name} of \"{coordinate}\" has more than {MOST_ALTERNATIVES} alternatives once all that is asked for is put together: let the requirements have more in common"
                );
                self.error(Code::UnsupportedFeature, message, places);
            }
            Ok(None) => {
                let message = format!(
                    "@{name} is applied to \"{coordinate}\" with different arguments: the most frequent ones are used"
                );
                let code = HintCode::InconsistentNonRepeatableDirectiveArguments;
                self.hint(code, coordinate, message, places);
            }
        }
        let most = distinct.iter().map(|(_, count)| *count).max().unwrap_or_default();
        let chosen = distinct.iter().find(|(_, count)| *count == most);
        renamed(chosen.map_or(applied[0], |(applied, _)| applied), target)
    }
}

fn renamed(applied: &Applied, target: &Target) -> Applied {
    Applied {
        feature: target.feature,
        name: target.name.clone(),
        arguments: applied.arguments.clone(),
        is_on_extension: false,
        location: None,
    }
}

/// Whether two applications have the same arguments, in whatever order.
fn is_same(a: &Applied, b: &Applied) -> bool {
    a.arguments.len() == b.arguments.len()
        && a.arguments.iter().all(|argument: &Node<Argument>| {
            b.argument(&argument.name)
                .is_some_and(|value| is_same_value(value, &argument.value))
        })
}
