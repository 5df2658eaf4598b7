//! A subgraph's schema: read, checked as GraphQL, and put into the form that is merged.

mod base;
mod fold;
mod graphql;
mod link;
mod links;
mod load;
mod names;
mod rename;
mod roots;
mod search;
mod selection;
mod shadow;
mod trim;
mod upgrade;
mod usage;

use apollo_compiler::{
    Name,
    ast::OperationType,
    parser::{SourceMap, SourceSpan},
};

pub(crate) use self::{
    base::{check_bases, check_roots},
    graphql::{Invalid, validated},
    link::Link,
    load::{load, prepare},
    names::Names,
    selection::{parse_selections, walk},
    usage::Usage,
};
use crate::{
    error::{Code, CompositionError, Location},
    model::{Applied, Definitions, Field, Type, Types},
    spec::{Feature, Version, since},
};

/// The line and the column in characters at which a part of a text begins, both from one.
pub(crate) fn line_and_column(sources: &SourceMap, span: SourceSpan) -> Option<(usize, usize)> {
    let source = sources.get(&span.file_id())?;
    // The parser's own columns are bytes, and its lines end at characters that end none in GraphQL.
    let before = source.source_text().get(..span.offset())?.replace("\r\n", "\n");
    let mut lines = before.split(['\n', '\r']);
    Some((lines.clone().count(), lines.next_back()?.chars().count() + 1))
}

/// A subgraph's schema. Root types have their usual names, and what only serves the gateway is gone.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    pub(crate) name: String,
    pub(crate) url: String,
    /// Its value of `join__Graph`.
    pub(crate) graph: Name,
    /// The version of Federation it is written in.
    pub(crate) version: Version,
    pub(crate) links: Vec<Link>,
    /// The kinds of operations it has a root for.
    pub(crate) roots: Vec<OperationType>,
    pub(crate) types: Types,
    /// The directives it defines itself.
    pub(crate) definitions: Definitions,
    /// What is applied to the schema itself.
    pub(crate) directives: Vec<Applied>,
    /// Which of its fields are external, shareable, part of keys and so on.
    pub(crate) usage: Usage,
    pub(crate) sources: SourceMap,
}

impl Schema {
    /// Where a part of the schema is in its text.
    pub(crate) fn at(&self, span: Option<SourceSpan>) -> Option<Location> {
        let (line, column) = line_and_column(&self.sources, span?)?;
        Some(Location {
            subgraph: self.name.clone(),
            line,
            column,
        })
    }

    /// An error of this subgraph alone.
    pub(crate) fn error(&self, code: Code, message: impl AsRef<str>, span: Option<SourceSpan>) -> CompositionError {
        CompositionError::new(code, format!("[{}] {}", self.name, message.as_ref()))
            .subgraph(&self.name)
            .at(self.at(span))
    }

    /// The version of Federation that has everything it links: its own, or a newer one.
    pub(crate) fn needed_version(&self) -> Version {
        let linked = self.links.iter().filter_map(|link| since(&link.identity));
        linked.fold(self.version, Version::max)
    }

    /// Whether it is written in Federation 1.
    pub(crate) fn is_federation_1(&self) -> bool {
        self.version == Version::FEDERATION_1
    }

    /// What a directive of Federation is called here.
    pub(crate) fn called(&self, feature: Feature) -> String {
        let federation = self.links.iter().find(|link| link.is_federation());
        let local = federation.map(|link| link.local(&format!("@{}", feature.name())));
        local.unwrap_or_else(|| feature.name().to_owned())
    }

    /// A field of a type.
    pub(crate) fn field(&self, type_name: &str, field: &str) -> Option<&Field> {
        self.types.get(type_name)?.fields.get(field)
    }

    /// The object types a value of a type can have here.
    pub(crate) fn runtime_types<'a>(&'a self, ty: &'a Type) -> Vec<&'a Name> {
        crate::model::runtime_types(&self.types, ty)
    }
}
