//! A subscription has one root field: the rule of the library counts names, and so takes two aliases of a field for one.

use std::collections::{BTreeSet, HashMap};

use graphql_tools::static_graphql::query::{Definition, Document, OperationDefinition, Selection, SelectionSet};
use platform_error::Code;

use crate::fault::Fault;

type Fragments<'d> = HashMap<&'d str, &'d SelectionSet>;

/// Subscriptions with several root fields.
pub(super) fn crowds(document: &Document) -> Vec<Fault> {
    let fragments: Fragments<'_> = document.definitions.iter().filter_map(named).collect();
    let mut found = Vec::new();
    for definition in &document.definitions {
        let Definition::Operation(OperationDefinition::Subscription(subscription)) = definition else {
            continue;
        };
        let (mut unseen, mut keys) = (fragments.clone(), BTreeSet::new());
        collect(&subscription.selection_set, &mut unseen, &mut keys);
        if keys.len() > 1 {
            let fault = Fault::new(
                Code::Invalid,
                "a subscription has one root field; subscribe once for each",
            );
            let at = subscription.position;
            found.push(
                fault
                    .with("rule", "SingleFieldSubscriptions")
                    .located(at.line, at.column),
            );
        }
    }
    found
}

fn named(definition: &Definition) -> Option<(&str, &SelectionSet)> {
    match definition {
        Definition::Fragment(fragment) => Some((fragment.name.as_str(), &fragment.selection_set)),
        Definition::Operation(_) => None,
    }
}

fn collect<'d>(set: &'d SelectionSet, unseen: &mut Fragments<'d>, keys: &mut BTreeSet<&'d str>) {
    for selection in &set.items {
        match selection {
            Selection::Field(field) => {
                keys.insert(field.alias.as_ref().unwrap_or(&field.name));
            }
            Selection::InlineFragment(fragment) => collect(&fragment.selection_set, unseen, keys),
            Selection::FragmentSpread(spread) => {
                if let Some(set) = unseen.remove(spread.fragment_name.as_str()) {
                    collect(set, unseen, keys);
                }
            }
        }
    }
}
