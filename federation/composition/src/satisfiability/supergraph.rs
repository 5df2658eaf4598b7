//! A supergraph read back from its join directives: what each subgraph has of each type.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::{Name, ast::OperationType};
use indexmap::IndexMap;

use super::selection::{SelectionId, Selections};

/// The position of a subgraph in [`Supergraph::graphs`].
pub(super) type GraphId = usize;

/// Types and subgraphs of a supergraph.
pub(super) struct Supergraph {
    /// The names of the subgraphs.
    pub(super) graphs: Vec<String>,
    pub(super) types: IndexMap<Name, TypeInfo>,
    pub(super) roots: Vec<(OperationType, Name)>,
    pub(super) selections: Selections,
}

/// A type as clients see it, and its parts in the subgraphs.
#[derive(Default)]
pub(super) struct TypeInfo {
    pub(super) kind: Kind,
    pub(super) inaccessible: bool,
    pub(super) fields: IndexMap<Name, ApiField>,
    /// The object types it stands for, itself if it is one.
    pub(super) possible: BTreeSet<Name>,
    pub(super) interfaces: Vec<Name>,
    pub(super) contexts: Vec<String>,
    pub(super) parts: BTreeMap<GraphId, Part>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Leaf,
    Object,
    Interface,
    Union,
}

/// A field as clients see it.
pub(super) struct ApiField {
    pub(super) ty: Name,
    pub(super) inaccessible: bool,
}

/// What a subgraph has of a type.
#[derive(Default)]
pub(super) struct Part {
    pub(super) is_interface_object: bool,
    pub(super) keys: Vec<Key>,
    pub(super) fields: IndexMap<Name, PartField>,
    /// The object types that a value of this type can have when it comes from this subgraph.
    pub(super) possible: BTreeSet<Name>,
}

pub(super) struct Key {
    pub(super) text: String,
    pub(super) fields: SelectionId,
    pub(super) resolvable: bool,
}

/// What a subgraph has of a field.
pub(super) struct PartField {
    pub(super) ty: Name,
    pub(super) external: bool,
    /// Another subgraph has taken it over for good.
    pub(super) overridden: bool,
    /// The subgraph that it is taken over from.
    pub(super) overrides: Option<String>,
    pub(super) requires: Option<SelectionId>,
    pub(super) provides: Option<SelectionId>,
    /// The label and the value of it under which this subgraph resolves the field.
    pub(super) label: Option<(String, bool)>,
    pub(super) contexts: Vec<ContextArgument>,
}

/// An argument that is filled from an object above.
#[derive(Clone)]
pub(super) struct ContextArgument {
    pub(super) context: String,
    pub(super) selection: SelectionId,
}

impl Supergraph {
    /// Whether an object of a type is what a condition asks for.
    pub(super) fn applies(&self, condition: Option<&Name>, runtime: &Name) -> bool {
        let Some(condition) = condition else { return true };
        condition == runtime
            || self
                .types
                .get(condition)
                .is_some_and(|it| it.possible.contains(runtime))
    }

    pub(super) fn part(&self, graph: GraphId, name: &str) -> Option<&Part> {
        self.types.get(name)?.parts.get(&graph)
    }
}

impl PartField {
    /// A field that the subgraph simply has.
    pub(super) fn plain(ty: &Name) -> Self {
        Self {
            ty: ty.clone(),
            external: false,
            overridden: false,
            overrides: None,
            requires: None,
            provides: None,
            label: None,
            contexts: Vec::new(),
        }
    }
}
