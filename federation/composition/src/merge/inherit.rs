//! Access requirements of interfaces: whoever reads through an interface must fulfil those of all types behind it.

use apollo_compiler::Name;

use super::{Merger, Source};
use crate::model::{Applied, Field, Kind};

impl Merger<'_> {
    /// Gives each interface and its fields the access requirements of the implementations.
    pub(super) fn inherit_access(&mut self) {
        let interfaces = self.out.types.values().filter(|ty| ty.kind == Kind::Interface);
        let interfaces = interfaces
            .map(|ty| (ty.name.clone(), ty.fields.keys().cloned().collect::<Vec<_>>()))
            .collect::<Vec<_>>();
        for (interface, fields) in interfaces {
            let behind = self.behind(&interface);
            let inherited = behind.iter().map(|name| self.out.types[name].directives.clone());
            let inherited = inherited.collect::<Vec<_>>();
            self.inherit(&interface, None, inherited);
            for field in fields {
                let implementing = behind.iter().filter_map(|name| self.out.types[name].fields.get(&field));
                let inherited = implementing
                    .map(|field: &Field| field.directives.clone())
                    .collect::<Vec<_>>();
                self.inherit(&interface, Some(&field), inherited);
            }
        }
    }

    fn behind(&self, interface: &Name) -> Vec<Name> {
        let types = self.out.types.values();
        types
            .filter(|ty| ty.kind == Kind::Object && ty.implements.contains(interface))
            .map(|ty| ty.name.clone())
            .collect()
    }

    fn inherit(&mut self, interface: &Name, field: Option<&Name>, mut sources: Vec<Vec<Applied>>) {
        let Some(ty) = self.out.types.get_mut(interface) else {
            return;
        };
        let own = match field {
            None => &mut ty.directives,
            Some(name) => match ty.fields.get_mut(name) {
                Some(field) => &mut field.directives,
                None => return,
            },
        };
        let is_access = |applied: &Applied| applied.feature.is_some_and(|feature| feature.is_access_control());
        sources.push(own.clone());
        own.retain(|applied| !is_access(applied));
        for source in &mut sources {
            source.retain(|applied| is_access(applied));
        }
        let sources = sources.iter().map(|part| Source { index: 0, part });
        let coordinate = match field {
            None => interface.to_string(),
            Some(field) => format!("{interface}.{field}"),
        };
        let mut merged = Vec::new();
        self.merge_directives(&coordinate, &sources.collect::<Vec<_>>(), &mut merged);
        if let Some(ty) = self.out.types.get_mut(interface) {
            match field {
                None => ty.directives.extend(merged),
                Some(name) => {
                    if let Some(field) = ty.fields.get_mut(name) {
                        field.directives.extend(merged);
                    }
                }
            }
        }
    }
}
