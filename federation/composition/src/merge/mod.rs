//! Merging: what the supergraph says about each element that subgraphs declare.

mod alternatives;
mod argument;
mod composed;
mod context;
mod default;
mod description;
mod directive;
mod enums;
mod executable;
mod external;
mod field;
mod inherit;
mod input;
mod interface_object;
mod join;
mod kinds;
mod links;
mod overrides;
mod sharing;
mod size;
mod strategy;
mod type_ref;
mod types;
mod value;

use std::collections::{BTreeMap, HashSet};

use apollo_compiler::{Name, parser::SourceSpan};
use indexmap::{IndexMap, IndexSet};

pub(crate) use self::{
    alternatives::{Alternatives, MOST_ALTERNATIVES, alternatives, conjunction, fulfils},
    composed::ComposedLink,
    executable::is_executable_location,
    value::is_same_value,
};
use self::{composed::Composed, overrides::Overrides};
use crate::{
    error::{Code, CompositionError},
    hint::{Hint, HintCode},
    model::{Applied, Definitions, Type, Types},
    spec::Feature,
    subgraph::Schema,
};

/// What merging yields; it is complete only if there are no errors.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    pub(crate) types: Types,
    /// Directives that subgraphs define and the supergraph keeps.
    pub(crate) definitions: Definitions,
    /// What is applied to the schema itself: tags, and links of composed directives.
    pub(crate) directives: Vec<Applied>,
    /// The features whose specifications the supergraph must link, and what their directives are called.
    pub(crate) features: BTreeMap<Feature, Name>,
    /// The specifications of composed directives.
    pub(crate) links: Vec<ComposedLink>,
    pub(crate) errors: Vec<CompositionError>,
    pub(crate) hints: Vec<Hint>,
}

impl Merged {
    /// Whether a directive is there by `@composeDirective`, which clients do not see.
    pub(crate) fn is_composed(&self, directive: &str) -> bool {
        let mut imports = self.links.iter().flat_map(|link| &link.imports);
        imports.any(|(_, alias)| alias.strip_prefix('@') == Some(directive))
    }

    /// Whether a type belongs to the specification of such a directive.
    pub(crate) fn is_of_composed(&self, ty: &str) -> bool {
        let mut specs = self.links.iter().map(ComposedLink::name);
        specs.any(|spec| ty.strip_prefix(spec).is_some_and(|rest| rest.starts_with("__")))
    }
}

/// Merges subgraphs.
pub(crate) fn merge(schemas: &[Schema]) -> Merged {
    let mut merger = Merger::new(schemas);
    merger.check_kinds();
    merger.find_overrides();
    merger.compose_directives();
    merger.compare_links();
    merger.merge_types();
    merger.add_interface_object_fields();
    merger.inherit_access();
    merger.merge_schema_directives();
    merger.check_spelling();
    merger.check_composed();
    merger.out
}

/// The work in progress.
struct Merger<'a> {
    schemas: &'a [Schema],
    overrides: Overrides,
    /// Names of custom directives that are composed, as each subgraph calls them.
    composed: IndexMap<Name, Composed>,
    /// Types that cannot be merged, as subgraphs disagree what they are.
    mismatched: HashSet<Name>,
    /// Which subgraphs call a merged directive what.
    spelled: BTreeMap<Feature, IndexMap<Name, Vec<usize>>>,
    out: Merged,
}

/// A part of a schema with the index of the subgraph it comes from.
#[derive(Debug)]
struct Source<'a, T: ?Sized> {
    index: usize,
    part: &'a T,
}

impl<T: ?Sized> Clone for Source<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Source<'_, T> {}

impl<'a, T: ?Sized> Source<'a, T> {
    /// A part of this part.
    fn map<U: ?Sized>(self, map: impl FnOnce(&'a T) -> &'a U) -> Source<'a, U> {
        Source {
            index: self.index,
            part: map(self.part),
        }
    }

