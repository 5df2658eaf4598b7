//! `@cost` and `@listSize`.

use apollo_compiler::ast::Type as TypeRef;

use crate::{
    error::{Code, CompositionError},
    model::{Applied, Directives, Field, Kind, Type},
    spec::Feature,
    subgraph::Schema,
};

/// Checks the costs of a subgraph.
pub(super) fn check(schema: &Schema) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for ty in schema.types.values() {
        for field in ty.fields.values() {
            if ty.kind == Kind::Interface
                && let Some(cost) = field.directives.first(Feature::Cost)
            {
                let message = format!(
                    "@cost cannot be used on \"{}.{}\", a field of an interface: put it on the types that implement it",
                    ty.name, field.name
                );
                errors.push(schema.error(Code::CostAppliedToInterfaceField, message, cost.location));
            }
            if let Some(size) = field.directives.first(Feature::ListSize) {
                errors.extend(check_list_size(schema, ty, field, size));
            }
        }
    }
    errors
}

fn check_list_size(schema: &Schema, ty: &Type, field: &Field, size: &Applied) -> Vec<CompositionError> {
    let coordinate = format!("{}.{}", ty.name, field.name);
    let mut errors = Vec::new();
    let mut fail = |code, message: String| errors.push(schema.error(code, message, size.location));
    let sized = names(size, "sizedFields").filter(|sized| !sized.is_empty());
    if !field.ty.is_list() && sized.is_none() {
        fail(
            Code::ListSizeAppliedToNonList,
            format!("@listSize is on \"{coordinate}\", which is no list: name its lists with sizedFields"),
        );
    }
    let assumed = size.argument("assumedSize").and_then(|value| value.to_i32());
    if assumed.is_some_and(|assumed| assumed < 0) {
        fail(
            Code::ListSizeInvalidAssumedSize,
            format!("the assumedSize of \"{coordinate}\" cannot be negative"),
        );
    }
    for name in names(size, "slicingArguments").unwrap_or_default() {
        let is_integer = field
            .arguments
            .get(name)
            .is_some_and(|argument| !argument.ty.is_list() && argument.ty.inner_named_type() == "Int");
        if !is_integer {
            fail(
                Code::ListSizeInvalidSlicingArgument,
                format!("the slicing argument \"{name}\" of \"{coordinate}\" must be an argument of type Int"),
            );
        }
    }
    let Some(sized) = sized else { return errors };
    let target = schema
        .types
        .get(field.ty.inner_named_type())
        .filter(|ty| ty.is_composite());
    let Some(target) = target else {
        fail(
            Code::ListSizeInvalidSizedField,
            format!(
                "\"{coordinate}\" cannot have sizedFields, as \"{}\" has no fields",
                field.ty
            ),
        );
        return errors;
    };
    for name in sized {
        match target.fields.get(name).map(|field| &field.ty) {
            None => fail(
                Code::ListSizeInvalidSizedField,
                format!(
                    "the sized field \"{name}\" of \"{coordinate}\" is no field of \"{}\"",
                    target.name
                ),
            ),
            Some(TypeRef::List(_) | TypeRef::NonNullList(_)) => {}
            Some(_) => fail(
                Code::ListSizeAppliedToNonList,
                format!(
                    "the sized field \"{}.{name}\" of \"{coordinate}\" is no list",
                    target.name
                ),
            ),
        }
    }
    errors
}

fn names<'a>(size: &'a Applied, argument: &str) -> Option<Vec<&'a str>> {
    let list = size.list(argument)?;
    Some(list.iter().filter_map(|value| value.as_str()).collect())
}
