//! The field sets of keys, requirements, provisions and contexts, parsed once and named by an id.

use apollo_compiler::{Name, ast};

use crate::subgraph::parse_selections;

/// Names a selection of [`Selections`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SelectionId(usize);

/// One entry of a selection.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A field, with what is selected in it.
    Field { name: Name, inner: SelectionId },
    /// What is selected if the object is of a type.
    Fragment { on: Option<Name>, inner: SelectionId },
}

/// All selections of a supergraph.
#[derive(Debug)]
pub(super) struct Selections {
    sets: Vec<Vec<Item>>,
}

impl Selections {
    /// The selection of nothing.
    pub(super) const EMPTY: SelectionId = SelectionId(0);

    pub(super) fn new() -> Self {
        Self { sets: vec![Vec::new()] }
    }

    /// Parses a field set, with or without its braces. What is no field set selects nothing: the composer, which has
    /// validated it, writes none.
    pub(super) fn parse(&mut self, text: &str) -> SelectionId {
        parse_selections(text).map_or(Self::EMPTY, |selections| self.add(&selections))
    }

    pub(super) fn items(&self, id: SelectionId) -> &[Item] {
        &self.sets[id.0]
    }

    fn add(&mut self, selections: &[ast::Selection]) -> SelectionId {
        if selections.is_empty() {
            return Self::EMPTY;
        }
        let items = selections.iter().filter_map(|selection| match selection {
            ast::Selection::Field(field) => Some(Item::Field {
                name: field.name.clone(),
                inner: self.add(&field.selection_set),
            }),
            ast::Selection::InlineFragment(fragment) => Some(Item::Fragment {
                on: fragment.type_condition.clone(),
                inner: self.add(&fragment.selection_set),
            }),
            ast::Selection::FragmentSpread(_) => None,
        });
        let items = items.collect();
        self.sets.push(items);
        SelectionId(self.sets.len() - 1)
    }
}
