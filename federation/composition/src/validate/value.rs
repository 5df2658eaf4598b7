//! Whether a literal is a value of an input type.

use apollo_compiler::ast::{Type, Value};

use crate::model::{Kind, Types};

/// Whether a value fits a type by the coercion rules of the GraphQL specification.
pub(crate) fn fits(value: &Value, ty: &Type, types: &Types) -> bool {
    match (ty, value) {
        (Type::NonNullNamed(_) | Type::NonNullList(_), Value::Null) => false,
        (_, Value::Null) => true,
        (Type::List(item) | Type::NonNullList(item), Value::List(items)) => {
            items.iter().all(|value| fits(value, item, types))
        }
        (Type::List(item) | Type::NonNullList(item), single) => fits(single, item, types),
        (Type::Named(name) | Type::NonNullNamed(name), value) => fits_named(value, name, types),
    }
}

fn fits_named(value: &Value, name: &str, types: &Types) -> bool {
    match name {
        "Int" => value.to_i32().is_some(),
        "Float" => matches!(value, Value::Int(_) | Value::Float(_)),
        "String" => matches!(value, Value::String(_)),
        "ID" => matches!(value, Value::String(_) | Value::Int(_)),
        "Boolean" => matches!(value, Value::Boolean(_)),
        _ => match types.get(name) {
            Some(ty) if ty.kind == Kind::Enum => value.as_enum().is_some_and(|name| ty.values.contains_key(name)),
            Some(ty) if ty.kind == Kind::Input => value.as_object().is_some_and(|entries| {
                let is_known = entries
                    .iter()
                    .all(|(name, value)| ty.fields.get(name).is_some_and(|field| fits(value, &field.ty, types)));
                let is_complete = ty
                    .fields
                    .values()
                    .all(|field| !field.is_required() || entries.iter().any(|(name, _)| *name == field.name));
                is_known && is_complete
            }),
            _ => true,
        },
    }
}
