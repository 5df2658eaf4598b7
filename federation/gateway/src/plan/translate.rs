//! From the library's plan nodes to ours.

use std::{borrow::Cow, collections::BTreeSet};

use hive_router_query_planner::{
    ast::{
        document::Document, fragment::FragmentDefinition, operation::SubgraphFetchOperation,
        selection_item::SelectionItem, selection_set::SelectionSet,
    },
    planner::plan_nodes::{
        BatchFetchNode, EntityBatchAlias, FetchNode, FetchNodePathSegment, FetchRewrite, FlattenNodePath,
        FlattenNodePathSegment, PlanNode,
    },
    state::supergraph_state::{OperationKind as Kind, SupergraphState},
};

use super::{
    Batch, Entities, Fetch, Node, Path, RenamedType, Requirement, Selection, Step, alike, fitting::fitting,
    rooms::owner,
};
use crate::{Error, outline::OperationKind};

/// What the library calls its own variable.
pub(crate) const REPRESENTATIONS: &str = "representations";
const ENTITIES: &str = "_entities";
/// What no fragment may be called, and what is no name of the library's for one.
const ILLEGAL: &str = "on";
const LEGAL: &str = "_on";

/// A step of a plan over a supergraph.
pub(super) fn node(node: &PlanNode, supergraph: &SupergraphState) -> Result<Node, Error> {
    Ok(match node {
        PlanNode::Fetch(fetch) => Node::Fetch(root_fetch(fetch, Path::default(), supergraph)),
        PlanNode::BatchFetch(batch) => Node::Entities(batch_fetch(batch, supergraph)),
        PlanNode::Sequence(sequence) => Node::Sequence {
            nodes: nodes(&sequence.nodes, supergraph)?,
        },
        PlanNode::Parallel(parallel) => Node::Parallel {
            nodes: nodes(&parallel.nodes, supergraph)?,
        },
        PlanNode::Subscription(subscription) => Node::Subscription {
            primary: root_fetch(&subscription.primary, Path::default(), supergraph),
        },
        PlanNode::Flatten(flatten) => match flatten.node.as_ref() {
            PlanNode::Fetch(fetch) if fetch.requires.is_some() => {
                Node::Entities(entity_fetch(fetch, &flatten.path, supergraph))
            }
            PlanNode::Fetch(fetch) => Node::Fetch(root_fetch(fetch, path(&flatten.path), supergraph)),
            // The library flattens fetches only; should that change, it is to be noticed and not skipped.
            _ => {
                return Err(Error::Unplannable(
                    "a step that is not a fetch is to be merged at a path".into(),
                ));
            }
        },
        PlanNode::Condition(_) => return Err(Error::Unplannable("conditions are decided before planning".into())),
        PlanNode::Defer(_) => return Err(Error::Unplannable("deferred steps are not known".into())),
    })
}

fn nodes(nodes: &[PlanNode], supergraph: &SupergraphState) -> Result<Vec<Node>, Error> {
    nodes.iter().map(|one| node(one, supergraph)).collect()
}

fn root_fetch(fetch: &FetchNode, path: Path, supergraph: &SupergraphState) -> Fetch {
    let subgraph = owner(&fetch.service_name);
    let document = fitting(supergraph, subgraph, &fetch.operation);
    let mut selection = selection(&document);
    keep_under_original_names(&mut selection, fetch.output_rewrites.as_deref());
    Fetch {
        subgraph: subgraph.to_owned(),
        operation: kind(fetch.operation_kind.as_ref()),
        document: text(&fetch.operation, document),
        variables: used(fetch.variable_usages.as_ref()),
        path,
        selection,
    }
}

fn entity_fetch(fetch: &FetchNode, at: &FlattenNodePath, supergraph: &SupergraphState) -> Entities {
    let subgraph = owner(&fetch.service_name);
    let document = fitting(supergraph, subgraph, &fetch.operation);
    let mut selection = child(selection(&document), ENTITIES);
    keep_under_original_names(&mut selection, fetch.output_rewrites.as_deref());
    let batches = vec![Batch {
        key: ENTITIES.into(),
        variable: REPRESENTATIONS.into(),
        paths: vec![path(at)],
        requires: fetch.requires.as_ref().map(requirements).unwrap_or_default(),
        renamed_types: renamed_types(fetch.input_rewrites.as_deref()),
        selection,
    }];
    Entities {
        subgraph: subgraph.to_owned(),
        document: text(&fetch.operation, document),
        variables: used_beside(&batches, fetch.variable_usages.as_ref()),
        batches,
    }
}

fn batch_fetch(batch: &BatchFetchNode, supergraph: &SupergraphState) -> Entities {
    let subgraph = owner(&batch.service_name);
    let document = fitting(supergraph, subgraph, &batch.operation);
    let whole = selection(&document);
    let one = |alias: &EntityBatchAlias| {
        let mut selection = child(whole.clone(), &alias.alias);
        keep_under_original_names(&mut selection, alias.output_rewrites.as_deref());
        Batch {
            key: alias.alias.clone(),
            variable: alias.representations_variable_name.clone(),
            paths: alias.merge_paths.iter().map(path).collect(),
            requires: requirements(&alias.requires),
            renamed_types: renamed_types(alias.input_rewrites.as_deref()),
            selection,
        }
    };
    let batches: Vec<Batch> = batch.entity_batch.aliases.iter().map(one).collect();
    Entities {
        subgraph: subgraph.to_owned(),
        document: text(&batch.operation, document),
        variables: used_beside(&batches, batch.variable_usages.as_ref()),
        batches,
    }
}

