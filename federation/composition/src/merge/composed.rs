//! `@composeDirective`: custom directives that the supergraph carries.

use apollo_compiler::Name;
use indexmap::IndexMap;

use super::Merger;
use crate::{
    error::{Code, CompositionError},
    hint::HintCode,
    model::{Defined, Directives},
    spec::{Feature, SPECS, Version},
    subgraph::{Link, Schema},
};

/// The specifications whose directives are composed by themselves or not at all.
const NOT_COMPOSED: [&str; 11] = [
    "core",
    "join",
    "link",
    "tag",
    "inaccessible",
    "federation",
    "authenticated",
    "requiresScopes",
    "source",
    "context",
    "cost",
];
/// The directives that are composed by themselves, and may be asked for although that is of no use.
const BY_DEFAULT: [Feature; 6] = [
    Feature::Tag,
    Feature::Inaccessible,
    Feature::Authenticated,
    Feature::RequiresScopes,
    Feature::Policy,
    Feature::Context,
];

/// A custom directive that the supergraph has.
#[derive(Clone, Debug)]
pub(super) struct Composed {
    pub(super) definition: Defined,
    /// The subgraph whose definition that is.
    pub(super) from: usize,
    /// The subgraphs that ask for it.
    pub(super) subgraphs: Vec<usize>,
    /// The specification it belongs to.
    pub(super) identity: String,
    /// Its name there, with `@`.
    pub(super) element: String,
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

impl ComposedLink {
    /// What the specification calls itself.
    pub(crate) fn name(&self) -> &str {
        self.identity.rsplit('/').next().unwrap_or_default()
    }
}

impl Merger<'_> {
    /// Reads every `@composeDirective`.
    pub(super) fn compose_directives(&mut self) {
        for (index, schema) in self.schemas.iter().enumerate() {
            for applied in schema.directives.all(Feature::ComposeDirective) {
                let asked = asked(schema, applied.text("name"));
                match asked.and_then(|asked| self.unless_taken(asked)) {
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
                    Ok(Some((link, element, definition))) => match hidden_argument(schema, definition) {
                        Some(error) => self.out.errors.push(error),
                        None => self.compose(index, link, element, definition),
                    },
                }
            }
        }
        self.link_composed();
    }

    /// What is asked, unless its name is that of a directive that Federation composes from some subgraph.
    fn unless_taken<'s>(&self, asked: Option<Asked<'s>>) -> Result<Option<Asked<'s>>, String> {
        let Some((_, _, definition)) = &asked else {
            return Ok(asked);
        };
        for feature in [Feature::Tag, Feature::Inaccessible] {
            let is_taken = |schema: &&Schema| schema.called(feature) == definition.name.as_str();
            if let Some(schema) = self.schemas.iter().find(is_taken) {
                return Err(format!(
                    "@{} cannot be composed, as Federation's @{} has that name in \"{}\": import one of them under another name",
                    definition.name,
                    feature.name(),
                    schema.name
                ));
            }
        }
        Ok(asked)
    }

    /// A name in the supergraph is either that of a composed directive or of one of Federation.
    pub(super) fn check_composed(&mut self) {
        for (name, composed) in self.composed.clone() {
            if self.out.features.values().any(|local| *local == name) {
                let message = format!(
                    "@{name} is both a directive of \"{}\" that is composed and one of Federation: import one of them under another name",
                    composed.identity
                );
                let places = composed.subgraphs.into_iter().map(|index| (index, None));
                self.error(Code::InvalidLinkDirectiveUsage, message, places.collect::<Vec<_>>());
            }
        }
    }

    fn compose(&mut self, index: usize, link: &Link, element: String, definition: &Defined) {
        let fresh = Composed {
            definition: definition.clone(),
            from: index,
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
                    known.from = index;
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

/// What is said of a directive whose argument is `@inaccessible`.
fn hidden_argument(schema: &Schema, definition: &Defined) -> Option<CompositionError> {
    let mut arguments = definition.arguments.values();
    let hidden = arguments.find(|argument| argument.directives.has(Feature::Inaccessible))?;
    let message = format!(
        "argument \"@{}({}:)\" is @inaccessible, which no argument of a composed directive can be: remove @inaccessible",
        definition.name, hidden.name
    );
    Some(schema.error(Code::DisallowedInaccessible, message, hidden.location))
}

/// What is to be composed: where it comes from, what it is called there, and its definition.
type Asked<'s> = (&'s Link, String, &'s Defined);

/// What a `@composeDirective` asks for; nothing, if it is composed anyway.
fn asked<'s>(schema: &'s Schema, name: Option<&str>) -> Result<Option<Asked<'s>>, String> {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Err("@composeDirective must name a directive".to_owned());
    };
    let Some(bare) = name.strip_prefix('@') else {
        return Err(format!("\"{name}\" in @composeDirective must begin with \"@\""));
    };
    let link = schema.links.iter().find_map(|link| Some((link, link.element(name)?)));
    if let Some((link, element)) = &link
        && link
            .identity
            .strip_prefix(SPECS)
            .is_some_and(|spec| NOT_COMPOSED.contains(&spec))
    {
        let feature = Feature::FEDERATION
            .into_iter()
            .find(|feature| element.strip_prefix('@') == Some(feature.name()));
        return match feature {
            Some(feature) if BY_DEFAULT.contains(&feature) => Ok(None),
            _ => Err(format!("{name} belongs to Federation and cannot be composed")),
        };
    }
    let Some(definition) = schema.definitions.get(bare) else {
        return Err(format!(
            "{name} in @composeDirective is not defined: define it, or remove it there"
        ));
    };
    match link {
        Some((link, element)) if link.local(&element) != bare => Err(format!(
            "{name} cannot be composed: \"{element}\" of \"{}\" is imported as @{}",
            link.identity,
            link.local(&element)
        )),
        Some((link, element)) => Ok(Some((link, element, definition))),
        None => Err(format!(
            "{name} cannot be composed: no @link says which specification it belongs to"
        )),
    }
}
