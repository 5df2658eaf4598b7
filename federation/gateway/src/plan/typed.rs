//! The type of an object whose subgraph knows it by its interface alone.
//!
//! Where a client asks for fields of some of the types, and neither for the type nor for a key, the library forgets
//! to ask for the key by which the type is to be found, and the fields are left out. So the type is asked for.

use hive_router_query_planner::{
    ast::{
        selection_item::SelectionItem,
        selection_set::{FieldSelection, SelectionSet},
    },
    state::supergraph_state::SupergraphState,
};

/// Asks for the types of objects behind an `@interfaceObject` wherever fields depend on them.
pub(super) fn ask_for_types(supergraph: &SupergraphState, parent: &str, set: &mut SelectionSet) {
    let depends = |item: &SelectionItem| matches!(item, SelectionItem::InlineFragment(_));
    let is_typename = |item: &SelectionItem| matches!(item, SelectionItem::Field(field) if field.selection_identifier() == "__typename");
    let is_known_by_interface = supergraph.interface_object_types_in_subgraphs.contains_key(parent);
    if is_known_by_interface && set.items.iter().any(depends) && !set.items.iter().any(is_typename) {
        set.items
            .insert(0, SelectionItem::Field(FieldSelection::new_typename()));
    }
    for item in &mut set.items {
        match item {
            SelectionItem::Field(field) => {
                if let Some(below) = supergraph.field_return_type_name(parent, &field.name) {
                    ask_for_types(supergraph, below, &mut field.selections);
                }
            }
            SelectionItem::InlineFragment(fragment) => {
                ask_for_types(supergraph, &fragment.type_condition, &mut fragment.selections);
            }
            SelectionItem::FragmentSpread(_) => {}
        }
    }
}
