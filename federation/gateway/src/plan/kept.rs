//! Under which keys values are kept until they are shown.
//!
//! A plan keeps keys and what `@requires` names beside what the client asked for, under the fields' names. So a client
//! that calls another field like that, or asks for the same field with other arguments, gets its value kept elsewhere:
//! the library would take the one for the other.

use std::{borrow::Cow, collections::HashMap};

use graphql_tools::static_graphql::schema::{Definition, Directive, Document, TypeDefinition};
use hive_router_query_planner::ast::{selection_item::SelectionItem, selection_set::SelectionSet};

use crate::outline::texts;

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
        for definition in &supergraph.definitions {
            let Definition::TypeDefinition(definition) = definition else {
                continue;
            };
            let (directives, fields) = match definition {
                TypeDefinition::Object(object) => (&object.directives, object.fields.as_slice()),
                TypeDefinition::Interface(interface) => (&interface.directives, interface.fields.as_slice()),
                _ => continue,
            };
            let joins = directives
                .iter()
                .chain(fields.iter().flat_map(|field| &field.directives));
            joins.for_each(|directive| needed.add(directive));
        }
        needed
    }

    fn add(&mut self, directive: &Directive) {
        let argument = match directive.name.as_str() {
            "join__type" => "key",
            "join__field" => "requires",
            _ => return,
        };
        for set in texts(directive, argument) {
            let mut rest = set.as_str();
            while let Some(start) = rest.find(is_of_name) {
                let name = &rest[start..];
                let end = name.find(|character| !is_of_name(character)).unwrap_or(name.len());
                rest = &name[end..];
                let has_arguments = rest.trim_start().starts_with('(');
                *self.0.entry(name[..end].to_owned()).or_default() |= has_arguments;
            }
        }
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

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}
