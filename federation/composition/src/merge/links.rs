//! Remarks on the specifications that subgraphs link: newer than their version of Federation, or each its own.

use std::collections::BTreeSet;

use indexmap::IndexSet;

use super::Merger;
use crate::{hint::HintCode, spec::since};

/// What all of these remarks are about.
const COORDINATE: &str = "@link";

impl Merger<'_> {
    /// Looks at what subgraphs link.
    pub(super) fn compare_links(&mut self) {
        for index in 0..self.schemas.len() {
            self.find_upgrade(index);
        }
        self.compare_majors();
        self.compare_imports();
    }

    /// A specification that is linked by itself may be newer than the version of Federation beside it.
    fn find_upgrade(&mut self, index: usize) {
        let schema = &self.schemas[index];
        let needed = schema.needed_version();
        let newer = schema.links.iter().find(|link| since(&link.identity) == Some(needed));
        let Some(link) = newer.filter(|_| needed > schema.version) else {
            return;
        };
        let message = format!(
            "subgraph \"{}\" links Federation {}, but is read as {needed}, which brought \"{}\"",
            schema.name, schema.version, link.identity
        );
        let code = HintCode::ImplicitlyUpgradedFederationVersion;
        self.hint(code, COORDINATE, message, [(index, link.location)]);
    }

    /// Where directives of several major versions are composed is an error; elsewhere it is worth a remark.
    fn compare_majors(&mut self) {
        let schemas = self.schemas.iter().enumerate();
        let linked = schemas.flat_map(|(index, schema)| schema.links.iter().map(move |link| (index, link)));
        let linked = linked.collect::<Vec<_>>();
        let identities = linked.iter().map(|(_, link)| link.identity.as_str());
        for identity in identities.collect::<IndexSet<_>>() {
            let same = linked.iter().filter(|(_, link)| link.identity == identity);
            let majors = same.clone().filter_map(|(_, link)| Some(link.version?.major));
            if majors.collect::<BTreeSet<_>>().len() > 1 {
                let message = format!("\"{identity}\" is linked in different major versions");
                let places = same.map(|(index, link)| (*index, link.location));
                self.hint(HintCode::DirectiveComposition, COORDINATE, message, places);
            }
        }
    }

    /// A directive that is composed for some subgraphs should have the same name in the others.
    fn compare_imports(&mut self) {
        let mut found = Vec::new();
        for (name, composed) in &self.composed {
            let name = format!("@{name}");
            let others = self.schemas.iter().enumerate();
            let others = others.filter(|(index, _)| !composed.subgraphs.contains(index));
            let imports = others.flat_map(|(index, schema)| schema.links.iter().map(move |link| (index, link)));
            let renamed = imports.filter(|(_, link)| {
                let mut imports = link.imports.iter();
                link.identity == composed.identity
                    && imports.any(|import| import.element == composed.element && import.alias != name)
            });
            let places = renamed.map(|(index, link)| (index, link.location)).collect::<Vec<_>>();
            if !places.is_empty() {
                found.push((name, places));
            }
        }
        for (name, places) in found {
            let message = format!(
                "{name} is composed, but has another name in {}: to be composed from there it must be imported as {name}",
                self.names(places.iter().map(|(index, _)| *index))
            );
            self.hint(HintCode::DirectiveCompositionWarn, &name, message, places);
        }
    }
}
