//! Which types are in an answer, by what was asked for, so that it can be taken away by them.

use std::collections::{BTreeSet, HashSet};

use graphql_tools::static_graphql::query::{Selection, SelectionSet};

use super::{Hints, TypesOf, lists};
use crate::outline::Operation;

impl Hints {
    /// The name of a type and of the objects it can be.
    pub(in crate::cache) fn possible(&self, name: &str) -> BTreeSet<String> {
        let objects = self.objects.get(name).into_iter().flatten();
        objects.cloned().chain([name.to_owned()]).collect()
    }

    /// The types in the answer to an operation, with the objects that each can be. In lists of entities these are the
    /// types inside of them, and what `types_of` tells of their own.
    pub(in crate::cache) fn types_in(&self, operation: &Operation<'_>, types_of: &TypesOf<'_>) -> BTreeSet<String> {
        let mut walk = Walk {
            hints: self,
            operation,
            found: BTreeSet::new(),
            fragments: HashSet::new(),
        };
        let lists = lists(operation);
        for list in &lists {
            let own = types_of(list).into_iter().flatten();
            walk.found.extend(own.flat_map(|of| self.possible(&of)));
            walk.entities(&list.selection_set);
        }
        match &self.roots[operation.kind as usize] {
            Some(root) if lists.is_empty() => walk.inside(root, operation.selection),
            _ => {}
        }
        walk.found
    }
}

struct Walk<'a> {
    hints: &'a Hints,
    operation: &'a Operation<'a>,
    found: BTreeSet<String>,
    fragments: HashSet<&'a str>,
}

impl<'a> Walk<'a> {
    /// What is asked of something of a type, and the type itself.
    fn inside(&mut self, of: &str, set: &'a SelectionSet) {
        self.found.extend(self.hints.possible(of));
        self.below(of, set, true);
    }

    /// What is asked of entities, whose own types do not count.
    fn entities(&mut self, set: &'a SelectionSet) {
        self.below("", set, false);
    }

    fn below(&mut self, parent: &str, set: &'a SelectionSet, conditions_count: bool) {
        for selection in &set.items {
            let (on, inner) = match selection {
                Selection::Field(field) => {
                    let known = self.hints.fields.get(parent).and_then(|fields| fields.get(&field.name));
                    if let Some(known) = known.filter(|known| known.is_composite) {
                        self.inside(&known.of, &field.selection_set);
                    }
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref();
                    let on = condition.map_or(parent, |condition| condition.as_ref());
                    (on, &fragment.selection_set)
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.operation.fragments.get(spread.fragment_name.as_str());
                    let Some(fragment) = fragment.filter(|_| self.fragments.insert(&spread.fragment_name)) else {
                        continue;
                    };
                    let on: &str = fragment.type_condition.as_ref();
                    (on, &fragment.selection_set)
                }
            };
            if conditions_count {
                self.found.insert(on.to_owned());
            }
            self.below(on, inner, conditions_count);
        }
    }
}
