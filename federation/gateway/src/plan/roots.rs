//! Root fields planned one by one: those of a mutation because they run one after the other, which the library does
//! not see to; those of a query when the library cannot plan them together.

use std::collections::BTreeSet;

use hive_router_query_planner::ast::{
    operation::OperationDefinition, selection_item::SelectionItem, selection_set::SelectionSet,
};

use super::Node;
use crate::Error;

/// Plans each root field by itself and puts the plans in sequence. Where one request does everything, the subgraph
/// keeps the order and nothing needs to be taken apart.
pub(super) fn serially(
    operation: &OperationDefinition,
    plan: impl Fn(&OperationDefinition) -> Result<Option<Node>, Error>,
) -> Result<Option<Node>, Error> {
    if operation.selection_set.items.len() == 1 {
        return plan(operation);
    }
    if let Ok(Some(Node::Fetch(whole))) = plan(operation) {
        return Ok(Some(Node::Fetch(whole)));
    }
    Ok(Some(Node::Sequence {
        nodes: one_by_one(operation, plan)?,
    }))
}

/// Plans the whole, and each root field by itself where that fails.
pub(super) fn at_once(
    operation: &OperationDefinition,
    plan: impl Fn(&OperationDefinition) -> Result<Option<Node>, Error>,
) -> Result<Option<Node>, Error> {
    match plan(operation) {
        Err(error) if error.is_of_planner() && operation.selection_set.items.len() > 1 => Ok(Some(Node::Parallel {
            nodes: one_by_one(operation, plan)?,
        })),
        planned => planned,
    }
}

fn one_by_one(
    operation: &OperationDefinition,
    plan: impl Fn(&OperationDefinition) -> Result<Option<Node>, Error>,
) -> Result<Vec<Node>, Error> {
    let mut nodes = Vec::new();
    for items in by_key(&operation.selection_set.items) {
        let alone = OperationDefinition {
            selection_set: SelectionSet { items },
            ..operation.clone()
        };
        nodes.extend(plan(&alone)?);
    }
    Ok(nodes)
}

/// What has a response key in common is one field, asked for in several places, and is asked for once.
fn by_key(items: &[SelectionItem]) -> Vec<Vec<SelectionItem>> {
    let mut groups: Vec<(BTreeSet<&str>, Vec<SelectionItem>)> = Vec::new();
    for item in items {
        let mut keys = BTreeSet::new();
        collect_keys(item, &mut keys);
        match groups.iter_mut().find(|(known, _)| !known.is_disjoint(&keys)) {
            Some((known, group)) => {
                known.extend(keys);
                group.push(item.clone());
            }
            None => groups.push((keys, vec![item.clone()])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn collect_keys<'a>(item: &'a SelectionItem, keys: &mut BTreeSet<&'a str>) {
    match item {
        SelectionItem::Field(field) => drop(keys.insert(field.selection_identifier())),
        SelectionItem::InlineFragment(fragment) => {
            fragment
                .selections
                .items
                .iter()
                .for_each(|item| collect_keys(item, keys));
        }
        SelectionItem::FragmentSpread(_) => {}
    }
}
