//! What one operation reads of the schema.

use std::collections::{BTreeSet, HashSet};

use graphql_tools::static_graphql::query::{Selection, SelectionSet};

use super::OperationUse;
use crate::{
    outline::{Operation, inner},
    persisted::hex,
    prepare::Parsed,
    supergraph::Supergraph,
};

/// Documents longer than this are counted without their text.
const LONGEST_DOCUMENT: usize = 16 << 10;

impl OperationUse {
    /// What an operation reads, before it has run.
    pub(crate) fn new(supergraph: &Supergraph, parsed: &Parsed) -> Self {
        let mut fields = BTreeSet::new();
        if let (Ok(operation), Some(root)) = (parsed.outline(), supergraph.root_type(parsed.kind)) {
            let mut walk = Walk {
                supergraph,
                operation: &operation,
                fields: BTreeSet::new(),
                fragments: HashSet::new(),
            };
            walk.set(root, operation.selection);
            fields = walk.fields;
        }
        Self {
            name: parsed.name.clone(),
            hash: hex(&parsed.key),
            kind: parsed.kind.as_str().into(),
            count: 0,
            errors: 0,
            last_seen: 0,
            fields: fields.into_iter().collect(),
            document: (parsed.text.len() <= LONGEST_DOCUMENT).then(|| parsed.text.as_ref().into()),
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
