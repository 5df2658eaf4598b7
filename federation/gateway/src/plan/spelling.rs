//! One spelling for fields that can be written in several ways.
//!
//! The library brings such fields of the root together, but not those below it, where it then plans one field as two and
//! loses what `@requires` needs on the way.

use graphql_tools::static_graphql::query::{Document, Selection};

use crate::conditions::each_set;

/// The document with arguments in the order of their names, and without aliases that are their field's name.
pub(super) fn of_one_spelling(document: &Document) -> Document {
    let mut document = document.clone();
    each_set(&mut document, &mut |set| {
        for selection in &mut set.items {
            if let Selection::Field(field) = selection {
                field.alias.take_if(|alias| *alias == field.name);
                field.arguments.sort_by(|(one, _), (other, _)| one.cmp(other));
            }
        }
    });
    document
}
