//! Names that an import has replaced: what still has one of them would mean nothing.

use std::collections::HashSet;

use super::{Link, Schema, fold::Folded};
use crate::{
    error::{Code, CompositionError},
    model::{Applied, Field},
};

/// Checks that nothing of a subgraph has the name that an imported element would have without its import.
pub(super) fn check(folded: &Folded, schema: &Schema) -> Vec<CompositionError> {
    let used = used(folded);
    let mut errors = Vec::new();
    for link in &schema.links {
        for import in &link.imports {
            let usual = usual(link, &import.element);
            if usual != import.alias && used.contains(&usual) {
                let message = format!(
                    "\"{usual}\" is used, but \"{}\" of \"{}\" is imported as \"{}\": use that name, or do not import it",
                    import.element, link.identity, import.alias
                );
                errors.push(schema.error(Code::InvalidLinkDirectiveUsage, message, link.location));
            }
        }
    }
    errors
}

/// What an element is called without its import.
fn usual(link: &Link, element: &str) -> String {
    let prefix = link.prefix();
    match element.strip_prefix('@') {
        Some(bare) if bare == link.name => format!("@{prefix}"),
        Some(bare) => format!("@{prefix}__{bare}"),
        None => format!("{prefix}__{element}"),
    }
}

/// The directives that are applied, with `@`, and the types that something refers to.
fn used(folded: &Folded) -> HashSet<String> {
    let mut used = HashSet::new();
    apply(&folded.directives, &mut used);
    for ty in folded.types.values() {
        apply(&ty.directives, &mut used);
        used.extend(ty.implements.iter().chain(&ty.members).map(ToString::to_string));
        ty.fields.values().for_each(|field| refer(field, &mut used));
        ty.values.values().for_each(|value| apply(&value.directives, &mut used));
    }
    for definition in folded.definitions.values() {
        definition
            .arguments
            .values()
            .for_each(|argument| refer(argument, &mut used));
    }
    used
}

fn refer(field: &Field, used: &mut HashSet<String>) {
    used.insert(field.ty.inner_named_type().to_string());
    apply(&field.directives, used);
    field.arguments.values().for_each(|argument| refer(argument, used));
}

fn apply(directives: &[Applied], used: &mut HashSet<String>) {
    used.extend(directives.iter().map(|applied| format!("@{}", applied.name)));
}
