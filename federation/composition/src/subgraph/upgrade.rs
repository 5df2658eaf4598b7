//! Federation 1 schemas, read as if they were written in Federation 2.
//!
//! Federation 1 allowed directives where they mean nothing; they are dropped here, so that the rules of Federation 2
//! can be applied to every subgraph alike. Whatever several subgraphs resolve was shared without saying so.

use std::collections::{HashMap, HashSet};

use apollo_compiler::{Name, ast::Value};

use super::{Schema, parse_selections, trim::trim, usage::Usage};
use crate::{
    error::{Code, CompositionError},
    model::{Applied, Directives, Kind, Type},
    spec::Feature,
};

/// What mending one schema needs to know of all of them.
pub(super) struct All {
    /// The key of each entity, as the first subgraph that has one writes it.
    keys: HashMap<Name, String>,
    /// The tags of fields where they are not external: type, field and tag.
    tags: HashSet<(Name, Name, String)>,
    /// The interfaces that some subgraph knows as objects.
    interface_objects: HashSet<Name>,
}

impl All {
    pub(super) fn of(schemas: &[Schema]) -> Self {
        let mut all = Self {
            keys: HashMap::new(),
            tags: HashSet::new(),
            interface_objects: HashSet::new(),
        };
        for ty in schemas.iter().flat_map(|schema| schema.types.values()) {
            if ty.is_interface_object() {
                all.interface_objects.insert(ty.name.clone());
            }
            if let Some(key) = ty.directives.first(Feature::Key) {
                let keys = all.keys.entry(ty.name.clone());
                keys.or_insert_with(|| key.fields().to_owned());
            }
            let own = ty
                .fields
                .values()
                .filter(|field| !field.directives.has(Feature::External));
            for field in own {
                let tags = field.directives.all(Feature::Tag).filter_map(|tag| tag.text("name"));
                let tags = tags.map(|tag| (ty.name.clone(), field.name.clone(), tag.to_owned()));
                all.tags.extend(tags);
            }
        }
        all
    }
}

/// Drops and mends what Federation 2 does not allow.
pub(super) fn upgrade(schema: &mut Schema, all: &All) -> Vec<CompositionError> {
    let composites = schema
        .types
        .values()
        .filter(|ty| ty.is_composite())
        .map(|ty| ty.name.clone())
        .collect::<HashSet<_>>();
    let mut errors = interface_keys(schema, all);
    for ty in schema.types.values_mut() {
        mend_type(ty, &composites);
    }
    for ty in schema.types.values_mut() {
        if let Some(key) = all.keys.get(&ty.name).filter(|_| ty.is_extension && !ty.is_entity()) {
            drop_external_key(ty, key);
        }
    }
    trim(schema);
    let usage = Usage::of(schema);
    let mut emptied = Vec::new();
    for ty in schema.types.values_mut().filter(|ty| !ty.fields.is_empty()) {
        drop_external(ty, &usage);
        drop_tags(ty, all);
        if ty.fields.is_empty() {
            emptied.push((ty.name.clone(), ty.location));
        }
    }
    schema
        .types
        .retain(|name, ty| !ty.fields.is_empty() || emptied.iter().all(|(other, _)| other != name));
    emptied.retain(|(name, _)| is_referenced(schema, name));
    let error = |(name, location)| {
        let message = format!("type \"{name}\" has nothing but @external fields that no directive uses: remove it");
        schema.error(Code::TypeWithOnlyUnusedExternal, message, location)
    };
    errors.extend(emptied.into_iter().map(error));
    errors
}

/// In Federation 1 a key on an interface says nothing, and certainly not that its subgraph tells the type of an object by
/// it, which is what whoever knows the interface as an object asks for.
fn interface_keys(schema: &Schema, all: &All) -> Vec<CompositionError> {
    let keyed = schema.types.values().filter(|ty| {
        ty.kind == Kind::Interface && ty.directives.has(Feature::Key) && all.interface_objects.contains(&ty.name)
    });
    let error = |ty: &Type| {
        let message = format!(
            "interface \"{}\" is an @interfaceObject in another subgraph, which needs more than a key of Federation 1: upgrade this subgraph to Federation 2, or remove the key",
            ty.name
        );
        schema.error(Code::InterfaceObjectUsageError, message, ty.location)
    };
    keyed.map(error).collect()
}

