//! The fields of a selection for one type, in the order of the answer: CollectFields of the specification.

use std::collections::{HashMap, HashSet};

use graphql_tools::static_graphql::query::{
    Definition, Document, Field, FragmentDefinition, Selection, SelectionSet, TypeCondition, Value,
};

use crate::supergraph::Supergraph;

/// All occurrences of one response key.
#[derive(Debug)]
pub(super) struct Collected<'a> {
    pub(super) key: &'a str,
    pub(super) name: &'a str,
    pub(super) arguments: &'a [(String, Value)],
    /// The selections of all of them.
    pub(super) sets: Vec<&'a SelectionSet>,
}

/// The selections of one place.
pub(super) struct Sets<'a> {
    pub(super) asked: Vec<&'a SelectionSet>,
    /// What of them the caller may see, where that is not all.
    pub(super) permitted: Option<Vec<&'a SelectionSet>>,
}

/// Knows the document's fragments.
pub(super) struct Collector<'a> {
    supergraph: &'a Supergraph,
    fragments: HashMap<&'a str, &'a FragmentDefinition>,
}

/// One walk through the selections for one type.
struct Walk<'a, 'w> {
    type_name: &'w str,
    out: Vec<Collected<'a>>,
    /// Fragments that were spread: once is enough.
    spread: HashSet<&'a str>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(supergraph: &'a Supergraph, document: &'a Document) -> Self {
        let fragments = document.definitions.iter().filter_map(|definition| match definition {
            Definition::Fragment(fragment) => Some((fragment.name.as_str(), fragment)),
            Definition::Operation(_) => None,
        });
        Self {
            supergraph,
            fragments: fragments.collect(),
        }
    }

    /// The fields that objects of a type get.
    pub(super) fn fields(&self, type_name: &str, sets: &[&'a SelectionSet]) -> Vec<Collected<'a>> {
        let mut walk = Walk {
            type_name,
            out: Vec::new(),
            spread: HashSet::new(),
        };
        for set in sets {
            self.set(&mut walk, set);
        }
        walk.out
    }

    fn set(&self, walk: &mut Walk<'a, '_>, set: &'a SelectionSet) {
        for selection in &set.items {
            match selection {
                Selection::Field(field) => add(&mut walk.out, field),
                Selection::InlineFragment(fragment)
                    if self.applies(fragment.type_condition.as_ref(), walk.type_name) =>
                {
                    self.set(walk, &fragment.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.fragments.get(spread.fragment_name.as_str()).copied() else {
                        continue;
                    };
                    let is_new = walk.spread.insert(&fragment.name);
                    if is_new && self.applies(Some(&fragment.type_condition), walk.type_name) {
                        self.set(walk, &fragment.selection_set);
                    }
                }
                _ => {}
            }
        }
    }

    fn applies(&self, condition: Option<&TypeCondition>, type_name: &str) -> bool {
        match condition {
            Some(TypeCondition::On(condition)) => self.supergraph.types.is_subtype(type_name, condition),
            None => true,
        }
    }
}

fn add<'a>(out: &mut Vec<Collected<'a>>, field: &'a Field) {
    let key = field.alias.as_deref().unwrap_or(&field.name);
    match out.iter_mut().find(|known| known.key == key) {
        Some(known) => known.sets.push(&field.selection_set),
        None => out.push(Collected {
            key,
            name: &field.name,
            arguments: &field.arguments,
            sets: vec![&field.selection_set],
        }),
    }
}
