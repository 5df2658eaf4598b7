//! Compares the roots, the types and what hangs directly on them: interfaces, union members, enum values.

use apollo_compiler::{
    Name,
    collections::IndexSet,
    schema::{ComponentName, EnumType, ExtendedType, ScalarType, UnionType},
};

use super::{
    change::{ChangeCode, Changes, Use},
    definitions, fields, spreads,
};

/// Compares everything but the definitions of directives.
pub(super) fn compare(changes: &mut Changes<'_>) {
    roots(changes);
    let (old, new) = (changes.old, changes.new);
    for (name, ty) in old.types.iter().filter(|(_, it)| !it.is_built_in()) {
        match new.types.get(name) {
            Some(other) => compare_type(changes, name, ty, other),
            None => {
                let message = format!("the {} `{name}` was removed", kind(ty));
                let uses = uses_of_type(changes, name);
                changes.breaking(ChangeCode::TypeRemoved, name.to_string(), message, uses);
            }
        }
    }
    for (name, ty) in new.types.iter().filter(|(_, it)| !it.is_built_in()) {
        if !old.types.contains_key(name) {
            changes.safe(
                ChangeCode::TypeAdded,
                name.to_string(),
                format!("the {} `{name}` was added", kind(ty)),
            );
        }
    }
}