fn is_referenced(schema: &Schema, name: &Name) -> bool {
    schema
        .types
        .values()
        .any(|ty| ty.members.contains(name) || ty.fields.values().any(|field| field.ty.inner_named_type() == name))
}

/// An extension without keys has those of the type it extends, whose fields are external in name only.
fn drop_external_key(ty: &mut Type, key: &str) {
    for selection in parse_selections(key).unwrap_or_default() {
        if let Some(field) = selection
            .as_field()
            .and_then(|selected| ty.fields.get_mut(&selected.name))
        {
            field
                .directives
                .retain(|applied| applied.feature != Some(Feature::External));
        }
    }
}

/// Marks as shareable what a Federation 1 subgraph and some other subgraph both resolve.
pub(super) fn share(schemas: &mut [Schema]) {
    for index in 0..schemas.len() {
        if !schemas[index].is_federation_1() {
            continue;
        }
        let shared = shared_fields(schemas, index);
        for (ty, field) in shared {
            schemas[index].usage.share(&ty, &field);
        }
    }
}

fn shared_fields(schemas: &[Schema], index: usize) -> Vec<(Name, Name)> {
    let resolves = |schema: &Schema, ty: &Name, field: &Name| {
        schema.field(ty, field).is_some() && !schema.usage.is_fully_external(ty, field)
    };
    let others = || {
        schemas
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index)
            .map(|(_, schema)| schema)
    };
    let mut shared = Vec::new();
    // Each event of a subscription comes from one subgraph.
    let types = schemas[index].types.values();
    for ty in types.filter(|ty| ty.kind == Kind::Object && ty.name != "Subscription") {
        for field in ty.fields.keys() {
            if others().any(|other| resolves(other, &ty.name, field)) {
                shared.push((ty.name.clone(), field.clone()));
            }
        }
    }
    shared
}

fn mend_type(ty: &mut Type, composites: &HashSet<Name>) {
    let is_interface = ty.kind == Kind::Interface;
    for directive in &mut ty.directives {
        mend_fields(directive);
    }
    if is_interface {
        ty.directives.retain(|applied| applied.feature != Some(Feature::Key));
    }
    for field in ty.fields.values_mut() {
        for directive in &mut field.directives {
            mend_fields(directive);
        }
        let returns_composite = composites.contains(field.ty.inner_named_type());
        field.directives.retain(|applied| match applied.feature {
            Some(Feature::External | Feature::Requires) => !is_interface,
            Some(Feature::Provides) => !is_interface && returns_composite,
            _ => true,
        });
    }
}

/// Federation 1 took a list of strings for `fields`, and names without quotes.
fn mend_fields(directive: &mut Applied) {
    if !matches!(
        directive.feature,
        Some(Feature::Key | Feature::Requires | Feature::Provides)
    ) {
        return;
    }
    let Some(value) = directive.argument("fields") else {
        return;
    };
    let mended = match &**value {
        Value::List(items) => {
            let texts = items.iter().map(|item| item.as_str());
            let Some(texts) = texts.collect::<Option<Vec<_>>>() else {
                return;
            };
            texts.join(" ")
        }
        Value::Enum(name) => name.to_string(),
        _ => return,
    };
    directive.set_text("fields", &mended);
}

/// Drops `@external` from the keys of extensions, and external fields that nothing uses.
fn drop_external(ty: &mut Type, usage: &Usage) {
    let name = ty.name.clone();
    ty.fields
        .retain(|field, _| !usage.is_external(&name, field) || usage.is_used(&name, field));
    for field in ty.fields.values_mut() {
        if !usage.is_external(&name, &field.name) {
            field
                .directives
                .retain(|applied| applied.feature != Some(Feature::External));
        }
    }
}

/// A tag of an external field means nothing, and is no mistake where the field is tagged so elsewhere.
fn drop_tags(ty: &mut Type, all: &All) {
    let name = &ty.name;
    for field in ty
        .fields
        .values_mut()
        .filter(|field| field.directives.has(Feature::External))
    {
        let is_elsewhere = |tag: &str| all.tags.contains(&(name.clone(), field.name.clone(), tag.to_owned()));
        field
            .directives
            .retain(|applied| applied.feature != Some(Feature::Tag) || !applied.text("name").is_some_and(is_elsewhere));
    }
}
