//! A query that shows what cannot be resolved.

use std::fmt::Write;

use apollo_compiler::{Name, ast::OperationType};

use super::way::Way;

/// The query that goes a way and asks the object at its end for a field, which may be more than a value, or for anything.
pub(super) fn query(way: &Way<'_>, last: Option<(&Name, bool)>) -> String {
    let mut steps: Vec<String> = Vec::new();
    for (field, fragment) in &way.fields {
        steps.push(field.to_string());
        steps.extend(fragment.as_ref().map(|ty| format!("... on {ty}")));
    }
    steps.extend(last.map(|(field, _)| field.to_string()));
    if last.is_none_or(|(_, is_composite)| is_composite) {
        steps.push("...".to_owned());
    }
    let mut text = match way.operation {
        OperationType::Query => "{",
        OperationType::Mutation => "mutation {",
        OperationType::Subscription => "subscription {",
    }
    .to_owned();
    for (depth, step) in steps.iter().enumerate() {
        let brace = if depth + 1 < steps.len() { " {" } else { "" };
        let _ = write!(text, "\n{}{step}{brace}", "  ".repeat(depth + 1));
    }
    for depth in (0..steps.len()).rev() {
        let _ = write!(text, "\n{}}}", "  ".repeat(depth));
    }
    text
}
