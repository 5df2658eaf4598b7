//! Fragments that an object meets because it belongs to several interfaces and unions, and that need it there.

use apollo_compiler::{
    Name, Schema,
    schema::{ExtendedType, ObjectType},
};

use super::change::{Changes, Use};

/// The fragments that become invalid, or pass over an object, once it leaves an interface or a union.
///
/// Which fragments are valid is decided by objects alone, so an interface that leaves an interface has none.
pub(super) fn of_leaving(changes: &Changes<'_>, name: &Name, left: &Name) -> Vec<Use> {
    let Some(object) = changes.old.get_object(name) else {
        return Vec::new();
    };
    let mut uses = Vec::new();
    for other in belongs_to(changes.old, object).into_iter().filter(|it| it != left) {
        let is_valid = overlap(changes.new, left, &other);
        // The object is still met within the other type, but a fragment on what it left passes over it.
        if !is_valid || is_a(changes.new, name, &other) {
            uses.push(Use::Condition(other.clone(), left.clone()));
        }
        if !is_valid {
            uses.push(Use::Condition(left.clone(), other));
        }
    }
    uses
}

/// The fragments that become invalid when there is no such object any more, besides those that name it.
pub(super) fn of_removal(changes: &Changes<'_>, name: &Name) -> Vec<Use> {
    let Some(object) = changes.old.get_object(name) else {
        return Vec::new();
    };
    let conditions = pairs(&belongs_to(changes.old, object)).into_iter();
    conditions
        .filter(|(within, on)| !overlap(changes.new, within, on))
        .map(|(within, on)| Use::Condition(within, on))
        .collect()
}

/// All fragments by which an operation can have come to an object.
pub(super) fn to(schema: &Schema, name: &Name) -> Vec<Use> {
    let types = schema.get_object(name).map(|it| belongs_to(schema, it));
    let conditions = pairs(&types.unwrap_or_default()).into_iter();
    conditions.map(|(within, on)| Use::Condition(within, on)).collect()
}

/// Each of some types with each other.
fn pairs(types: &[Name]) -> Vec<(Name, Name)> {
    let pairs = types
        .iter()
        .flat_map(|a| types.iter().map(move |b| (a.clone(), b.clone())));
    pairs.filter(|(a, b)| a != b).collect()
}

/// An object, its interfaces, and the unions with it.
fn belongs_to(schema: &Schema, object: &ObjectType) -> Vec<Name> {
    let unions = schema.types.values().filter_map(|ty| match ty {
        ExtendedType::Union(it) if it.members.contains(&object.name) => Some(it.name.clone()),
        _ => None,
    });
    let interfaces = object.implements_interfaces.iter().map(|it| it.name.clone());
    let itself = std::iter::once(object.name.clone());
    itself.chain(interfaces).chain(unions).collect()
}

/// Whether a fragment on one type is valid within the other.
fn overlap(schema: &Schema, a: &Name, b: &Name) -> bool {
    let objects = schema.types.values().filter_map(ExtendedType::as_object);
    let mut names = objects.map(|it| &it.name);
    names.any(|name| is_a(schema, name, a) && is_a(schema, name, b))
}

fn is_a(schema: &Schema, object: &Name, ty: &Name) -> bool {
    schema.get_object(object).is_some() && (object == ty || schema.is_subtype(ty, object))
}
