//! What must hold of a type in all subgraphs before it can be merged.

use super::Merger;
use crate::{
    error::Code,
    model::{Kind, Type},
};

impl Merger<'_> {
    /// Checks that each type has one kind.
    pub(super) fn check_kinds(&mut self) {
        for name in self.type_names() {
            let sources = self.sources(&name);
            let places = sources.iter().map(|source| (source.index, source.part.location));
            let first = merged_kind(sources[0].part);
            if sources.iter().any(|source| merged_kind(source.part) != first) {
                let said = sources.iter().map(|source| (source.index, describe(source.part)));
                let said = self.disagreement("", said);
                let message = format!("type \"{name}\" has mismatched kinds: it is defined as{said}");
                self.error(Code::TypeKindMismatch, message, places);
                self.mismatched.insert(name);
                continue;
            }
            if sources.iter().all(|source| source.part.is_interface_object()) {
                let message = format!(
                    "type \"{name}\" is an @interfaceObject in every subgraph that defines it: one of them must define the interface"
                );
                self.error(Code::InterfaceObjectUsageError, message, places);
            }
        }
    }
}

/// The kind a subgraph's type has in the supergraph.
pub(super) fn merged_kind(ty: &Type) -> Kind {
    if ty.is_interface_object() {
        Kind::Interface
    } else {
        ty.kind
    }
}

fn describe(ty: &Type) -> String {
    if ty.is_interface_object() {
        return format!("{} with @interfaceObject", ty.kind.describe());
    }
    ty.kind.describe().to_owned()
}
