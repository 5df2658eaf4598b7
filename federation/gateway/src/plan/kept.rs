//! Under which keys values are kept until they are shown.
//!
//! A plan keeps keys and what `@requires` names beside what the client asked for, under the fields' names. So a client
//! that calls another field like that, or asks for the same field with other arguments, gets its value kept elsewhere:
//! the library would take the one for the other.

use std::{borrow::Cow, collections::HashMap};

use graphql_tools::static_graphql::{query, schema::Document};
use hive_router_query_planner::ast::{selection_item::SelectionItem, selection_set::SelectionSet};

use super::{keys::parsed, rooms::joined};
use crate::supergraph::text;

/// Before the key of a client where its value is kept elsewhere.
const PREFIX: &str = "_client_alias_";

/// The names of all fields in keys and requirements, and whether they are given arguments there.
pub(super) struct Needed(HashMap<String, bool>);

/// The key of the client for what is kept under another.
pub(crate) fn of_client(kept: &str) -> &str {
    kept.strip_prefix(PREFIX).unwrap_or(kept)
}

impl Needed {
    /// What the subgraphs of a supergraph need.
    pub(super) fn of(supergraph: &Document) -> Self {
        let mut needed = Self(HashMap::new());
        for (directives, fields) in supergraph.definitions.iter().filter_map(joined) {
            let of_fields = fields.iter().flat_map(|field| &field.directives);
            for directive in directives.iter().chain(of_fields) {
                let set = match directive.name.as_str() {
                    "join__type" => text(&directive.arguments, "key"),
                    "join__field" => text(&directive.arguments, "requires"),
                    _ => None,
                };
                set.and_then(parsed).iter().for_each(|set| needed.add(set));
            }
        }
        needed
    }

    fn add(&mut self, set: &query::SelectionSet) {
        for part in &set.items {
            match part {
                query::Selection::Field(field) => {
                    *self.0.entry(field.name.clone()).or_default() |= !field.arguments.is_empty();
                    self.add(&field.selection_set);
                }
                query::Selection::InlineFragment(fragment) => self.add(&fragment.selection_set),
                query::Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// Whether a value that is kept under this name is no client's, and depends on arguments.
    pub(super) fn is_given_arguments(&self, name: &str) -> bool {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// Under which key the value of a client's field is kept.
    pub(super) fn key<'k>(&self, key: &'k str, name: &str, has_arguments: bool) -> Cow<'k, str> {
        let is_other = match self.0.get(key) {
            Some(is_given_arguments) => key != name || has_arguments || *is_given_arguments,
            // The library's own keys begin like this.
            None => key != name && key.starts_with('_'),
        };
        match is_other {
            true => Cow::Owned(format!("{PREFIX}{key}")),
            false => Cow::Borrowed(key),
        }
    }

    /// Gives the fields of a client's selection the keys under which they are kept.
    pub(super) fn keep_apart(&self, set: &mut SelectionSet) {
        for item in &mut set.items {
            match item {
                SelectionItem::Field(field) => {
                    let has_arguments = field.arguments.as_ref().is_some_and(|given| !given.is_empty());
                    if let Cow::Owned(kept) = self.key(field.selection_identifier(), &field.name, has_arguments) {
                        field.alias = Some(kept);
                    }
                    self.keep_apart(&mut field.selections);
                }
                SelectionItem::InlineFragment(fragment) => self.keep_apart(&mut fragment.selections),
                SelectionItem::FragmentSpread(_) => {}
            }
        }
    }
}
