//! Access requirements are transitive: a field computed from protected data must be protected as well.

use apollo_compiler::{Name, ast::Selection};

use crate::{
    context::split,
    error::{Code, CompositionError},
    merge::{Alternatives, MOST_ALTERNATIVES, Merged, alternatives, conjunction, fulfils},
    model::{Applied, Directives, Field, Type, Types, runtime_types},
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

/// What a field reads.
struct Read {
    /// The type it is read from; nothing where that is the type that has the field.
    from: Option<Name>,
    selections: Vec<Selection>,
}

fn check_field(types: &Types, schema: &Schema, ty: &Type, field: &Field) -> Option<CompositionError> {
    let read = read(schema, field);
    if read.is_empty() {
        return None;
    }
    let coordinate = format!("{}.{}", ty.name, field.name);
    // What an interface asks for comes from all its types together. The field is computed for each of them alone.
    let owners = runtime_types(types, types.get(&ty.name)?);
    for owner in owners.into_iter().filter_map(|name| types.get(name)) {
        let Some(own) = owner.fields.get(&field.name) else {
            continue;
        };
        let Some(granted) = Granted::to(&[&owner.directives, &own.directives]) else {
            let message = format!(
                "field \"{coordinate}\" and its type ask for more than {MOST_ALTERNATIVES} alternatives together: let them have more in common"
            );
            return Some(schema.error(Code::UnsupportedFeature, message, field.location));
        };
        if let Some(missing) = read.iter().find_map(|read| granted.lacks(types, owner, read)) {
            let message = format!(
                "field \"{coordinate}\" reads \"{missing}\" but lacks its access requirements: repeat its @authenticated, @requiresScopes and @policy"
            );
            return Some(schema.error(Code::MissingTransitiveAuthRequirements, message, field.location));
        }
    }
    None
}

fn read(schema: &Schema, field: &Field) -> Vec<Read> {
    let mut read = Vec::new();
    for requires in field.directives.all(Feature::Requires) {
        read.push(Read {
            from: None,
            selections: parse_selections(requires.fields()).unwrap_or_default(),
        });
    }
    let contextual = field.arguments.values();
    for from in contextual.filter_map(|argument| argument.directives.first(Feature::FromContext)) {
        let Some((context, selection)) = from.text("field").and_then(split) else {
            continue;
        };
        let setters = schema.types.values().filter(|ty| {
            let mut contexts = ty.directives.all(Feature::Context);
            contexts.any(|applied| applied.text("name") == Some(context))
        });
        read.extend(setters.map(|setter| Read {
            from: Some(setter.name.clone()),
            selections: parse_selections(selection).unwrap_or_default(),
        }));
    }
    read
}

/// What is known of whoever reads a field: the alternatives of what they hold.
struct Granted {
    is_authenticated: bool,
    scopes: Alternatives,
    policies: Alternatives,
}

impl Granted {
    /// To those whom these directives let pass; nothing, if there are too many ways to.
    fn to(directives: &[&Vec<Applied>]) -> Option<Self> {
        let asked = directives.iter().map(|directives| Asked::by(directives));
        let asked = asked.collect::<Vec<_>>();
        Some(Self {
            is_authenticated: asked.iter().any(|asked| asked.is_authenticated),
            scopes: conjunction(asked.iter().flat_map(|asked| asked.scopes.clone()))?,
            policies: conjunction(asked.iter().flat_map(|asked| asked.policies.clone()))?,
        })
    }

    /// A field among those read that asks for more than is granted.
    fn lacks(&self, types: &Types, owner: &Type, read: &Read) -> Option<String> {
        let from = read.from.as_ref().map_or(Some(owner), |name| types.get(name))?;
        let mut missing = None;
        walk(types, from, &read.selections, &mut |parent, field, _| {
            let target = types.get(field.ty.inner_named_type());
            let directives = [&parent.directives, &field.directives].into_iter();
            let mut directives = directives.chain(target.map(|target| &target.directives));
            let is_enough = directives.all(|directives| self.covers(&Asked::by(directives)));
            if !is_enough && missing.is_none() {
                missing = Some(format!("{}.{}", parent.name, field.name));
            }
        });
        missing
    }

    fn covers(&self, asked: &Asked) -> bool {
        let is_held = |held: &Alternatives, asked: &Alternatives| held.iter().all(|held| fulfils(held, asked));
        (self.is_authenticated || !asked.is_authenticated)
            && asked.scopes.iter().all(|asked| is_held(&self.scopes, asked))
            && asked.policies.iter().all(|asked| is_held(&self.policies, asked))
    }
}

/// What an element asks of a caller.
struct Asked {
    is_authenticated: bool,
    scopes: Option<Alternatives>,
    policies: Option<Alternatives>,
}

impl Asked {
    fn by(directives: &Vec<Applied>) -> Self {
        let list = |feature, name| {
            let applied = directives.first(feature)?;
            applied.argument(name).map(|value| alternatives(value))
        };
        Self {
            is_authenticated: directives.has(Feature::Authenticated),
            scopes: list(Feature::RequiresScopes, "scopes"),
            policies: list(Feature::Policy, "policies"),
        }
    }
}
