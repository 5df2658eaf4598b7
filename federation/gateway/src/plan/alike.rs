//! Arguments that the planner's library takes for one another.
//!
//! It asks for two selections by one fragment where they have one hash, and that hash knows neither kinds nor brackets:
//! `$x` is `"x"` to it, and `[[1], [2]]` is `[[1, 2]]`. An operation that has both gets marks that tell them apart. What
//! is sent is without them.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hasher},
    iter::once,
};

use hive_router_query_planner::ast::{
    hash::ASTHash,
    selection_item::SelectionItem,
    selection_set::{FieldSelection, SelectionSet},
    value::Value,
};

/// Before a value that has no variables in it. In texts of the library such characters are escaped.
const LITERAL: char = '\u{1}';
/// Before a key, and in a list before its elements: as many as there are of them from there on.
const LEFT: char = '\u{2}';
/// Ends the marks of a list, which are its first element.
const LIST: char = '\u{3}';

/// Marks arguments that would be taken for others of a field of the same name.
pub(super) fn tell_apart(set: &mut SelectionSet) {
    let (mut known, mut alike) = (HashMap::new(), HashSet::new());
    each(set, &mut |field| {
        if let (Some(key), Some(arguments)) = (key_of(field), &field.arguments)
            && *known.entry(key.clone()).or_insert_with(|| arguments.clone()) != *arguments
        {
            alike.insert(key);
        }
    });
    if alike.is_empty() {
        return;
    }
    each(set, &mut |field| {
        if let (Some(key), Some(arguments)) = (key_of(field), &mut field.arguments)
            && alike.contains(&key)
        {
            let given = (&*arguments).into_iter();
            let told: Vec<_> = given.map(|(name, value)| (name.clone(), marked(value))).collect();
            for (name, value) in told {
                arguments.add_argument(name, value);
            }
        }
    });
}

/// What the library wrote, without the marks.
pub(super) fn plain(text: &str) -> String {
    text.replace(&format!("{LIST}, "), "").replace([LITERAL, LEFT], "")
}

/// What is the same for fields whose arguments may be taken for one another.
fn key_of(field: &FieldSelection) -> Option<(String, u64)> {
    let mut hasher = DefaultHasher::new();
    field.arguments.as_ref()?.ast_hash::<_, true>(&mut hasher);
    Some((field.name.clone(), hasher.finish()))
}

fn marked(value: &Value) -> Value {
    let left = |count: usize| LEFT.to_string().repeat(count);
    match value {
        Value::Variable(_) => value.clone(),
        Value::List(items) if has_variables(value) => {
            let marks = Value::Enum(format!("{}{LIST}", left(items.len())));
            Value::List(once(marks).chain(items.iter().map(marked)).collect())
        }
        Value::Object(entries) if has_variables(value) => {
            let marks = (1..=entries.len()).rev().map(left);
            let entries = entries.iter().zip(marks);
            Value::Object(
                entries
                    .map(|((key, value), marks)| (marks + key, marked(value)))
                    .collect(),
            )
        }
        literal => Value::Enum(format!("{LITERAL}{literal}")),
    }
}

fn has_variables(value: &Value) -> bool {
    !value.variable_usages().is_empty()
}

fn each(set: &mut SelectionSet, visit: &mut dyn FnMut(&mut FieldSelection)) {
    for item in &mut set.items {
        match item {
            SelectionItem::Field(field) => {
                visit(field);
                each(&mut field.selections, visit);
            }
            SelectionItem::InlineFragment(fragment) => each(&mut fragment.selections, visit),
            SelectionItem::FragmentSpread(_) => {}
        }
    }
}
