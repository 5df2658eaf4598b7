//! Defaults of arguments and input fields, and what may be deprecated of them.

use apollo_compiler::parser::SourceSpan;

use super::value;
use crate::{
    error::{Code, CompositionError},
    model::{Definitions, Directives, Field, Kind, Types},
    spec::Feature,
    subgraph::Schema,
};

/// Checks the arguments and input fields of a subgraph.
pub(super) fn check(schema: &Schema) -> Vec<CompositionError> {
    let inputs = inputs(&schema.types, &schema.definitions);
    let errors = inputs.filter_map(|(coordinate, field)| check_one(schema, &coordinate, field));
    errors.collect()
}

/// All arguments and input fields, by their coordinates.
pub(crate) fn inputs<'a>(types: &'a Types, definitions: &'a Definitions) -> impl Iterator<Item = (String, &'a Field)> {
    let of_types = types.values().flat_map(|ty| {
        ty.fields.values().flat_map(|field| {
            let coordinate = format!("{}.{}", ty.name, field.name);
            let own = (ty.kind == Kind::Input).then(|| (coordinate.clone(), field));
            let arguments = field.arguments.values();
            own.into_iter()
                .chain(arguments.map(move |argument| (format!("{coordinate}({}:)", argument.name), argument)))
        })
    });
    let of_definitions = definitions.values().flat_map(|definition| {
        let arguments = definition.arguments.values();
        arguments.map(|argument| (format!("@{}({}:)", definition.name, argument.name), argument))
    });
    of_types.chain(of_definitions)
}

fn check_one(schema: &Schema, coordinate: &str, field: &Field) -> Option<CompositionError> {
    let Some(default) = field.default.as_ref() else {
        let is_wrong = field.is_required() && field.directives.has(Feature::Deprecated);
        return is_wrong.then(|| deprecated(schema, coordinate, field.location));
    };
    if value::fits(default, &field.ty, &schema.types) {
        return None;
    }
    let message = format!(
        "the default {} of \"{coordinate}\" is no value of type \"{}\"",
        default.serialize().no_indent(),
        field.ty
    );
    Some(schema.error(Code::InvalidGraphql, message, default.location()))
}

/// Nobody could stop giving it.
fn deprecated(schema: &Schema, coordinate: &str, location: Option<SourceSpan>) -> CompositionError {
    let message =
        format!("\"{coordinate}\" is required, so it cannot be deprecated: make it nullable or give it a default");
    schema.error(Code::InvalidGraphql, message, location)
}
