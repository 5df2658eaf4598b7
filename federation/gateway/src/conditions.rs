//! `@skip` and `@include` decided before planning: an operation has one plan for each combination of its conditions.
//!
//! The planner can put conditions into a plan, but fails on some operations that have them, and asks for keys under
//! the conditions of the fields that need them.

use graphql_tools::{
    parser::Pos,
    static_graphql::query::{
        Definition, Directive, Document, Field, OperationDefinition, Selection, SelectionSet, Value,
    },
};

use crate::request::Variables;

/// The variables that decide which fields are asked for.
pub(crate) fn variables(document: &Document) -> Vec<String> {
    let mut found = Vec::new();
    for definition in &document.definitions {
        match definition {
            Definition::Operation(operation) => collect(operation.selection_set(), &mut found),
            Definition::Fragment(fragment) => collect(&fragment.selection_set, &mut found),
        }
    }
    found
}

fn collect(set: &SelectionSet, found: &mut Vec<String>) {
    for selection in &set.items {
        for directive in directives_of(selection) {
            match condition(directive) {
                Some(Value::Variable(name)) if !found.contains(name) => found.push(name.clone()),
                _ => {}
            }
        }
        match selection {
            Selection::Field(field) => collect(&field.selection_set, found),
            Selection::InlineFragment(fragment) => collect(&fragment.selection_set, found),
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// Whether it is `@skip` or `@include`.
pub(crate) fn is_condition(directive: &Directive) -> bool {
    matches!(directive.name.as_str(), "skip" | "include")
}

/// What `@skip` or `@include` asks.
pub(crate) fn condition(directive: &Directive) -> Option<&Value> {
    let condition = directive.arguments.iter().find(|(name, _)| name == "if");
    condition.filter(|_| is_condition(directive)).map(|(_, value)| value)
}

/// The document with every condition decided: what is left out is gone, and so are the conditions, so that one field
/// is not two for having had them.
pub(crate) fn decided(document: &Document, variables: &Variables) -> Document {
    let mut document = document.clone();
    each_set(&mut document, &mut |set| {
        leaves_out(set, variables);
    });
    document
}

/// The same to plan: where something is left out, the type is asked for, so that an object of which nothing is left is
/// still known to be there.
pub(crate) fn to_plan(document: &Document, variables: &Variables) -> Document {
    let mut document = document.clone();
    each_set(&mut document, &mut |set| {
        if leaves_out(set, variables) {
            set.items.push(typename(Default::default()));
        }
    });
    document
}

/// Whether `@skip` and `@include` leave a selection in. Nobody else decides this: two answers would be a way around
/// what is forbidden.
pub(crate) fn is_included(directives: &[Directive], variables: &Variables) -> bool {
    directives.iter().all(|directive| {
        let holds = match condition(directive) {
            Some(Value::Boolean(is)) => *is,
            Some(Value::Variable(name)) => variables.is_true(name),
            // Validation lets nothing else pass.
            _ => false,
        };
        match directive.name.as_str() {
            "skip" => !holds,
            "include" => holds,
            _ => true,
        }
    })
}

/// The question for an object's type.
pub(crate) fn typename(span: (Pos, Pos)) -> Selection {
    Selection::Field(Field {
        position: span.0,
        alias: None,
        name: "__typename".into(),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: SelectionSet {
            span,
            items: Vec::new(),
        },
    })
}

fn directives_of(selection: &Selection) -> &[Directive] {
    match selection {
        Selection::Field(field) => &field.directives,
        Selection::InlineFragment(fragment) => &fragment.directives,
        Selection::FragmentSpread(spread) => &spread.directives,
    }
}

/// Shows every selection set of a document, those inside it first.
pub(crate) fn each_set(document: &mut Document, visit: &mut dyn FnMut(&mut SelectionSet)) {
    for definition in &mut document.definitions {
        match definition {
            Definition::Operation(operation) => visit_set(set_of(operation), visit),
            Definition::Fragment(fragment) => visit_set(&mut fragment.selection_set, visit),
        }
    }
}

fn visit_set(set: &mut SelectionSet, visit: &mut dyn FnMut(&mut SelectionSet)) {
    for selection in &mut set.items {
        match selection {
            Selection::Field(field) => visit_set(&mut field.selection_set, visit),
            Selection::InlineFragment(fragment) => visit_set(&mut fragment.selection_set, visit),
            Selection::FragmentSpread(_) => {}
        }
    }
    visit(set);
}

/// Takes out of a set what is left out, and the conditions of the rest. Whether there was any.
fn leaves_out(set: &mut SelectionSet, variables: &Variables) -> bool {
    let asked = set.items.len();
    set.items.retain_mut(|selection| {
        let directives = match selection {
            Selection::Field(field) => &mut field.directives,
            Selection::InlineFragment(fragment) => &mut fragment.directives,
            Selection::FragmentSpread(spread) => &mut spread.directives,
        };
        let is_left = is_included(directives, variables);
        directives.retain(|directive| !is_condition(directive));
        is_left
    });
    set.items.len() < asked
}

/// What an operation asks for, to be changed.
pub(crate) fn set_of(operation: &mut OperationDefinition) -> &mut SelectionSet {
    match operation {
        OperationDefinition::SelectionSet(set) => set,
        OperationDefinition::Query(query) => &mut query.selection_set,
        OperationDefinition::Mutation(mutation) => &mut mutation.selection_set,
        OperationDefinition::Subscription(subscription) => &mut subscription.selection_set,
    }
}