/// What is sent. The library calls its fragments by letters, and of very many one by these.
fn text(operation: &SubgraphFetchOperation, document: Cow<'_, Document>) -> String {
    let is_illegal = |fragment: &FragmentDefinition| fragment.name == ILLEGAL;
    if !document.fragments.iter().any(is_illegal) {
        return match document {
            Cow::Borrowed(_) => alike::plain(&operation.document_str),
            Cow::Owned(document) => alike::plain(&document.to_string()),
        };
    }
    let mut document = document.into_owned();
    rename(&mut document.operation.selection_set);
    for fragment in &mut document.fragments {
        if is_illegal(fragment) {
            fragment.name = LEGAL.into();
        }
        rename(&mut fragment.selection_set);
    }
    alike::plain(&document.to_string())
}

fn rename(set: &mut SelectionSet) {
    for item in &mut set.items {
        match item {
            SelectionItem::Field(field) => rename(&mut field.selections),
            SelectionItem::InlineFragment(fragment) => rename(&mut fragment.selections),
            SelectionItem::FragmentSpread(name) if *name == ILLEGAL => *name = LEGAL.into(),
            SelectionItem::FragmentSpread(_) => {}
        }
    }
}

fn kind(kind: Option<&Kind>) -> OperationKind {
    match kind {
        Some(Kind::Mutation) => OperationKind::Mutation,
        Some(Kind::Subscription) => OperationKind::Subscription,
        _ => OperationKind::Query,
    }
}

fn used(variables: Option<&BTreeSet<String>>) -> Vec<String> {
    variables.into_iter().flatten().cloned().collect()
}

/// A request has each variable once: what is called as a list of representations is that list.
fn used_beside(batches: &[Batch], variables: Option<&BTreeSet<String>>) -> Vec<String> {
    let mut used = used(variables);
    used.retain(|name| !batches.iter().any(|batch| batch.variable == *name));
    used
}

fn path(path: &FlattenNodePath) -> Path {
    let step = |segment: &FlattenNodePathSegment| match segment {
        FlattenNodePathSegment::Field(name) => Step::Field(name.clone()),
        FlattenNodePathSegment::List => Step::Each,
        FlattenNodePathSegment::TypeCondition(types) => Step::On(types.iter().cloned().collect()),
    };
    Path(path.as_slice().iter().map(step).collect())
}

fn requirements(set: &SelectionSet) -> Vec<Requirement> {
    let one = |item: &SelectionItem| match item {
        SelectionItem::Field(field) => Some(Requirement::Field {
            key: field.selection_identifier().to_owned(),
            source: field.name.clone(),
            fields: requirements(&field.selections),
        }),
        SelectionItem::InlineFragment(fragment) => Some(Requirement::On {
            condition: fragment.type_condition.clone(),
            fields: requirements(&fragment.selections),
        }),
        SelectionItem::FragmentSpread(_) => None,
    };
    set.items.iter().filter_map(one).collect()
}

/// The library rewrites representations in one way only: it sets `__typename` where the type is a given one.
fn renamed_types(rewrites: Option<&[FetchRewrite]>) -> Vec<RenamedType> {
    let renamed = rewrites.into_iter().flatten().filter_map(|rewrite| match rewrite {
        FetchRewrite::ValueSetter(setter) => Some((&setter.path, &setter.set_value_to)),
        FetchRewrite::KeyRenamer(_) => None,
    });
    renamed
        .filter_map(|(path, to)| match path.first()? {
            FetchNodePathSegment::TypenameEquals(of) => Some(RenamedType {
                of: of.iter().cloned().collect(),
                to: to.clone(),
            }),
            FetchNodePathSegment::Key(_) => None,
        })
        .collect()
}

/// Fields that would clash in one request are asked for under aliases; they are kept under the client's key. The
/// types of a rewrite's path need no look: an alias is unique among its neighbours.
fn keep_under_original_names(selection: &mut Selection, rewrites: Option<&[FetchRewrite]>) {
    for rewrite in rewrites.into_iter().flatten() {
        let FetchRewrite::KeyRenamer(renamer) = rewrite else {
            continue;
        };
        let mut keys = renamer.path.iter().filter_map(|segment| match segment {
            FetchNodePathSegment::Key(key) => Some(key),
            FetchNodePathSegment::TypenameEquals(_) => None,
        });
        let Some(last) = keys.next_back() else { continue };
        let mut at = Some(&mut *selection);
        for key in keys {
            at = at
                .and_then(|at| at.fields.iter_mut().find(|field| field.key == *key))
                .map(|field| &mut field.children);
        }
        if let Some(field) = at.and_then(|at| at.fields.iter_mut().find(|field| field.key == *last)) {
            field.kept_as.clone_from(&renamer.rename_key_to);
        }
    }
}

fn child(selection: Selection, key: &str) -> Selection {
    selection
        .fields
        .into_iter()
        .find(|field| field.key == key)
        .map(|field| field.children)
        .unwrap_or_default()
}

fn selection(document: &Document) -> Selection {
    let mut out = Selection::default();
    collect(&document.fragments, &document.operation.selection_set, &mut out);
    out
}

fn collect(fragments: &[FragmentDefinition], set: &SelectionSet, out: &mut Selection) {
    for item in &set.items {
        match item {
            SelectionItem::Field(field) => {
                let selected = out.entry(field.selection_identifier());
                selected.name.clone_from(&field.name);
                collect(fragments, &field.selections, &mut selected.children);
            }
            SelectionItem::InlineFragment(fragment) => collect(fragments, &fragment.selections, out),
            SelectionItem::FragmentSpread(name) => {
                if let Some(fragment) = fragments.iter().find(|fragment| fragment.name == *name) {
                    collect(fragments, &fragment.selection_set, out);
                }
            }
        }
    }
}
