//! Fields with arguments from `@fromContext`, which the library would leave out without a word.

use std::collections::HashSet;

use graphql_tools::static_graphql::schema::{Definition, Document, TypeDefinition};
use hive_router_query_planner::{ast::selection_item::SelectionItem, state::supergraph_state::SupergraphState};

/// The fields, each with its type.
pub(super) struct FromContext(HashSet<(String, String)>);

impl FromContext {
    /// Those of a supergraph, of which the log tells.
    pub(super) fn of(supergraph: &Document) -> Self {
        let found = fields_from_context(supergraph);
        if !found.is_empty() {
            let mut fields: Vec<String> = found.iter().map(|(of, name)| format!("{of}.{name}")).collect();
            fields.sort_unstable();
            let fields = fields.join(", ");
            tracing::warn!(
                fields,
                "fields take arguments from @fromContext and are refused when they are asked for"
            );
        }
        Self(found)
    }

    /// One that is asked for among some selections, or below them.
    pub(super) fn below(&self, supergraph: &SupergraphState, parent: &str, items: &[SelectionItem]) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        items.iter().find_map(|item| match item {
            SelectionItem::Field(field) => {
                if self.0.contains(&(parent.to_owned(), field.name.clone())) {
                    return Some(format!("{parent}.{}", field.name));
                }
                let below = supergraph.field_return_type_name(parent, &field.name)?;
                self.below(supergraph, below, &field.selections.items)
            }
            SelectionItem::InlineFragment(fragment) => {
                self.below(supergraph, &fragment.type_condition, &fragment.selections.items)
            }
            SelectionItem::FragmentSpread(_) => None,
        })
    }
}

fn fields_from_context(supergraph: &Document) -> HashSet<(String, String)> {
    let mut found = HashSet::new();
    for definition in &supergraph.definitions {
        let Definition::TypeDefinition(TypeDefinition::Object(object)) = definition else {
            continue;
        };
        for field in &object.fields {
            let takes_context = field.directives.iter().any(|directive| {
                directive.name == "join__field"
                    && directive.arguments.iter().any(|(name, _)| name == "contextArguments")
            });
            if takes_context {
                found.insert((object.name.clone(), field.name.clone()));
            }
        }
    }
    found
}
