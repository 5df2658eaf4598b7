//! A client's variable that is called as the planner calls its own: it has another name where it is planned and sent.

use graphql_tools::static_graphql::query::{Definition, Document, Value};

use crate::{plan::REPRESENTATIONS, request::Variables, values};

/// What the variable is to be called, if a document has it.
pub(super) fn stand_in(document: &Document) -> Option<String> {
    let declared: Vec<&str> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Operation(operation) => Some(operation.variable_definitions()),
            Definition::Fragment(_) => None,
        })
        .flatten()
        .map(|variable| variable.name.as_str())
        .collect();
    let mut name = REPRESENTATIONS.to_owned();
    while declared.contains(&name.as_str()) {
        name.push('_');
    }
    (name != REPRESENTATIONS).then_some(name)
}

/// Gives the variable its other name in a document.
pub(super) fn rename(document: &mut Document, to: &str) {
    for definition in &mut document.definitions {
        if let Definition::Operation(operation) = definition {
            let (declared, _) = values::head(operation);
            declared.iter_mut().for_each(|variable| in_name(&mut variable.name, to));
        }
    }
    values::each(document, &mut |value| {
        if let Value::Variable(name) = value {
            in_name(name, to);
        }
    });
}

/// Adds the variable's value under its other name.
pub(super) fn copy(variables: &mut Variables, to: &str) {
    if let Some(raw) = variables.raw(REPRESENTATIONS).map(str::to_owned) {
        variables.set(to, raw);
    }
}

fn in_name(name: &mut String, to: &str) {
    if *name == REPRESENTATIONS {
        to.clone_into(name);
    }
}
