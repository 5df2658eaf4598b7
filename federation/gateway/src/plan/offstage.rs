//! What a plan that begins on the stage has to do with the plan that ends before it.

use hive_router_query_planner::ast::{
    selection_item::SelectionItem,
    selection_set::{FieldSelection, SelectionSet},
};

use super::{Node, Path, Selected, Selection, Step, stage::STAGE};

/// What is asked of the stage, and what follows.
pub(super) fn opened(node: Node, entrance: &str) -> Option<(Selection, Vec<Node>)> {
    let Node::Sequence { nodes } = node else { return None };
    let mut nodes = nodes.into_iter();
    match nodes.next()? {
        Node::Fetch(fetch) if fetch.subgraph == STAGE => {
            let asked = fetch.selection.fields.into_iter().find(|field| field.key == entrance)?;
            Some((asked.children, nodes.collect()))
        }
        _ => None,
    }
}

/// These keys as they are asked for elsewhere. Nothing where one has a name of its own.
pub(super) fn fields(keys: &Selection) -> Option<Vec<SelectionItem>> {
    let field = |selected: &Selected| {
        let is_plain = selected.key == selected.name && selected.kept_as == selected.key;
        let mut field = FieldSelection::new_typename();
        field.name.clone_from(&selected.name);
        field.selections = SelectionSet {
            items: fields(&selected.children)?,
        };
        is_plain.then_some(SelectionItem::Field(field))
    };
    keys.fields.iter().map(field).collect()
}

/// Lets a step begin where the stage stood.
pub(super) fn move_to(node: &mut Node, entrance: &str, place: &[Step]) -> Option<()> {
    let moved = |path: &mut Path| match path.0.first() {
        Some(Step::Field(first)) if first == entrance => {
            path.0.splice(..1, place.iter().cloned());
            Some(())
        }
        _ => None,
    };
    match node {
        Node::Fetch(fetch) => moved(&mut fetch.path),
        Node::Entities(entities) => {
            let mut paths = entities.batches.iter_mut().flat_map(|batch| &mut batch.paths);
            paths.try_for_each(moved)
        }
        Node::Sequence { nodes } | Node::Parallel { nodes } => {
            nodes.iter_mut().try_for_each(|node| move_to(node, entrance, place))
        }
        Node::Subscription { .. } => None,
    }
}
