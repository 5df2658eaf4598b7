//! What all definitions have: descriptions, deprecations, other directives, and types that are compared by direction.

use apollo_compiler::{
    Node, Schema,
    ast::{Directive, DirectiveList, Type},
};

use super::change::{ChangeCode, Changes};
use crate::merge::is_same_value;

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
pub(super) fn directives(changes: &mut Changes<'_>, path: &str, old: &DirectiveList, new: &DirectiveList) {
    match (deprecation(old), deprecation(new)) {
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
    let is_custom = |it: &&Node<Directive>| !KNOWN.contains(&it.name.as_str());
    let has = |all: &DirectiveList, one: &Directive| all.iter().any(|it| is_same(it, one));
    for added in new.iter().filter(is_custom).filter(|it| !has(old, it)) {
        let message = format!("`{path}` carries `{}` now", added.serialize().no_indent());
        changes.dangerous(ChangeCode::DirectiveUsageAdded, path.to_owned(), message);
    }
    for removed in old.iter().filter(is_custom).filter(|it| !has(new, it)) {
        let message = format!("`{path}` no longer carries `{}`", removed.serialize().no_indent());
        changes.dangerous(ChangeCode::DirectiveUsageRemoved, path.to_owned(), message);
    }
}

/// Whether two applied directives say the same, in whatever order they have their arguments.
fn is_same(a: &Directive, b: &Directive) -> bool {
    a.name == b.name
        && a.arguments.len() == b.arguments.len()
        && a.arguments.iter().all(|argument| {
            b.specified_argument_by_name(&argument.name)
                .is_some_and(|value| is_same_value(value, &argument.value))
        })
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

fn deprecation(directives: &DirectiveList) -> Option<&str> {
    let deprecated = directives.get("deprecated")?;
    let reason = deprecated
        .specified_argument_by_name("reason")
        .and_then(|it| it.as_str());
    Some(reason.unwrap_or("No longer supported"))
}
