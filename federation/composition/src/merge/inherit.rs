//! Access requirements of interfaces: whoever reads through an interface must fulfil those of all types behind it.

use apollo_compiler::Name;

use super::Merger;
use crate::model::{Applied, Kind};

impl Merger<'_> {
    /// Gives each interface and its fields the access requirements of the implementations.
    pub(super) fn inherit_access(&mut self) {
        for interface in self.interfaces() {
            let behind = self.behind(&interface);
            let types = behind.iter().map(|name| &self.out.types[name]);
            let inherited = types.flat_map(|ty| ty.directives.clone()).collect::<Vec<_>>();
            self.ask_for(&interface, None, &inherited);
            let fields = self.out.types[&interface].fields.keys().cloned().collect::<Vec<_>>();
            for field in fields {
                let implementing = behind.iter().filter_map(|name| self.out.types[name].fields.get(&field));
                let inherited = implementing.flat_map(|field| field.directives.clone());
                self.ask_for(&interface, Some(&field), &inherited.collect::<Vec<_>>());
            }
        }
    }

    /// Lets a type, or a field of it, ask for what these directives ask for as well.
    pub(super) fn ask_for(&mut self, ty: &Name, field: Option<&Name>, others: &[Applied]) {
        let is_access = |applied: &Applied| applied.feature.is_some_and(|feature| feature.is_access_control());
        let mut asked = others.to_vec();
        asked.retain(is_access);
        let Some(own) = self.directives_mut(ty, field).filter(|_| !asked.is_empty()) else {
            return;
        };
        let (access, mut directives): (Vec<_>, Vec<_>) = own.drain(..).partition(is_access);
        asked.extend(access);
        let coordinate = match field {
            None => ty.to_string(),
            Some(field) => format!("{ty}.{field}"),
        };
        directives.extend(self.merge_access(&coordinate, &asked));
        if let Some(own) = self.directives_mut(ty, field) {
            *own = directives;
        }
    }

    /// The names of all interfaces.
    pub(super) fn interfaces(&self) -> Vec<Name> {
        let types = self.out.types.values();
        types
            .filter(|ty| ty.kind == Kind::Interface)
            .map(|ty| ty.name.clone())
            .collect()
    }

    /// The names of the types that implement an interface.
    pub(super) fn behind(&self, interface: &Name) -> Vec<Name> {
        let types = self.out.types.values();
        types
            .filter(|ty| ty.kind == Kind::Object && ty.implements.contains(interface))
            .map(|ty| ty.name.clone())
            .collect()
    }

    fn directives_mut(&mut self, ty: &Name, field: Option<&Name>) -> Option<&mut Vec<Applied>> {
        let ty = self.out.types.get_mut(ty)?;
        match field {
            None => Some(&mut ty.directives),
            Some(name) => ty.fields.get_mut(name).map(|field| &mut field.directives),
        }
    }
}
