//! Access requirements are transitive: a field computed from protected data must be protected as well.

use apollo_compiler::ast::Selection;

use crate::{
    context::split,
    error::{Code, CompositionError},
    merge::{Merged, alternatives},
    model::{Applied, Directives, Field, Kind, Type, Types},
    spec::Feature,
    subgraph::{Schema, parse_selections, walk},
};

/// Checks the fields that read other fields, by `@requires` or `@fromContext`.
pub(super) fn check(merged: &Merged, schemas: &[Schema]) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    if !merged.features.keys().any(|feature| feature.is_access_control()) {
        return errors;
    }
    for schema in schemas {
        for ty in schema.types.values() {
            for field in ty.fields.values() {
                errors.extend(check_field(&merged.types, schema, ty, field));
            }
        }
    }
    errors
}

fn check_field(types: &Types, schema: &Schema, ty: &Type, field: &Field) -> Option<CompositionError> {
    let read = read(schema, ty, field);
    if read.is_empty() {
        return None;
    }
    let coordinate = format!("{}.{}", ty.name, field.name);
    let mut granted = Requirements::default();
    let parent = types.get(&ty.name)?;
    granted.add(&parent.directives);
    granted.add(&parent.fields.get(&field.name)?.directives);
    for (parent, selections) in read {
        let mut missing = None;
        walk(types, types.get(&parent)?, &selections, &mut |parent, field, _| {
            let is_enough = needed(types, parent, field).iter().all(|needed| granted.covers(needed));
            if !is_enough && missing.is_none() {
                missing = Some(format!("{}.{}", parent.name, field.name));
            }
        });
        if let Some(missing) = missing {
            let message = format!(
                "field \"{coordinate}\" reads \"{missing}\" but lacks its access requirements: repeat its @authenticated, @requiresScopes and @policy"
            );
            return Some(schema.error(Code::MissingTransitiveAuthRequirements, message, field.location));
        }
    }
    None
}

/// What a field reads: types and selections on them.
fn read(schema: &Schema, ty: &Type, field: &Field) -> Vec<(apollo_compiler::Name, Vec<Selection>)> {
    let mut read = Vec::new();
    for requires in field.directives.all(Feature::Requires) {
        read.push((ty.name.clone(), parse_selections(requires.fields()).unwrap_or_default()));
    }
    let contextual = field.arguments.values();
    for from in contextual.filter_map(|argument| argument.directives.first(Feature::FromContext)) {
        let Some((context, selection)) = from.text("field").and_then(split) else {
            continue;
        };
        let selections = parse_selections(selection).unwrap_or_default();
        let setters = schema.types.values().filter(|ty| {
            let mut contexts = ty.directives.all(Feature::Context);
            contexts.any(|applied| applied.text("name") == Some(context))
        });
        read.extend(setters.map(|setter| (setter.name.clone(), selections.clone())));
    }
    read
}

/// What it takes to read a field: its own requirements, those of its type, and of whatever stands behind interfaces.
fn needed(types: &Types, parent: &Type, field: &Field) -> Vec<Requirements> {
    let mut all = vec![Requirements::of(&field.directives)];
    if let Some(target) = types.get(field.ty.inner_named_type()) {
        all.push(Requirements::of(&target.directives));
        if matches!(target.kind, Kind::Interface | Kind::Union) {
            let names = crate::model::runtime_types(types, target);
            let behind = names.into_iter().filter_map(|name| types.get(name));
            all.extend(behind.map(|ty| Requirements::of(&ty.directives)));
        }
    }
    if parent.kind == Kind::Interface {
        let names = crate::model::runtime_types(types, parent);
        let behind = names
            .into_iter()
            .filter_map(|name| types.get(name)?.fields.get(&field.name));
        all.extend(behind.map(|field| Requirements::of(&field.directives)));
    }
    all
}

/// What an element asks of a caller.
#[derive(Debug, Default)]
struct Requirements {
    is_authenticated: bool,
    scopes: Vec<Vec<Vec<String>>>,
    policies: Vec<Vec<Vec<String>>>,
}

impl Requirements {
    fn of(directives: &Vec<Applied>) -> Self {
        let mut requirements = Self::default();
        requirements.add(directives);
        requirements
    }

    fn add(&mut self, directives: &Vec<Applied>) {
        self.is_authenticated |= directives.has(Feature::Authenticated);
        let scopes = directives.all(Feature::RequiresScopes);
        let values = scopes.filter_map(|applied| applied.argument("scopes"));
        self.scopes.extend(values.map(|value| alternatives(value)));
        let policies = directives.all(Feature::Policy);
        let values = policies.filter_map(|applied| applied.argument("policies"));
        self.policies.extend(values.map(|value| alternatives(value)));
    }

    /// Whether who fulfils these requirements fulfils others too.
    fn covers(&self, needed: &Self) -> bool {
        (self.is_authenticated || !needed.is_authenticated)
            && needed.scopes.iter().all(|needed| implies(&self.scopes, needed))
            && needed.policies.iter().all(|needed| implies(&self.policies, needed))
    }
}

/// Whether a conjunction of alternatives implies another set of alternatives.
fn implies(granted: &[Vec<Vec<String>>], needed: &[Vec<String>]) -> bool {
    let mut together: Vec<Vec<String>> = vec![Vec::new()];
    for alternatives in granted {
        let joined = together.iter().flat_map(|left| {
            alternatives
                .iter()
                .map(move |right| [left.as_slice(), right.as_slice()].concat())
        });
        together = joined.collect();
    }
    let fulfils = |held: &Vec<String>| {
        needed
            .iter()
            .any(|needed| needed.iter().all(|text| held.contains(text)))
    };
    together.iter().all(fulfils)
}
