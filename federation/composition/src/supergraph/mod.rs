//! The supergraph: what is written, what clients see of it, and what must hold of it as a whole.

mod access;
mod api;
mod defaults;
mod document;
mod header;
mod inaccessible;
mod interfaces;
mod requires;

use apollo_compiler::{Schema, ast::Document};

pub(crate) use self::{api::api, defaults::check as check_defaults, document::document};
use crate::{
    error::{Code, CompositionError},
    merge::Merged,
    subgraph,
};

/// Checks what can only be seen once everything is merged.
pub(crate) fn check(merged: &Merged, schemas: &[subgraph::Schema]) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    let has_query = merged.types.get("Query").is_some_and(|query| !query.fields.is_empty());
    if !has_query {
        errors.push(CompositionError::new(
            Code::NoQueries,
            "no subgraph has a query: one of them must have a field on its query root",
        ));
    }
    errors.extend(interfaces::check_keys(merged, schemas));
    errors
}

/// Checks that types have the fields of their interfaces, and fields the arguments that are asked for.
pub(crate) fn check_fields(merged: &Merged, schemas: &[subgraph::Schema]) -> Vec<CompositionError> {
    let mut errors = interfaces::check_fields(merged, schemas);
    errors.extend(requires::check(merged, schemas));
    errors
}

/// Checks what remains visible, and who may see it.
pub(crate) fn check_visibility(merged: &Merged, schemas: &[subgraph::Schema]) -> Vec<CompositionError> {
    let mut errors = inaccessible::check(merged, schemas);
    errors.extend(access::check(merged, schemas));
    errors
}

/// Checks that a finished document is GraphQL.
pub(crate) fn check_graphql(document: &Document) -> Vec<CompositionError> {
    let Err(invalid) = subgraph::validated(Schema::builder().add_ast(document).build()) else {
        return Vec::new();
    };
    let faults = invalid.faults.into_iter().map(|(fault, _)| {
        let message = format!("the merged schema is not valid: {fault}");
        CompositionError::new(Code::InvalidGraphql, message)
    });
    faults.collect()
}
