//! What `@requires` asks for must remain once everything is merged: an argument that one subgraph lacks is left out.

use apollo_compiler::ast;

use crate::{
    error::{Code, CompositionError},
    merge::Merged,
    model::{Directives, Field, Type, Types},
    spec::Feature,
    subgraph::{Schema, parse_selections, walk},
};

/// Checks the arguments that `@requires` gives.
pub(super) fn check(merged: &Merged, schemas: &[Schema]) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for schema in schemas {
        for ty in schema.types.values() {
            for field in ty.fields.values() {
                errors.extend(check_field(&merged.types, schema, ty, field));
            }
        }
    }
    errors
}

fn check_field(types: &Types, schema: &Schema, ty: &Type, field: &Field) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    let Some(parent) = types.get(&ty.name) else {
        return errors;
    };
    for requires in field.directives.all(Feature::Requires) {
        let selections = parse_selections(requires.fields()).unwrap_or_default();
        walk(types, parent, &selections, &mut |parent, required, selected| {
            if let Some(fault) = fault(required, selected) {
                let message = format!(
                    "@requires of \"{}.{}\" cannot ask for \"{}.{}\": {fault}",
                    ty.name, field.name, parent.name, required.name
                );
                errors.push(schema.error(Code::RequiresInvalidFields, message, requires.location));
            }
        });
    }
    errors
}

fn fault(field: &Field, selected: &ast::Field) -> Option<String> {
    let mut given = selected.arguments.iter().map(|argument| &argument.name);
    if let Some(unknown) = given.find(|name| !field.arguments.contains_key(*name)) {
        return Some(format!("not all subgraphs have its argument \"{unknown}\""));
    }
    let mut required = field.arguments.values().filter(|argument| argument.is_required());
    let missing = required.find(|argument| selected.arguments.iter().all(|given| given.name != argument.name))?;
    Some(format!("its argument \"{}\" must be given", missing.name))
}
