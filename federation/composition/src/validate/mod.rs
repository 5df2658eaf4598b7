//! The rules that a subgraph must follow by itself.

mod access;
mod context;
mod cost;
mod defaults;
mod definitions;
mod entities;
mod fields;
mod selection;
mod value;

pub(crate) use self::{defaults::inputs, definitions::definitions, value::fits};
use crate::{error::CompositionError, subgraph::Schema};

/// Checks a subgraph against all rules.
pub(crate) fn subgraph(schema: &Schema) -> Vec<CompositionError> {
    let rules = [
        defaults::check,
        selection::check,
        entities::check,
        fields::check,
        context::check,
        cost::check,
        access::check,
    ];
    rules.iter().flat_map(|rule| rule(schema)).collect()
}
