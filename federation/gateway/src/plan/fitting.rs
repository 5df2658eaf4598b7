//! What a subgraph is asked, without fragments that never apply there.
//!
//! The library asks for the fields of all types that an object has somewhere, also where the subgraph says that it is of
//! another one: `... on Book` of a field that is a `Product`. Servers refuse the whole of such a document.

use std::{borrow::Cow, collections::BTreeSet};

use hive_router_query_planner::{
    ast::{
        document::Document,
        operation::SubgraphFetchOperation,
        selection_item::SelectionItem,
        selection_set::{FieldSelection, SelectionSet},
    },
    state::supergraph_state::{SupergraphDefinition, SupergraphState},
};

/// The library's document where it is valid, and otherwise what is valid of it.
pub(super) fn fitting<'d>(
    supergraph: &SupergraphState,
    subgraph: &str,
    operation: &'d SubgraphFetchOperation,
) -> Cow<'d, Document> {
    let mut graphs = supergraph.known_subgraphs.iter();
    let Some((graph, _)) = graphs.find(|(_, name)| *name == subgraph) else {
        return Cow::Borrowed(&operation.document);
    };
    let mut document = operation.document.clone();
    let mut fit = Fit {
        supergraph,
        graph,
        has_left_out: false,
    };
    for fragment in &mut document.fragments {
        fit.set(Some(&fragment.type_condition), &mut fragment.selection_set);
    }
    let asked = &mut document.operation;
    let root = supergraph.root_type_name(asked.operation_kind.as_ref()).ok();
    fit.set(root, &mut asked.selection_set);
    if !fit.has_left_out {
        return Cow::Borrowed(&operation.document);
    }
    let mut spread = BTreeSet::new();
    collect_spread(&document, &document.operation.selection_set, &mut spread);
    document.fragments.retain(|fragment| spread.contains(&fragment.name));
    Cow::Owned(document)
}

struct Fit<'s> {
    supergraph: &'s SupergraphState,
    graph: &'s str,
    has_left_out: bool,
}

impl<'s> Fit<'s> {
    /// Leaves out what never applies to objects of a type. Of entities no type is known.
    fn set(&mut self, parent: Option<&str>, set: &mut SelectionSet) {
        let is_leaf = set.items.is_empty();
        set.items.retain_mut(|item| match item {
            SelectionItem::Field(field) => {
                let below = parent.and_then(|parent| self.type_of(parent, &field.name));
                self.set(below, &mut field.selections);
                true
            }
            SelectionItem::InlineFragment(fragment) => {
                let applies = parent.is_none_or(|parent| self.may_be(parent, &fragment.type_condition));
                self.set(Some(&fragment.type_condition), &mut fragment.selections);
                self.has_left_out |= !applies;
                applies
            }
            SelectionItem::FragmentSpread(_) => true,
        });
        if set.items.is_empty() && !is_leaf {
            set.items.push(SelectionItem::Field(FieldSelection::new_typename()));
        }
    }

    /// The type that a field has in the subgraph.
    fn type_of(&self, parent: &str, field: &str) -> Option<&'s str> {
        let field = self.supergraph.definitions.get(parent)?.fields().get(field)?;
        let mut joins = field.join_field.iter();
        let own = joins.find(|join| join.graph_id.as_deref() == Some(self.graph));
        let own = own.and_then(|join| join.type_in_graph.as_ref());
        Some(own.unwrap_or(&field.field_type).inner_type())
    }

    /// Whether an object of a type of the subgraph may be of another type, by what any subgraph says of that one. It may
    /// where the supergraph does not say who knows the types.
    fn may_be(&self, parent: &str, condition: &str) -> bool {
        let Some(objects) = self.objects(parent) else {
            return true;
        };
        let is_known = |it: &&SupergraphDefinition| !it.join_types().is_empty();
        let Some(wanted) = self.supergraph.definitions.get(condition).filter(is_known) else {
            return true;
        };
        let members: Vec<&String> = match wanted {
            SupergraphDefinition::Union(union) => union.types.iter().collect(),
            _ => self
                .supergraph
                .interface_members(condition)
                .into_iter()
                .flatten()
                .collect(),
        };
        parent == condition
            || self.is_among(condition, &objects)
            || members.iter().any(|member| self.is_among(member, &objects))
    }

    /// Whether a type is one of these, or an interface of it that the subgraph knows as an object.
    fn is_among(&self, name: &str, objects: &BTreeSet<&str>) -> bool {
        let definition = self.supergraph.definitions.get(name);
        let mut interfaces = definition.into_iter().flat_map(SupergraphDefinition::join_implements);
        objects.contains(name) || interfaces.any(|it| objects.contains(it.interface.as_str()))
    }

    /// The objects of a type in the subgraph, if it is there.
    fn objects(&self, of: &str) -> Option<BTreeSet<&'s str>> {
        let (name, definition) = self.supergraph.definitions.get_key_value(of)?;
        if !definition.is_defined_in_subgraph(self.graph) {
            return None;
        }
        Some(match definition {
            SupergraphDefinition::Union(union) if union.union_members.is_empty() => {
                union.types.iter().map(String::as_str).collect()
            }
            SupergraphDefinition::Union(union) => {
                let members = union.union_members.iter().filter(|it| it.graph == self.graph);
                members.map(|member| member.member.as_str()).collect()
            }
            SupergraphDefinition::Interface(_) if !self.is_object(name) => self.implementing(name),
            _ => BTreeSet::from([name.as_str()]),
        })
    }

    fn implementing(&self, interface: &str) -> BTreeSet<&'s str> {
        let is_one = |(name, definition): &(&'s String, &SupergraphDefinition)| {
            let mut interfaces = definition.join_implements().iter();
            self.is_object(name) && interfaces.any(|it| it.graph_id == self.graph && it.interface == interface)
        };
        let all = self.supergraph.definitions.iter().filter(is_one);
        all.map(|(name, _)| name.as_str()).collect()
    }

    /// Whether the subgraph knows the type as an object.
    fn is_object(&self, name: &str) -> bool {
        match self.supergraph.definitions.get(name) {
            Some(SupergraphDefinition::Object(_)) => true,
            Some(SupergraphDefinition::Interface(_)) => {
                self.supergraph.is_interface_object_in_subgraph(name, self.graph)
            }
            _ => false,
        }
    }
}

/// The names of the fragments that a selection needs.
fn collect_spread(document: &Document, set: &SelectionSet, spread: &mut BTreeSet<String>) {
    for item in &set.items {
        match item {
            SelectionItem::Field(field) => collect_spread(document, &field.selections, spread),
            SelectionItem::InlineFragment(fragment) => collect_spread(document, &fragment.selections, spread),
            SelectionItem::FragmentSpread(name) => {
                let mut fragments = document.fragments.iter();
                if let Some(fragment) = fragments.find(|it| it.name == *name)
                    && spread.insert(name.clone())
                {
                    collect_spread(document, &fragment.selection_set, spread);
                }
            }
        }
    }
}