    /// A part of this part that may not be there.
    fn find<U: ?Sized>(self, find: impl FnOnce(&'a T) -> Option<&'a U>) -> Option<Source<'a, U>> {
        let part = find(self.part)?;
        Some(self.map(|_| part))
    }
}

/// What some of these parts have.
fn parts<'a, T, U>(of: &[Source<'a, T>], find: impl Fn(&'a T) -> Option<&'a U>) -> Vec<Source<'a, U>> {
    of.iter().filter_map(|source| source.find(&find)).collect()
}

impl<'a> Merger<'a> {
    fn new(schemas: &'a [Schema]) -> Self {
        Self {
            schemas,
            overrides: Overrides::default(),
            composed: IndexMap::new(),
            mismatched: HashSet::new(),
            spelled: BTreeMap::new(),
            out: Merged::default(),
        }
    }

    /// The schemas of all subgraphs.
    fn schemas(&self) -> impl Iterator<Item = Source<'a, Schema>> {
        let schemas = self.schemas.iter().enumerate();
        schemas.map(|(index, part)| Source { index, part })
    }

    /// The subgraphs' declarations of a type.
    fn sources(&self, name: &Name) -> Vec<Source<'a, Type>> {
        let declared = self.schemas();
        declared
            .filter_map(|source| source.find(|schema| schema.types.get(name)))
            .collect()
    }

    /// The names of all types, in the order of their first declaration.
    fn type_names(&self) -> Vec<Name> {
        let names = self.schemas.iter().flat_map(|schema| schema.types.keys());
        let mergeable = names.filter(|name| !self.mismatched.contains(*name));
        mergeable.cloned().collect::<IndexSet<_>>().into_iter().collect()
    }

    /// Reports an error that names the subgraphs at these places.
    fn error(&mut self, code: Code, message: String, places: impl IntoIterator<Item = (usize, Option<SourceSpan>)>) {
        let mut error = CompositionError::new(code, message);
        for (index, span) in places {
            let schema = &self.schemas[index];
            error = error.subgraph(&schema.name).at(schema.at(span));
        }
        self.out.errors.push(error);
    }

    /// Leaves a hint that names the subgraphs at these places.
    fn hint(
        &mut self,
        code: HintCode,
        coordinate: &str,
        message: String,
        places: impl IntoIterator<Item = (usize, Option<SourceSpan>)>,
    ) {
        let mut hint = Hint {
            code,
            message,
            coordinate: coordinate.to_owned(),
            subgraphs: Vec::new(),
            locations: Vec::new(),
        };
        for (index, span) in places {
            let schema = &self.schemas[index];
            hint.subgraphs.push(schema.name.clone());
            hint.locations.extend(schema.at(span));
        }
        self.out.hints.push(hint);
    }

    /// `subgraph "a"` or `subgraphs "a" and "b"`, for messages.
    fn names(&self, indices: impl IntoIterator<Item = usize>) -> String {
        let mut names = Vec::new();
        for index in indices {
            let quoted = format!("\"{}\"", self.schemas[index].name);
            if !names.contains(&quoted) {
                names.push(quoted);
            }
        }
        match names.as_slice() {
            [] => "no subgraph".to_owned(),
            [one] => format!("subgraph {one}"),
            [rest @ .., last] => format!("subgraphs {} and {last}", rest.join(", ")),
        }
    }

    /// Who says what: `type "Int" in subgraph "a" but type "String" in subgraph "b"`.
    fn disagreement<T: ToString>(&self, label: &str, said: impl IntoIterator<Item = (usize, T)>) -> String {
        let mut by_text: IndexMap<String, Vec<usize>> = IndexMap::new();
        for (index, what) in said {
            by_text.entry(what.to_string()).or_default().push(index);
        }
        let parts = by_text
            .into_iter()
            .map(|(text, indices)| format!("{label} {text} in {}", self.names(indices)))
            .collect::<Vec<_>>();
        parts.join(" but ")
    }
}
