//! A client's variable that is called as the planner calls its own: it has another name where it is planned and sent.

use graphql_tools::static_graphql::query::{
    Definition, Directive, Document, OperationDefinition, Selection, SelectionSet, Value, VariableDefinition,
};

use crate::{plan::REPRESENTATIONS, request::Variables};

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
        match definition {
            Definition::Fragment(fragment) => in_set(&mut fragment.selection_set, to),
            Definition::Operation(operation) => {
                let (variables, set) = match operation {
                    OperationDefinition::SelectionSet(_) => continue,
                    OperationDefinition::Query(it) => (&mut it.variable_definitions, &mut it.selection_set),
                    OperationDefinition::Mutation(it) => (&mut it.variable_definitions, &mut it.selection_set),
                    OperationDefinition::Subscription(it) => (&mut it.variable_definitions, &mut it.selection_set),
                };
                variables.iter_mut().for_each(|variable: &mut VariableDefinition| {
                    in_name(&mut variable.name, to);
                });
                in_set(set, to);
            }
        }
    }
}

/// Adds the variable's value under its other name.
pub(super) fn copy(variables: &mut Variables, to: &str) {
    if let Some(raw) = variables.raw(REPRESENTATIONS).map(str::to_owned) {
        variables.set(to, raw);
    }
}

fn in_set(set: &mut SelectionSet, to: &str) {
    for selection in &mut set.items {
        match selection {
            Selection::Field(field) => {
                in_arguments(&mut field.arguments, to);
                in_directives(&mut field.directives, to);
                in_set(&mut field.selection_set, to);
            }
            Selection::InlineFragment(fragment) => {
                in_directives(&mut fragment.directives, to);
                in_set(&mut fragment.selection_set, to);
            }
            Selection::FragmentSpread(spread) => in_directives(&mut spread.directives, to),
        }
    }
}

fn in_directives(directives: &mut [Directive], to: &str) {
    for directive in directives {
        in_arguments(&mut directive.arguments, to);
    }
}

fn in_arguments(arguments: &mut [(String, Value)], to: &str) {
    for (_, value) in arguments {
        in_value(value, to);
    }
}

fn in_value(value: &mut Value, to: &str) {
    match value {
        Value::Variable(name) => in_name(name, to),
        Value::List(items) => items.iter_mut().for_each(|item| in_value(item, to)),
        Value::Object(fields) => in_arguments(fields, to),
        _ => {}
    }
}

fn in_name(name: &mut String, to: &str) {
    if *name == REPRESENTATIONS {
        to.clone_into(name);
    }
}
