//! Defaults must still be values of their types once everything is merged: values and fields may have been left out, and
//! others be required.

use std::collections::HashMap;

use crate::{
    error::{Code, CompositionError},
    merge::Merged,
    model::Field,
    subgraph::Schema,
    validate::{fits, inputs},
};

/// Checks the defaults that subgraphs have for what is still there.
pub(crate) fn check(merged: &Merged, schemas: &[Schema]) -> Vec<CompositionError> {
    let kept: HashMap<_, _> = inputs(&merged.types, &merged.definitions).collect();
    let wrong = |schema: &Schema, coordinate: &str, field: &Field| {
        let (default, kept) = (field.default.as_ref()?, kept.get(coordinate)?);
        let is_wrong = kept.default.is_some() && !fits(default, &kept.ty, &merged.types);
        is_wrong.then(|| {
            let message = format!(
                "the default {} of \"{coordinate}\" is no value of \"{}\" once that is merged: leave out what is not in all subgraphs, and give what one of them requires",
                default.serialize().no_indent(),
                kept.ty
            );
            schema.error(Code::InvalidGraphql, message, default.location())
        })
    };
    let errors = schemas.iter().flat_map(|schema| {
        let inputs = inputs(&schema.types, &schema.definitions);
        inputs.filter_map(|(coordinate, field)| wrong(schema, &coordinate, field))
    });
    errors.collect()
}
