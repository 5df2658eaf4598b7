//! Compares the definitions of directives, as far as operations can use them.

use apollo_compiler::ast::DirectiveDefinition;

use super::{
    change::{ChangeCode, Changes, Use},
    definitions,
    fields::{InputCodes, Inputs},
};
use crate::merge::is_executable_location;

/// Compares all definitions of directives.
pub(super) fn compare(changes: &mut Changes<'_>) {
    let (old, new) = (changes.old, changes.new);
    for (name, directive) in old.directive_definitions.iter().filter(|(_, it)| !it.is_built_in()) {
        let path = format!("@{name}");
        match new.directive_definitions.get(name) {
            Some(other) => compare_one(changes, directive, other),
            None if is_executable(directive) => {
                let message = format!("the directive `{path}` was removed");
                changes.breaking(
                    ChangeCode::DirectiveRemoved,
                    path,
                    message,
                    vec![Use::Directive(name.clone())],
                );
            }
            None => {
                let message = format!("the directive `{path}` was removed: operations could not use it");
                changes.safe(ChangeCode::DirectiveRemoved, path, message);
            }
        }
    }
    for (name, directive) in &new.directive_definitions {
        if !directive.is_built_in() && !old.directive_definitions.contains_key(name) {
            let path = format!("@{name}");
            let message = format!("the directive `{path}` was added");
            changes.safe(ChangeCode::DirectiveAdded, path, message);
        }
    }
}

fn compare_one(changes: &mut Changes<'_>, old: &DirectiveDefinition, new: &DirectiveDefinition) {
    let path = format!("@{}", old.name);
    let usage = Use::Directive(old.name.clone());
    let descriptions = (old.description.as_ref(), new.description.as_ref());
    definitions::description(changes, ChangeCode::DirectiveDescriptionChanged, &path, descriptions);
    for location in old.locations.iter().filter(|it| !new.locations.contains(it)) {
        let message = format!("the directive `{path}` may no longer stand on {location}");
        if is_executable_location(*location) {
            changes.breaking(
                ChangeCode::DirectiveLocationRemoved,
                path.clone(),
                message,
                vec![usage.clone()],
            );
        } else {
            changes.safe(ChangeCode::DirectiveLocationRemoved, path.clone(), message);
        }
    }
    for location in new.locations.iter().filter(|it| !old.locations.contains(it)) {
        let message = format!("the directive `{path}` may stand on {location} now");
        changes.safe(ChangeCode::DirectiveLocationAdded, path.clone(), message);
    }
    if old.repeatable && !new.repeatable && is_executable(old) {
        let message = format!("the directive `{path}` may stand only once in a place now");
        changes.breaking(
            ChangeCode::DirectiveRepeatableRemoved,
            path.clone(),
            message,
            vec![usage.clone()],
        );
    } else if old.repeatable != new.repeatable {
        let code = if new.repeatable {
            ChangeCode::DirectiveRepeatableAdded
        } else {
            ChangeCode::DirectiveRepeatableRemoved
        };
        let message = format!("how often the directive `{path}` may stand in a place has changed");
        changes.safe(code, path.clone(), message);
    }
    // Arguments of directives that operations cannot use concern nobody outside.
    if !is_executable(old) {
        return;
    }
    let codes = InputCodes {
        removed: ChangeCode::DirectiveArgumentRemoved,
        added: ChangeCode::DirectiveArgumentAdded,
        required: ChangeCode::RequiredDirectiveArgumentAdded,
        ty: ChangeCode::DirectiveArgumentTypeChanged,
        default: ChangeCode::DirectiveArgumentDefaultChanged,
        description: None,
    };
    let inputs = Inputs {
        noun: "argument",
        codes,
        path: &|argument| format!("{path}({argument}:)"),
        given: &|argument| Use::DirectiveArgument(old.name.clone(), argument.clone()),
        left_out: usage,
    };
    let before: Vec<_> = old.arguments.iter().map(|it| &**it).collect();
    let after: Vec<_> = new.arguments.iter().map(|it| &**it).collect();
    inputs.compare(changes, &before, &after);
}

pub(super) fn is_executable(directive: &DirectiveDefinition) -> bool {
    directive.locations.iter().any(|it| is_executable_location(*it))
}
