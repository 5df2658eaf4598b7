//! Whether the library finds out in time that no definition needs itself.
//!
//! It follows every way from a type through required fields, and from a directive through what it takes, and does not
//! note where it has been: thirty types that name the next one twice would keep it busy for hours.

use std::{collections::HashMap, ops::ControlFlow};

use apollo_compiler::{
    Schema,
    ast::{InputValueDefinition, Type},
    schema::ExtendedType,
};

use super::graphql::Fault;

/// How many steps are waited for.
const MOST_STEPS: usize = 5_000_000;
/// Longer ways make the library refuse a schema at once.
const LONGEST_WAY: usize = 64;

/// A directive or a type, by whether it is a directive and its name.
type Element<'a> = (bool, &'a str);
type Graph<'a> = HashMap<Element<'a>, Vec<Element<'a>>>;

/// What is said of a schema that takes too long.
pub(super) fn check(schema: &Schema) -> Option<Fault> {
    let (directives, inputs) = (of_directives(schema), of_inputs(schema));
    let roots = directives.keys().filter(|(is_directive, _)| *is_directive);
    let roots = roots.map(|root| (&directives, *root));
    let mut steps = 0;
    let mut tired = roots
        .chain(inputs.keys().map(|root| (&inputs, *root)))
        .filter(|(graph, root)| {
            let _ = follow(graph, &mut vec![*root], &mut steps);
            steps > MOST_STEPS
        });
    tired.next()?;
    let message = format!(
        "its input types name each other in more than {MOST_STEPS} ways: make some fields nullable, or take them out of what directives take"
    );
    Some((message, None))
}

/// Goes every way on from where a way has come to, until one is back at its start or too long.
fn follow<'a>(graph: &Graph<'a>, way: &mut Vec<Element<'a>>, steps: &mut usize) -> ControlFlow<()> {
    let below = way.last().and_then(|last| graph.get(last)).into_iter().flatten();
    for element in below {
        *steps += 1;
        if *steps > MOST_STEPS || way.len() > LONGEST_WAY || way.first() == Some(element) {
            return ControlFlow::Break(());
        }
        if !way.contains(element) {
            way.push(*element);
            follow(graph, way, steps)?;
            way.pop();
        }
    }
    ControlFlow::Continue(())
}

/// Input types, and those that they cannot be without.
fn of_inputs(schema: &Schema) -> Graph<'_> {
    let mut graph = Graph::new();
    for (name, ty) in &schema.types {
        if let ExtendedType::InputObject(input) = ty {
            let required = input.fields.values().filter_map(|field| match &*field.ty {
                Type::NonNullNamed(next) => Some((false, next.as_str())),
                _ => None,
            });
            graph.insert((false, name.as_str()), required.collect());
        }
    }
    graph
}

/// Directives and types, and those that stand in their definitions.
fn of_directives(schema: &Schema) -> Graph<'_> {
    let mut graph = Graph::new();
    for (name, definition) in &schema.directive_definitions {
        let below = definition.arguments.iter().flat_map(|argument| of_value(argument));
        graph.insert((true, name.as_str()), below.collect());
    }
    for (name, ty) in &schema.types {
        let mut below: Vec<Element<'_>> = ty.directives().iter().map(|it| (true, it.name.as_str())).collect();
        match ty {
            ExtendedType::Enum(it) => {
                let applied = it.values.values().flat_map(|value| value.directives.iter());
                below.extend(applied.map(|directive| (true, directive.name.as_str())));
            }
            ExtendedType::InputObject(it) => below.extend(it.fields.values().flat_map(|field| of_value(field))),
            _ => {}
        }
        graph.insert((false, name.as_str()), below);
    }
    graph
}

fn of_value(value: &InputValueDefinition) -> Vec<Element<'_>> {
    let applied = value.directives.iter().map(|it| (true, it.name.as_str()));
    applied.chain([(false, value.ty.inner_named_type().as_str())]).collect()
}
