//! What one operation reads of the schema.

use std::collections::{BTreeSet, HashSet};

use graphql_tools::static_graphql::query::{Selection, SelectionSet};

use crate::{
    outline::{Operation, OperationKind, inner},
    supergraph::Supergraph,
};

/// Documents longer than this are counted without their text.
const LONGEST_DOCUMENT: usize = 16 << 10;

/// What one operation reads of the schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Footprint {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The SHA-256 hash of its text and of its name in there.
    pub hash: String,
    /// `query`, `mutation` or `subscription`.
    pub kind: String,
    /// The fields and arguments: `User.email`, `Query.user(id:)`. A field read through an interface is read from each
    /// of its objects, and so is `__typename`, which may be all that is asked of a type.
    pub fields: Vec<String>,
    /// Its text, unless it is very long.
    pub document: Option<String>,
}

impl Footprint {
    /// Works out what an operation of `document` reads.
    pub(crate) fn new(supergraph: &Supergraph, operation: &Operation<'_>, key: [u8; 32], document: &str) -> Self {
        let mut walk = Walk {
            supergraph,
            operation,
            fields: BTreeSet::new(),
            fragments: HashSet::new(),
        };
        let root = match operation.kind {
            OperationKind::Query => Some(supergraph.query_type()),
            OperationKind::Mutation => supergraph.mutation_type(),
            OperationKind::Subscription => supergraph.subscription_type(),
        };
        if let Some(root) = root {
            walk.set(root, operation.selection);
        }
        Self {
            name: operation.name.map(Into::into),
            hash: key.iter().map(|byte| format!("{byte:02x}")).collect(),
            kind: operation.kind.as_str().into(),
            fields: walk.fields.into_iter().collect(),
            document: (document.len() <= LONGEST_DOCUMENT).then(|| document.to_owned()),
        }
    }
}

struct Walk<'a> {
    supergraph: &'a Supergraph,
    operation: &'a Operation<'a>,
    fields: BTreeSet<String>,
    fragments: HashSet<&'a str>,
}

impl<'a> Walk<'a> {
    fn set(&mut self, parent: &str, set: &'a SelectionSet) {
        for selection in &set.items {
            match selection {
                Selection::Field(field) => {
                    let definition = self.supergraph.api_field(parent, &field.name);
                    if definition.is_none() && field.name != "__typename" {
                        continue;
                    }
                    let objects = self.supergraph.types.objects_of(parent);
                    for owner in objects.chain([parent]) {
                        let coordinate = format!("{owner}.{}", field.name);
                        let arguments = field.arguments.iter().map(|(name, _)| format!("{coordinate}({name}:)"));
                        self.fields.extend(arguments);
                        self.fields.insert(coordinate);
                    }
                    if let Some(definition) = definition {
                        self.set(inner(&definition.field_type), &field.selection_set);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref();
                    self.set(
                        condition.map_or(parent, |condition| condition.as_ref()),
                        &fragment.selection_set,
                    );
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.operation.fragments.get(spread.fragment_name.as_str());
                    if let Some(fragment) = fragment.filter(|_| self.fragments.insert(&spread.fragment_name)) {
                        self.set(fragment.type_condition.as_ref(), &fragment.selection_set);
                    }
                }
            }
        }
    }
}
