//! What all definitions have: descriptions, deprecations, other directives, and types that are compared by direction.

use apollo_compiler::{
    Name, Node, Schema,
    ast::{Directive, Type, Value},
};

use super::change::{ChangeCode, Changes};

/// Directives whose changes have codes of their own.
const KNOWN: [&str; 3] = ["deprecated", "specifiedBy", "oneOf"];

/// Compares descriptions.
pub(super) fn description(
    changes: &mut Changes<'_>,
    code: ChangeCode,
    path: &str,
    descriptions: (Option<&Node<str>>, Option<&Node<str>>),
) {
    let (old, new) = descriptions;
    if old == new {
        return;
    }
    let what = match (old, new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    changes.safe(code, path.to_owned(), format!("the description of `{path}` was {what}"));
}

/// Compares deprecations and custom directives.
pub(super) fn directives<'a>(
    changes: &mut Changes<'_>,
    path: &str,
    old: impl Iterator<Item = &'a Directive> + Clone,
    new: impl Iterator<Item = &'a Directive> + Clone,
) {
    match (deprecation(old.clone()), deprecation(new.clone())) {
        (None, Some(reason)) => {
            changes.safe(
                ChangeCode::DeprecationAdded,
                path.to_owned(),
                format!("`{path}` was deprecated: {reason}"),
            );
        }
        (Some(_), None) => {
            let message = format!("`{path}` is no longer deprecated");
            changes.safe(ChangeCode::DeprecationRemoved, path.to_owned(), message);
        }
        (Some(old), Some(new)) if old != new => {
            let message = format!("`{path}` is deprecated for another reason: `{new}` instead of `{old}`");
            changes.safe(ChangeCode::DeprecationReasonChanged, path.to_owned(), message);
        }
        _ => {}
    }
    let custom = |it: &&Directive| !KNOWN.contains(&it.name.as_str());
    let old: Vec<_> = old.filter(custom).collect();
    let new: Vec<_> = new.filter(custom).collect();
    for added in new.iter().filter(|it| !old.contains(it)) {
        let message = format!("`{path}` carries `{}` now", added.serialize().no_indent());
        changes.dangerous(ChangeCode::DirectiveUsageAdded, path.to_owned(), message);
    }
    for removed in old.iter().filter(|it| !new.contains(it)) {
        let message = format!("`{path}` no longer carries `{}`", removed.serialize().no_indent());
        changes.dangerous(ChangeCode::DirectiveUsageRemoved, path.to_owned(), message);
    }
}

/// Whether every value of the new type is one of the old: clients that read it need not know.
pub(super) fn is_narrower_output(schema: &Schema, old: &Type, new: &Type) -> bool {
    match (old, new) {
        (Type::Named(old), Type::Named(new) | Type::NonNullNamed(new))
        | (Type::NonNullNamed(old), Type::NonNullNamed(new)) => old == new || schema.is_subtype(old, new),
        (Type::List(old), Type::List(new) | Type::NonNullList(new))
        | (Type::NonNullList(old), Type::NonNullList(new)) => is_narrower_output(schema, old, new),
        _ => false,
    }
}

/// Whether every value of the old type is one of the new: what clients send is still taken.
pub(super) fn is_wider_input(old: &Type, new: &Type) -> bool {
    match (old, new) {
        (Type::Named(old) | Type::NonNullNamed(old), Type::Named(new))
        | (Type::NonNullNamed(old), Type::NonNullNamed(new)) => old == new,
        (Type::List(old) | Type::NonNullList(old), Type::List(new))
        | (Type::NonNullList(old), Type::NonNullList(new)) => is_wider_input(old, new),
        _ => false,
    }
}

/// Whether two literals are the same value: an input object has its fields in any order, and 1 is 1.0.
pub(super) fn is_same_value(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let has = |(name, value): &(Name, Node<Value>)| {
                let mut fields = new.iter();
                fields.any(|(other, it)| other == name && is_same_value(value, it))
            };
            old.len() == new.len() && old.iter().all(has)
        }
        (Value::List(old), Value::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| is_same_value(old, new))
        }
        (Value::Int(_), Value::Float(_)) | (Value::Float(_), Value::Int(_)) => old.to_f64() == new.to_f64(),
        _ => old == new,
    }
}

fn deprecation<'a>(mut directives: impl Iterator<Item = &'a Directive>) -> Option<&'a str> {
    let deprecated = directives.find(|it| it.name == "deprecated")?;
    let reason = deprecated
        .specified_argument_by_name("reason")
        .and_then(|it| it.as_str());
    Some(reason.unwrap_or("No longer supported"))
}
