//! The schema that clients see: the supergraph without its machinery and without what is inaccessible.

use apollo_compiler::{
    Node,
    ast::{Definition, Document},
};

use super::document::{definition, schema_definition, sort};
use crate::{
    merge::{Merged, is_executable_location},
    model::{Applied, Defined, Directives, Field, Type, Types},
    spec::Feature,
    subgraph::Schema,
};

/// The API of a merged schema.
pub(crate) fn api(merged: &Merged, schemas: &[Schema]) -> Document {
    let types = api_types(merged);
    let mut others = types.values().map(definition).collect::<Vec<_>>();
    // What needs the types of its own specification is for gateways, as these types are.
    let is_seen = |it: &&Defined| {
        !it.arguments
            .values()
            .any(|it| merged.is_of_composed(it.ty.inner_named_type()))
    };
    let executable = merged.definitions.values().filter(is_seen).filter_map(executable_part);
    others.extend(executable.map(|it| Definition::DirectiveDefinition(Node::new((&it).into()))));
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
    let mut types = merged.types.clone();
    types.retain(|name, ty| is_visible(&ty.directives) && !merged.is_of_composed(name));
    let names = types.keys().cloned().collect::<std::collections::HashSet<_>>();
    for ty in types.values_mut() {
        ty.implements.retain(|name| names.contains(name));
        ty.members.retain(|name| names.contains(name));
        ty.values.retain(|_, value| is_visible(&value.directives));
        ty.fields.retain(|_, field| is_visible(&field.directives));
        for field in ty.fields.values_mut() {
            field.arguments.retain(|_, argument| is_visible(&argument.directives));
        }
        clean(ty);
    }
    types
}

fn is_visible(directives: &Vec<Applied>) -> bool {
    !directives.has(Feature::Inaccessible)
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

/// What clients see of the definition of a directive: nothing, unless operations can use it.
fn executable_part(directive: &Defined) -> Option<Defined> {
    let mut part = directive.clone();
    part.locations.retain(|location| is_executable_location(*location));
    part.arguments.retain(|_, argument| is_visible(&argument.directives));
    part.arguments.values_mut().for_each(clean_field);
    (!part.locations.is_empty()).then_some(part)
}
