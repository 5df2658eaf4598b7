//! A field that several subgraphs resolve must be shareable in all of them.

use apollo_compiler::{Name, parser::SourceSpan};

use super::{Merger, field::Fields};
use crate::{
    error::Code,
    hint::HintCode,
    model::{Field, Kind},
};

/// A subgraph that resolves a field, if need be for an interface that the type implements.
struct Resolver<'a> {
    index: usize,
    is_shareable: bool,
    interface: Option<&'a Name>,
    location: Option<SourceSpan>,
}

impl<'a> Merger<'a> {
    /// Checks that subgraphs which resolve the same field all agree to.
    pub(super) fn check_sharing(&mut self, fields: &Fields<'_, 'a>) {
        let mut resolvers = Vec::new();
        for source in &fields.declared {
            resolvers.extend(self.resolver(source.index, fields.parent, source.part));
        }
        resolvers.extend(self.interface_resolvers(fields.parent, fields.name));
        let coordinate = fields.coordinate();
        self.check_resolvers(&coordinate, &resolvers);
        let indices = resolvers.iter().map(|resolver| resolver.index).collect::<Vec<_>>();
        self.compare_runtime_types(fields, &indices);
    }

    /// A shared field should return the same whichever subgraph is asked, where several return an interface or union.
    fn compare_runtime_types(&mut self, fields: &Fields<'_, 'a>, resolvers: &[usize]) {
        let declared = fields.declared.iter();
        let resolved = declared.filter(|source| resolvers.contains(&source.index));
        let resolved = resolved.collect::<Vec<_>>();
        let returned = resolved.iter().filter_map(|source| {
            let schema = &self.schemas[source.index];
            let ty = schema
                .types
                .get(source.part.ty.inner_named_type())
                .filter(|ty| ty.is_composite() && !ty.is_interface_object())?;
            let mut names = schema.runtime_types(ty);
            names.sort();
            let names = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            Some((source.index, ty.kind != Kind::Object, format!("{{{names}}}")))
        });
        let returned = returned.collect::<Vec<_>>();
        let is_abstract = returned.iter().filter(|(_, is_abstract, _)| *is_abstract).count() > 1;
        if !is_abstract || returned.iter().all(|(_, _, names)| *names == returned[0].2) {
            return;
        }
        let said = returned.iter().map(|(index, _, names)| (*index, names));
        let said = self.disagreement("the types", said);
        let coordinate = fields.coordinate();
        let message = format!("shared field \"{coordinate}\" can return different types: {said}");
        let places = resolved.iter().map(|source| (source.index, source.part.location));
        let code = HintCode::InconsistentRuntimeTypesForShareableReturn;
        self.hint(code, &coordinate, message, places);
    }

    /// Checks a field that a type has by `@interfaceObject` alone.
    pub(super) fn check_added_sharing(&mut self, ty: &Name, field: &Name) {
        let resolvers = self.interface_resolvers(ty, field);
        self.check_resolvers(&format!("{ty}.{field}"), &resolvers);
    }

    fn resolver(&self, index: usize, ty: &Name, field: &Field) -> Option<Resolver<'a>> {
        let usage = &self.schemas[index].usage;
        let resolves =
            !usage.is_fully_external(ty, &field.name) && self.overrides.get(index, ty, &field.name).is_none();
        resolves.then(|| Resolver {
            index,
            is_shareable: usage.is_shareable(ty, &field.name),
            interface: None,
            location: field.location,
        })
    }

    /// The subgraphs that resolve a field of a type for an interface they know as an object.
    fn interface_resolvers(&self, ty: &Name, field: &Name) -> Vec<Resolver<'a>> {
        let abstracted = self.abstracted(ty, field).into_iter();
        let resolvers = abstracted.filter_map(|it| {
            let resolver = self.resolver(it.index, &it.object.name, it.field)?;
            Some(Resolver {
                interface: Some(&it.object.name),
                ..resolver
            })
        });
        resolvers.collect()
    }

    fn check_resolvers(&mut self, coordinate: &str, resolvers: &[Resolver<'_>]) {
        let unshared = resolvers
            .iter()
            .filter(|resolver| !resolver.is_shareable)
            .collect::<Vec<_>>();
        if resolvers.len() < 2 || unshared.is_empty() {
            return;
        }
        let through = resolvers.iter().filter_map(|resolver| {
            let interface = resolver.interface?;
            Some(format!(
                "; {} resolves it through the @interfaceObject \"{interface}\"",
                self.names([resolver.index])
            ))
        });
        let through = through.collect::<String>();
        let message = format!(
            "field \"{coordinate}\" is resolved by {} but is not @shareable in {}: mark it @shareable everywhere, or resolve it in one subgraph{through}",
            self.names(resolvers.iter().map(|resolver| resolver.index)),
            self.names(unshared.iter().map(|resolver| resolver.index)),
        );
        let places = resolvers.iter().map(|resolver| (resolver.index, resolver.location));
        self.error(Code::InvalidFieldSharing, message, places);
    }
}
