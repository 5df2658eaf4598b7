//! `@interfaceObject`: fields that a subgraph adds to all implementations of an interface at once.

use apollo_compiler::Name;
use indexmap::IndexSet;

use super::{Merger, join::join_field_of_nobody};
use crate::model::{Field, Type};

/// A field that a subgraph has for an interface, without knowing the type that implements it.
pub(super) struct Abstracted<'a> {
    pub(super) index: usize,
    pub(super) object: &'a Type,
    pub(super) field: &'a Field,
}

impl<'a> Merger<'a> {
    /// Adds to each implementation the fields that subgraphs resolve for the interface as a whole.
    pub(super) fn add_interface_object_fields(&mut self) {
        for interface in self.interfaces() {
            let added = self.resolved_for(&interface);
            for ty in self.behind(&interface) {
                for field in &added {
                    self.add_to(&ty, field);
                }
            }
        }
    }

    /// How subgraphs that do not know a type have a field of it.
    pub(super) fn abstracted(&self, ty: &Name, field: &Name) -> Vec<Abstracted<'a>> {
        let declared = self.schemas.iter().filter_map(|schema| schema.types.get(ty));
        let interfaces = declared.flat_map(|ty| &ty.implements).collect::<IndexSet<_>>();
        let mut found = Vec::new();
        for (index, schema) in self.schemas.iter().enumerate() {
            if schema.types.contains_key(ty) {
                continue;
            }
            let objects = interfaces.iter().filter_map(|name| schema.types.get(*name));
            found.extend(objects.filter(|ty| ty.is_interface_object()).filter_map(|object| {
                let field = object.fields.get(field)?;
                Some(Abstracted { index, object, field })
            }));
        }
        found
    }

    /// Whether a subgraph resolves a field of a type for an interface of it.
    pub(super) fn is_resolved_for_interface(&self, ty: &Name, field: &Name) -> bool {
        let resolves = |it: &Abstracted<'_>| !self.schemas[it.index].usage.is_external(&it.object.name, field);
        self.abstracted(ty, field).iter().any(resolves)
    }

    /// A type that has the field already, of its own or for another interface, asks for what this one asks for too.
    fn add_to(&mut self, ty: &Name, field: &Field) {
        let has_field = self.out.types[ty].fields.contains_key(&field.name);
        if has_field {
            return self.ask_for(ty, Some(&field.name), &field.directives);
        }
        self.check_added_sharing(ty, &field.name);
        if let Some(ty) = self.out.types.get_mut(ty) {
            ty.fields.insert(field.name.clone(), field.clone());
        }
    }

    /// The merged fields that some subgraph resolves for an interface, as its implementations have them.
    fn resolved_for(&self, interface: &Name) -> Vec<Field> {
        let Some(merged) = self.out.types.get(interface) else {
            return Vec::new();
        };
        let is_resolved = |name: &Name| {
            self.schemas.iter().any(|schema| {
                let ty = schema.types.get(interface).filter(|ty| ty.is_interface_object());
                ty.is_some_and(|ty| ty.fields.contains_key(name)) && !schema.usage.is_external(interface, name)
            })
        };
        let fields = merged.fields.values().filter(|field| is_resolved(&field.name));
        fields
            .map(|field| {
                let mut field = field.clone();
                field.directives.retain(|applied| applied.name != "join__field");
                field.directives.insert(0, join_field_of_nobody());
                field
            })
            .collect()
    }
}
