//! Interfaces after merging: every implementation has all their fields, and every key can be followed.

use crate::merge::Merged;
use crate::{
    error::{Code, CompositionError},
    model::{Directives, Kind, Type, runtime_types},
    spec::Feature,
    subgraph::Schema,
};

/// Checks that every type has all fields of its interfaces.
pub(super) fn check_fields(merged: &Merged, schemas: &[Schema]) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for ty in merged.types.values() {
        for interface in ty.implements.iter().filter_map(|name| merged.types.get(name)) {
            errors.extend(missing_fields(ty, interface, schemas));
        }
    }
    errors
}

/// Checks that the keys of interfaces can be followed.
pub(super) fn check_keys(merged: &Merged, schemas: &[Schema]) -> Vec<CompositionError> {
    let interfaces = merged.types.values().filter(|ty| ty.kind == Kind::Interface);
    interfaces
        .flat_map(|ty| missing_implementations(merged, ty, schemas))
        .collect()
}

fn missing_fields(ty: &Type, interface: &Type, schemas: &[Schema]) -> Vec<CompositionError> {
    let missing = interface
        .fields
        .values()
        .filter(|field| !ty.fields.contains_key(&field.name));
    missing
        .map(|field| {
            let having = schemas.iter().filter(|schema| schema.field(&interface.name, &field.name).is_some());
            let lacking = schemas.iter().filter(|schema| schema.types.contains_key(&ty.name));
            let coordinate = format!("{}.{}", interface.name, field.name);
            let names = having.clone().map(|schema| format!("\"{}\"", schema.name)).collect::<Vec<_>>();
            let mut error = CompositionError::new(
                Code::InterfaceFieldNoImplem,
                format!(
                    "interface field \"{coordinate}\" is declared in subgraph {} but \"{}\", which implements \"{}\", has it in no subgraph: add it there",
                    names.join(", "),
                    ty.name,
                    interface.name
                ),
            );
            for schema in having {
                let location = schema.field(&interface.name, &field.name).and_then(|field| field.location);
                error = error.subgraph(&schema.name).at(schema.at(location));
            }
            for schema in lacking {
                error = error.subgraph(&schema.name);
            }
            error
        })
        .collect()
}

/// An interface that is an object in a subgraph stands for all its implementations there.
fn known_implementations(
    schema: &Schema,
    interface: &Type,
    implementations: &[&apollo_compiler::Name],
) -> Option<CompositionError> {
    let known = implementations.iter().find_map(|name| schema.types.get(*name))?;
    let message = format!(
        "\"{}\" is an @interfaceObject in subgraph \"{}\", so that subgraph cannot define \"{}\", which implements it",
        interface.name, schema.name, known.name
    );
    Some(schema.error(Code::InterfaceObjectUsageError, message, known.location))
}

/// A subgraph that resolves entities of an interface must know all types they can have.
fn missing_implementations(merged: &Merged, interface: &Type, schemas: &[Schema]) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    let all = runtime_types(&merged.types, interface);
    for schema in schemas {
        let Some(ty) = schema.types.get(&interface.name) else {
            continue;
        };
        if ty.is_interface_object() {
            errors.extend(known_implementations(schema, ty, &all));
        }
        if ty.kind != Kind::Interface || !ty.directives.all(Feature::Key).any(|key| key.is_resolvable()) {
            continue;
        }
        let known = schema.runtime_types(ty);
        let missing = all
            .iter()
            .filter(|name| !known.contains(name))
            .map(|name| format!("\"{name}\""));
        let missing = missing.collect::<Vec<_>>();
        if !missing.is_empty() {
            let message = format!(
                "interface \"{}\" has a resolvable key in subgraph \"{}\", so that subgraph must define all types that implement it: it lacks {}",
                interface.name,
                schema.name,
                missing.join(", ")
            );
            errors.push(schema.error(Code::InterfaceKeyMissingImplementationType, message, ty.location));
        }
    }
    errors
}
