//! `@composeDirective`: custom directives that the supergraph carries.

use apollo_compiler::{Name, Node, ast::DirectiveDefinition};
use indexmap::IndexMap;

use super::Merger;
use crate::{
    error::Code,
    hint::HintCode,
    model::Directives,
    spec::{Feature, Version},
    subgraph::{Link, Schema},
};

/// A custom directive that the supergraph has.
#[derive(Clone, Debug)]
pub(super) struct Composed {
    pub(super) definition: Node<DirectiveDefinition>,
    /// The subgraphs that ask for it.
    pub(super) subgraphs: Vec<usize>,
    identity: String,
    element: String,
    version: Option<Version>,
}

/// The specification of composed directives, as the supergraph links it.
#[derive(Clone, Debug)]
pub(crate) struct ComposedLink {
    pub(crate) identity: String,
    pub(crate) version: Option<Version>,
    /// Names in the specification and in the supergraph, both with `@`.
    pub(crate) imports: Vec<(String, String)>,
}

impl Merger<'_> {
    /// Reads every `@composeDirective`.
    pub(super) fn compose_directives(&mut self) {
        for (index, schema) in self.schemas.iter().enumerate() {
            for applied in schema.directives.all(Feature::ComposeDirective) {
                match asked(schema, applied.text("name")) {
                    Err(message) => {
                        let error = schema.error(Code::DirectiveCompositionError, message, applied.location);
                        self.out.errors.push(error);
                    }
                    Ok(None) => {
                        let name = applied.text("name").unwrap_or_default();
                        let message = format!("{name} is composed anyway: it need not be named by @composeDirective");
                        self.hint(
                            HintCode::DirectiveComposition,
                            name,
                            message,
                            [(index, applied.location)],
                        );
                    }
                    Ok(Some((link, element, definition))) => self.compose(index, link, element, definition),
                }
            }
        }
        self.link_composed();
    }

    fn compose(&mut self, index: usize, link: &Link, element: String, definition: &Node<DirectiveDefinition>) {
        let fresh = Composed {
            definition: definition.clone(),
            subgraphs: vec![index],
            identity: link.identity.clone(),
            element,
            version: link.version,
        };
        let same = |(_, other): &(&Name, &Composed)| other.identity == fresh.identity && other.element == fresh.element;
        let conflict = match self.composed.get(&definition.name) {
            Some(known) if known.identity != fresh.identity || known.element != fresh.element => Some(format!(
                "@{} comes from different specifications in different subgraphs: link the same one",
                definition.name
            )),
            _ => self
                .composed
                .iter()
                .find(|entry| same(entry) && **entry.0 != *definition.name)
                .map(|(name, _)| {
                    format!(
                        "{} of \"{}\" has different names in different subgraphs, @{name} and @{}: import it under one name",
                        fresh.element, fresh.identity, definition.name
                    )
                }),
        };
        if let Some(message) = conflict {
            return self.error(Code::DirectiveCompositionError, message, [(index, link.location)]);
        }
        let major = |version: Option<Version>| version.map(|version| version.major);
        let clash = self
            .composed
            .values()
            .any(|other| other.identity == fresh.identity && major(other.version) != major(fresh.version));
        if clash {
            let message = format!(
                "\"{}\" is linked in different major versions: its directives cannot be composed",
                fresh.identity
            );
            return self.error(Code::DirectiveCompositionError, message, [(index, link.location)]);
        }
        match self.composed.get_mut(&definition.name) {
            None => {
                self.composed.insert(definition.name.clone(), fresh);
            }
            Some(known) => {
                known.subgraphs.push(index);
                if fresh.version >= known.version {
                    known.definition = fresh.definition;
                    known.version = fresh.version;
                }
            }
        }
    }

    fn link_composed(&mut self) {
        let mut links: IndexMap<&str, ComposedLink> = IndexMap::new();
        for (name, composed) in &self.composed {
            let link = links.entry(&composed.identity).or_insert_with(|| ComposedLink {
                identity: composed.identity.clone(),
                version: None,
                imports: Vec::new(),
            });
            link.version = link.version.max(composed.version);
            link.imports.push((composed.element.clone(), format!("@{name}")));
        }
        self.out.links = links.into_values().collect();
    }
}

/// What a `@composeDirective` asks for; nothing, if it is composed anyway.
#[expect(clippy::type_complexity, reason = "it is taken apart at once by its only caller")]
fn asked<'s>(
    schema: &'s Schema,
    name: Option<&str>,
) -> Result<Option<(&'s Link, String, &'s Node<DirectiveDefinition>)>, String> {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Err("@composeDirective must name a directive".to_owned());
    };
    let Some(bare) = name.strip_prefix('@') else {
        return Err(format!("\"{name}\" in @composeDirective must begin with \"@\""));
    };
    let link = schema.links.iter().find_map(|link| Some((link, link.element(name)?)));
    if let Some((link, element)) = &link
        && (link.is_federation() || link.is_link())
    {
        let feature = Feature::FEDERATION
            .into_iter()
            .find(|feature| element.strip_prefix('@') == Some(feature.name()));
        return match feature {
            Some(feature) if feature.is_merged() || feature == Feature::Context => Ok(None),
            _ => Err(format!("{name} belongs to Federation and cannot be composed")),
        };
    }
    let Some(definition) = schema.definitions.get(bare) else {
        return Err(format!(
            "{name} in @composeDirective is not defined: define it, or remove it there"
        ));
    };
    match link {
        Some((link, element)) => Ok(Some((link, element, definition))),
        None => Err(format!(
            "{name} cannot be composed: no @link says which specification it belongs to"
        )),
    }
}
