//! The schema that clients see: the supergraph without its machinery and without what is inaccessible.

use apollo_compiler::ast::{Definition, DirectiveDefinition, Document};

use super::document::{definition, schema_definition, sort};
use crate::{
    merge::{Merged, is_executable_location},
    model::{Applied, Directives, Field, Type, Types},
    spec::Feature,
    subgraph::Schema,
};

/// The API of a merged schema.
pub(crate) fn api(merged: &Merged, schemas: &[Schema]) -> Document {
    let types = api_types(merged);
    let mut others = types.values().map(definition).collect::<Vec<_>>();
    let executable = merged
        .definitions
        .values()
        .filter_map(|directive| executable_part(directive));
    others.extend(executable.map(|directive| Definition::DirectiveDefinition(directive.into())));
    sort(&mut others);
    let mut definitions = vec![schema_definition(&types, schemas, Vec::new())];
    definitions.extend(others);
    Document {
        sources: Default::default(),
        definitions,
    }
}

/// The types of the API.
pub(super) fn api_types(merged: &Merged) -> Types {
    let visible = |directives: &Vec<Applied>| !directives.has(Feature::Inaccessible);
    let mut types = merged.types.clone();
    types.retain(|_, ty| visible(&ty.directives));
    let names = types.keys().cloned().collect::<std::collections::HashSet<_>>();
    for ty in types.values_mut() {
        ty.implements.retain(|name| names.contains(name));
        ty.members.retain(|name| names.contains(name));
        ty.values.retain(|_, value| visible(&value.directives));
        ty.fields.retain(|_, field| visible(&field.directives));
        for field in ty.fields.values_mut() {
            field.arguments.retain(|_, argument| visible(&argument.directives));
        }
        clean(ty);
    }
    types
}

/// Leaves only the directives that clients understand.
fn clean(ty: &mut Type) {
    keep(&mut ty.directives);
    for value in ty.values.values_mut() {
        keep(&mut value.directives);
    }
    for field in ty.fields.values_mut() {
        clean_field(field);
    }
}

fn clean_field(field: &mut Field) {
    keep(&mut field.directives);
    for argument in field.arguments.values_mut() {
        keep(&mut argument.directives);
    }
}

fn keep(directives: &mut Vec<Applied>) {
    directives.retain(|applied| matches!(applied.feature, Some(Feature::Deprecated | Feature::SpecifiedBy)));
}

/// The definition of a directive for operations.
fn executable_part(directive: &DirectiveDefinition) -> Option<DirectiveDefinition> {
    let mut part = directive.clone();
    part.locations.retain(|location| is_executable_location(*location));
    (!part.locations.is_empty()).then_some(part)
}
