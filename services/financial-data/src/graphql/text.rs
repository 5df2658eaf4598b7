//! JSON text as the value of a field, written out as it is.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::{ContextSelectionSet, Name, QueryEnv, QueryPathSegment, Value};

/// The key under which the library carries JSON text.
const RAW: &str = "$serde_json::private::RawValue";

/// JSON text as the value of a scalar.
pub(super) fn raw(json: String) -> Value {
    Value::Object(IndexMap::from_iter([(Name::new(RAW), Value::String(json))]))
}

/// JSON text as the value of a field with a selection. Where the operation selects the field twice the library merges
/// the two values, and for that it needs a tree instead of text.
pub(super) fn object(ctx: &ContextSelectionSet<'_>, json: String) -> Result<Value, serde_json::Error> {
    match is_merged(ctx) {
        true => serde_json::from_str(&json),
        false => Ok(raw(json)),
    }
}

/// Whether more than one field of the operation leads to the place that is being resolved.
fn is_merged(ctx: &ContextSelectionSet<'_>) -> bool {
    let Some(node) = &ctx.path_node else { return false };
    let key = |segment| match segment {
        QueryPathSegment::Name(name) => Some(name),
        QueryPathSegment::Index(_) => None,
    };
    let path: Vec<&str> = std::iter::once(node)
        .chain(node.parents())
        .filter_map(|node| key(node.segment))
        .collect();
    let mut sets = vec![&ctx.query_env.operation.node.selection_set.node];
    let mut fields = Vec::new();
    for key in path.into_iter().rev() {
        fields.clear();
        sets.iter()
            .for_each(|set| collect(set, key, (ctx.query_env, &mut fields)));
        sets = fields.iter().map(|field| &field.selection_set.node).collect();
    }
    fields.len() > 1
}

/// The fields of a selection with this response key.
fn collect<'a>(set: &'a SelectionSet, key: &str, (query, fields): (&'a QueryEnv, &mut Vec<&'a Field>)) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) if field.node.response_key().node == *key => fields.push(&field.node),
            Selection::Field(_) => {}
            Selection::InlineFragment(fragment) => collect(&fragment.node.selection_set.node, key, (query, fields)),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = query.fragments.get(&spread.node.fragment_name.node) {
                    collect(&fragment.node.selection_set.node, key, (query, fields));
                }
            }
        }
    }
}