fn roots(changes: &mut Changes<'_>) {
    let (old, new) = (&changes.old.schema_definition, &changes.new.schema_definition);
    let descriptions = (old.description.as_ref(), new.description.as_ref());
    definitions::description(changes, ChangeCode::SchemaDescriptionChanged, "schema", descriptions);
    let roots: [(&'static str, &Option<ComponentName>, &Option<ComponentName>); 3] = [
        ("query", &old.query, &new.query),
        ("mutation", &old.mutation, &new.mutation),
        ("subscription", &old.subscription, &new.subscription),
    ];
    for (operation, old, new) in roots {
        let path = "schema".to_owned();
        match (old.as_ref().map(|it| &it.name), new.as_ref().map(|it| &it.name)) {
            (None, Some(new)) => {
                let message = format!("the schema takes {operation} operations now, at `{new}`");
                changes.safe(ChangeCode::RootTypeAdded, path, message);
            }
            (Some(_), None) => {
                let message = format!("the schema no longer takes {operation} operations");
                changes.breaking(ChangeCode::RootTypeRemoved, path, message, vec![Use::Root(operation)]);
            }
            (Some(old), Some(new)) if old != new => {
                let message = format!("{operation} operations start at `{new}` instead of `{old}`");
                changes.breaking(ChangeCode::RootTypeChanged, path, message, vec![Use::Root(operation)]);
            }
            _ => {}
        }
    }
}

fn compare_type(changes: &mut Changes<'_>, name: &Name, old: &ExtendedType, new: &ExtendedType) {
    let descriptions = (old.description(), new.description());
    definitions::description(changes, ChangeCode::TypeDescriptionChanged, name, descriptions);
    let directives = |it: &ExtendedType| it.directives().iter().map(|it| it.node.clone()).collect();
    definitions::directives(changes, name, &directives(old), &directives(new));
    match (old, new) {
        (ExtendedType::Scalar(old), ExtendedType::Scalar(new)) => scalar(changes, old, new),
        (ExtendedType::Object(old), ExtendedType::Object(new)) => {
            implements(changes, name, &old.implements_interfaces, &new.implements_interfaces);
            fields::compare(changes, name, &old.fields, &new.fields);
        }
        (ExtendedType::Interface(old), ExtendedType::Interface(new)) => {
            implements(changes, name, &old.implements_interfaces, &new.implements_interfaces);
            fields::compare(changes, name, &old.fields, &new.fields);
        }
        (ExtendedType::Union(old), ExtendedType::Union(new)) => union(changes, old, new),
        (ExtendedType::Enum(old), ExtendedType::Enum(new)) => enumeration(changes, old, new),
        (ExtendedType::InputObject(old), ExtendedType::InputObject(new)) => {
            one_of(changes, name, old.directives.has("oneOf"), new.directives.has("oneOf"));
            fields::compare_inputs(changes, name, &old.fields, &new.fields);
        }
        _ => {
            let message = format!("`{name}` was {} and is {} now", kind(old), kind(new));
            let uses = uses_of_type(changes, name);
            changes.breaking(ChangeCode::TypeKindChanged, name.to_string(), message, uses);
        }
    }
}

/// What uses a type that is gone or has become another kind of type.
fn uses_of_type(changes: &Changes<'_>, name: &Name) -> Vec<Use> {
    let mut uses = spreads::of_removal(changes, name);
    uses.push(Use::Type(name.clone()));
    uses
}

fn scalar(changes: &mut Changes<'_>, old: &ScalarType, new: &ScalarType) {
    let url = |it: &ScalarType| {
        let directive = it.directives.get("specifiedBy")?;
        directive.specified_argument_by_name("url")?.as_str().map(str::to_owned)
    };
    if url(old) != url(new) {
        let name = &old.name;
        let message = format!("the scalar `{name}` names another specification");
        changes.dangerous(ChangeCode::SpecifiedByChanged, name.to_string(), message);
    }
}

fn one_of(changes: &mut Changes<'_>, name: &Name, was: bool, is: bool) {
    let path = name.to_string();
    if is && !was {
        let message = format!("`{name}` takes exactly one of its fields now");
        changes.breaking(ChangeCode::OneOfAdded, path, message, vec![Use::Type(name.clone())]);
    } else if was && !is {
        let message = format!("`{name}` no longer takes exactly one of its fields");
        changes.safe(ChangeCode::OneOfRemoved, path, message);
    }
}

fn implements(changes: &mut Changes<'_>, name: &Name, old: &IndexSet<ComponentName>, new: &IndexSet<ComponentName>) {
    for interface in old.iter().filter(|it| !new.contains(*it)) {
        let message = format!("`{name}` no longer implements `{interface}`");
        let uses = spreads::of_leaving(changes, name, interface);
        changes.breaking(ChangeCode::InterfaceRemoved, name.to_string(), message, uses);
    }
    for interface in new.iter().filter(|it| !old.contains(*it)) {
        let message = format!("`{name}` implements `{interface}` now: clients may meet it where they did not before");
        changes.dangerous(ChangeCode::InterfaceAdded, name.to_string(), message);
    }
}

fn union(changes: &mut Changes<'_>, old: &UnionType, new: &UnionType) {
    let name = &old.name;
    for member in old.members.iter().filter(|it| !new.members.contains(*it)) {
        let message = format!("`{member}` is no longer a member of the union `{name}`");
        let uses = spreads::of_leaving(changes, &member.name, name);
        changes.breaking(ChangeCode::UnionMemberRemoved, name.to_string(), message, uses);
    }
    for member in new.members.iter().filter(|it| !old.members.contains(*it)) {
        let message = format!("`{member}` is a member of the union `{name}` now: clients may not know it");
        changes.dangerous(ChangeCode::UnionMemberAdded, name.to_string(), message);
    }
}

fn enumeration(changes: &mut Changes<'_>, old: &EnumType, new: &EnumType) {
    let name = &old.name;
    for (value, definition) in &old.values {
        let path = format!("{name}.{value}");
        let Some(other) = new.values.get(value) else {
            let message = format!("the value `{path}` was removed");
            let uses = vec![Use::EnumValue(name.clone(), value.clone())];
            changes.breaking(ChangeCode::EnumValueRemoved, path, message, uses);
            continue;
        };
        let descriptions = (definition.description.as_ref(), other.description.as_ref());
        definitions::description(changes, ChangeCode::EnumValueDescriptionChanged, &path, descriptions);
        definitions::directives(changes, &path, &definition.directives, &other.directives);
    }
    for value in new.values.keys().filter(|it| !old.values.contains_key(*it)) {
        let path = format!("{name}.{value}");
        if changes.is_output(name) {
            let message = format!("the value `{path}` was added: clients may not know it");
            changes.dangerous(ChangeCode::EnumValueAdded, path, message);
        } else {
            let message = format!("the value `{path}` was added to an enum that is only sent");
            changes.safe(ChangeCode::EnumValueAdded, path, message);
        }
    }
}

fn kind(ty: &ExtendedType) -> &'static str {
    match ty {
        ExtendedType::Scalar(_) => "scalar",
        ExtendedType::Object(_) => "object type",
        ExtendedType::Interface(_) => "interface",
        ExtendedType::Union(_) => "union",
        ExtendedType::Enum(_) => "enum",
        ExtendedType::InputObject(_) => "input type",
    }
}
