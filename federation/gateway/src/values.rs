//! Every value that stands in a document, to be changed.

use graphql_tools::static_graphql::query::{
    Definition, Directive, Document, OperationDefinition, Selection, Value, VariableDefinition,
};

use crate::conditions::each_set;

/// Shows all values but lists and objects, of which it shows what is inside.
pub(crate) fn each(document: &mut Document, visit: &mut dyn FnMut(&mut Value)) {
    for definition in &mut document.definitions {
        let (declared, directives): (&mut [VariableDefinition], &mut [Directive]) = match definition {
            Definition::Operation(operation) => head(operation),
            Definition::Fragment(fragment) => (&mut [], &mut fragment.directives),
        };
        let defaults = declared.iter_mut();
        defaults
            .filter_map(|it| it.default_value.as_mut())
            .for_each(|value| inside(value, visit));
        of_directives(directives, visit);
    }
    each_set(document, &mut |set| {
        for selection in &mut set.items {
            match selection {
                Selection::Field(it) => {
                    of_arguments(&mut it.arguments, visit);
                    of_directives(&mut it.directives, visit);
                }
                Selection::InlineFragment(it) => of_directives(&mut it.directives, visit),
                Selection::FragmentSpread(it) => of_directives(&mut it.directives, visit),
            }
        }
    });
}

/// The variables that an operation declares, and the directives on it.
pub(crate) fn head(operation: &mut OperationDefinition) -> (&mut [VariableDefinition], &mut [Directive]) {
    match operation {
        OperationDefinition::SelectionSet(_) => (&mut [], &mut []),
        OperationDefinition::Query(it) => (&mut it.variable_definitions, &mut it.directives),
        OperationDefinition::Mutation(it) => (&mut it.variable_definitions, &mut it.directives),
        OperationDefinition::Subscription(it) => (&mut it.variable_definitions, &mut it.directives),
    }
}

fn of_directives(directives: &mut [Directive], visit: &mut dyn FnMut(&mut Value)) {
    for directive in directives {
        of_arguments(&mut directive.arguments, visit);
    }
}

fn of_arguments(arguments: &mut [(String, Value)], visit: &mut dyn FnMut(&mut Value)) {
    for (_, value) in arguments {
        inside(value, visit);
    }
}

/// Shows a value, or what is inside it.
pub(crate) fn inside(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::List(items) => items.iter_mut().for_each(|item| inside(item, visit)),
        Value::Object(fields) => of_arguments(fields, visit),
        plain => visit(plain),
    }
}
