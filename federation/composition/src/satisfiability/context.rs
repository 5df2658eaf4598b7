//! What the objects of a path set for arguments further down.

use std::collections::{BTreeMap, HashMap};

use super::{
    places::Places,
    selection::SelectionId,
    supergraph::{PartField, Supergraph, TypeInfo},
    walk::State,
};

/// The selections of arguments that an object above sets the context of, and whether it can be asked for them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Contexts(BTreeMap<SelectionId, bool>);

impl Contexts {
    /// Whether the arguments of a field can be filled; `None` if nothing above sets the context of one.
    pub(super) fn fill(&self, field: &PartField) -> Option<bool> {
        let found = field.contexts.iter().map(|it| self.0.get(&it.selection).copied());
        found.min().unwrap_or(Some(true))
    }

    /// Whether these fill whatever others fill.
    pub(super) fn include(&self, other: &Self) -> bool {
        let mut filled = other.0.iter().filter(|(_, can_select)| **can_select);
        filled.all(|(selection, _)| self.0.get(selection) == Some(&true))
    }
}

/// Who sets contexts, and what is read of them.
pub(super) struct Setters<'a> {
    types: Vec<&'a TypeInfo>,
    read: HashMap<&'a str, Vec<SelectionId>>,
}

impl<'a> Setters<'a> {
    pub(super) fn new(supergraph: &'a Supergraph) -> Self {
        let parts = supergraph.types.values().flat_map(|it| it.parts.values());
        let arguments = parts.flat_map(|it| it.fields.values()).flat_map(|it| &it.contexts);
        let mut read: HashMap<&str, Vec<SelectionId>> = HashMap::new();
        for argument in arguments {
            read.entry(&argument.context).or_default().push(argument.selection);
        }
        let types = supergraph.types.values().filter(|it| !it.contexts.is_empty());
        Self {
            types: types.collect(),
            read,
        }
    }

    /// The contexts below an object: the nearest one that sets a context is the one it is read from.
    pub(super) fn below(&self, state: &State, places: &Places<'_>) -> Contexts {
        let mut contexts = state.contexts.clone();
        let set = self.types.iter().filter(|it| it.possible.contains(&state.runtime));
        let read = set
            .flat_map(|it| &it.contexts)
            .filter_map(|it| self.read.get(it.as_str()));
        for &selection in read.flatten() {
            if places.selects_something(&state.runtime, selection) {
                contexts
                    .0
                    .insert(selection, places.can_select(&state.places, selection));
            } else {
                contexts.0.remove(&selection);
            }
        }
        contexts
    }
}
