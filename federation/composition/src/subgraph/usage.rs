//! What a subgraph's fields are to federation: external, provided, shareable, part of a key.

use std::collections::HashSet;

use apollo_compiler::{Name, ast::Selection};

use super::{Schema, parse_selections, walk};
use crate::{
    model::{Applied, Directives, Field, Kind, Type},
    spec::Feature,
};

/// Sets of fields by type and name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage {
    external: HashSet<(Name, Name)>,
    provided: HashSet<(Name, Name)>,
    shareable: HashSet<(Name, Name)>,
    keys: HashSet<(Name, Name)>,
    required: HashSet<(Name, Name)>,
    interface: HashSet<(Name, Name)>,
    context: HashSet<(Name, Name)>,
}

impl Usage {
    /// Looks through a schema.
    pub(crate) fn of(schema: &Schema) -> Self {
        let mut usage = Self::default();
        for ty in schema.types.values() {
            for key in ty.directives.all(Feature::Key) {
                collect(schema, ty, key.fields(), &mut usage.keys);
            }
            for context in ty.directives.all(Feature::Context) {
                usage.collect_context(schema, ty, context.text("name").unwrap_or_default());
            }
            for field in ty.fields.values() {
                usage.collect_field(schema, ty, field);
            }
        }
        for ty in schema.types.values() {
            usage.collect_interfaces(schema, ty);
        }
        usage.collect_external(schema);
        usage
    }

    /// Whether the subgraph needs the field from elsewhere.
    pub(crate) fn is_external(&self, ty: &Name, field: &Name) -> bool {
        contains(&self.external, ty, field)
    }

    /// Whether the subgraph resolves the field on no path at all.
    pub(crate) fn is_fully_external(&self, ty: &Name, field: &Name) -> bool {
        self.is_external(ty, field) && !contains(&self.provided, ty, field)
    }

    /// Whether several subgraphs may resolve the field as far as this one is concerned.
    pub(crate) fn is_shareable(&self, ty: &Name, field: &Name) -> bool {
        contains(&self.shareable, ty, field)
            || contains(&self.keys, ty, field)
            || (self.is_external(ty, field) && contains(&self.provided, ty, field))
    }

    /// Whether a federation directive or an interface needs the field.
    pub(crate) fn is_used(&self, ty: &Name, field: &Name) -> bool {
        [
            &self.keys,
            &self.provided,
            &self.required,
            &self.interface,
            &self.context,
        ]
        .into_iter()
        .any(|set| contains(set, ty, field))
    }

    /// Marks a field as shareable.
    pub(crate) fn share(&mut self, ty: &Name, field: &Name) {
        self.shareable.insert((ty.clone(), field.clone()));
    }

    fn collect_field(&mut self, schema: &Schema, ty: &Type, field: &Field) {
        let coordinate = (ty.name.clone(), field.name.clone());
        if field.directives.has(Feature::External) {
            self.external.insert(coordinate.clone());
        }
        if field.directives.has(Feature::Shareable) {
            self.shareable.insert(coordinate);
        }
        for requires in field.directives.all(Feature::Requires) {
            collect(schema, ty, requires.fields(), &mut self.required);
        }
        for provides in field.directives.all(Feature::Provides) {
            if let Some(target) = schema.types.get(field.ty.inner_named_type()) {
                collect(schema, target, provides.fields(), &mut self.provided);
            }
        }
    }

    /// A context's selection is read on every type that sets the context.
    fn collect_context(&mut self, schema: &Schema, ty: &Type, context: &str) {
        let arguments = schema
            .types
            .values()
            .flat_map(|ty| ty.fields.values())
            .flat_map(|field| field.arguments.values());
        for from in arguments.filter_map(|argument| argument.directives.first(Feature::FromContext)) {
            let Some((name, selection)) = from.text("field").and_then(crate::context::split) else {
                continue;
            };
            if name == context {
                collect(schema, ty, selection, &mut self.context);
            }
        }
    }

    fn collect_interfaces(&mut self, schema: &Schema, ty: &Type) {
        for interface in ty.implements.iter().filter_map(|name| schema.types.get(name)) {
            for field in interface.fields.keys() {
                self.interface.insert((ty.name.clone(), field.clone()));
            }
        }
    }

    /// The key of an extension had to be `@external` in Federation 1, and often still is: that means nothing.
    fn collect_external(&mut self, schema: &Schema) {
        for ty in schema.types.values() {
            let mut keys = HashSet::new();
            let is_extension = |key: &&Applied| key.is_on_extension || ty.directives.has(Feature::Extends);
            for key in ty.directives.all(Feature::Key).filter(is_extension) {
                collect(schema, ty, key.fields(), &mut keys);
            }
            // Federation 1 did not mean the fields of other types.
            let is_meant = |parent: &Name| *parent == ty.name || !(schema.is_federation_1() && ty.is_extension);
            keys.retain(|(parent, _)| is_meant(parent));
            self.external.retain(|coordinate| !keys.contains(coordinate));
        }
    }
}

/// Adds the fields of a selection. A field of an interface stands for that of each implementation too.
fn collect(schema: &Schema, ty: &Type, text: &str, into: &mut HashSet<(Name, Name)>) {
    let selections: Vec<Selection> = parse_selections(text).unwrap_or_default();
    walk(&schema.types, ty, &selections, &mut |parent, field, _| {
        into.insert((parent.name.clone(), field.name.clone()));
        if parent.kind == Kind::Interface {
            for name in schema.runtime_types(parent) {
                into.insert((name.clone(), field.name.clone()));
            }
        }
    });
}

fn contains(set: &HashSet<(Name, Name)>, ty: &Name, field: &Name) -> bool {
    // Names are cheap to clone: a pointer and a position.
    set.contains(&(ty.clone(), field.clone()))
}
