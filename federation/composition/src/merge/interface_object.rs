//! `@interfaceObject`: fields that a subgraph adds to all implementations of an interface at once.

use apollo_compiler::Name;

use super::{Merger, join::join_field_of_nobody};
use crate::model::{Field, Kind, Type};

impl Merger<'_> {
    /// Adds to each implementation the fields that subgraphs resolve for the interface as a whole.
    pub(super) fn add_interface_object_fields(&mut self) {
        let interfaces = self
            .out
            .types
            .values()
            .filter(|ty| ty.kind == Kind::Interface)
            .map(|ty| ty.name.clone())
            .collect::<Vec<_>>();
        for interface in interfaces {
            let added = self.resolved_for(&interface);
            for field in &added {
                self.check_interface_sharing(&interface, &field.name);
            }
            let implementations = self
                .out
                .types
                .values_mut()
                .filter(|ty: &&mut Type| ty.kind == Kind::Object && ty.implements.contains(&interface));
            for ty in implementations {
                for field in &added {
                    ty.fields.entry(field.name.clone()).or_insert_with(|| field.clone());
                }
            }
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
