//! What a subgraph calls the directives and types of Federation.

use apollo_compiler::Name;
use indexmap::IndexMap;

use super::link::{Link, LinkError};
use crate::{
    error::Code,
    spec::{FEDERATION, Feature, SPECS, Version, types_of},
};

/// The local names of a subgraph's federation directives and types.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) version: Version,
    directives: IndexMap<String, Feature>,
    link: Option<Link>,
    federation: Option<Link>,
    /// The specifications that are linked by themselves, by the directives they have.
    alone: IndexMap<Feature, Link>,
}

impl Names {
    /// Works out the names from what a subgraph links and which directives it defines itself.
    pub(crate) fn new(links: &[Link], link_name: &str, defines: &[&str]) -> Result<Self, LinkError> {
        let federation = links.iter().find(|link| link.is_federation()).cloned();
        let version = match &federation {
            Some(link) => federation_version(link)?,
            None => Version::FEDERATION_1,
        };
        let mut directives = IndexMap::new();
        directives.insert("deprecated".to_owned(), Feature::Deprecated);
        directives.insert("specifiedBy".to_owned(), Feature::SpecifiedBy);
        if !links.is_empty() {
            directives.insert(link_name.to_owned(), Feature::Link);
        }
        for feature in Feature::FEDERATION {
            let is_there = version >= feature.since();
            let element = format!("@{}", feature.name());
            match &federation {
                Some(link) if is_there => directives.insert(link.local(&element), feature),
                // Subgraph libraries of Federation 1 define what they take from other specifications by themselves.
                None if is_there || (feature == Feature::Inaccessible && defines.contains(&feature.name())) => {
                    directives.insert(feature.name().to_owned(), feature)
                }
                _ => None,
            };
        }
        let mut alone = IndexMap::new();
        for link in links {
            let features = Feature::FEDERATION.into_iter().filter(|feature| {
                let spec = feature.supergraph_spec();
                spec.is_some_and(|spec| link.identity == format!("{SPECS}{}", spec.name))
            });
            for feature in features {
                if federation.is_none() {
                    return Err(LinkError {
                        code: Code::InvalidLinkDirectiveUsage,
                        message: format!(
                            "import \"@{}\" from \"{FEDERATION}\" instead of linking \"{}\"",
                            feature.name(),
                            link.identity
                        ),
                        location: link.location,
                    });
                }
                directives.insert(link.local(&format!("@{}", feature.name())), feature);
                alone.insert(feature, link.clone());
            }
        }
        // A prefix may have characters that no name has: then its directives are those that are imported.
        directives.retain(|name, _| Name::is_valid_syntax(name));
        Ok(Self {
            version,
            directives,
            link: links.iter().find(|link| link.is_link()).cloned(),
            federation,
            alone,
        })
    }

    /// What a directive of this subgraph is.
    pub(crate) fn feature(&self, directive: &str) -> Option<Feature> {
        self.directives.get(directive).copied()
    }

    /// The federation directives that can be used here, with their names.
    pub(crate) fn directives(&self) -> impl Iterator<Item = (&str, Feature)> {
        self.directives.iter().map(|(name, feature)| (name.as_str(), *feature))
    }

    /// What a type of a specification is called here.
    pub(crate) fn type_name(&self, feature: Feature, element: &str) -> String {
        let (link, usual) = match feature {
            Feature::Link => (self.link.as_ref(), "link_"),
            _ => (self.alone.get(&feature).or(self.federation.as_ref()), ""),
        };
        let name = link.map_or_else(|| format!("{usual}_{element}"), |link| link.local(element));
        name.replace(['.', '-'], "_")
    }

    /// What a type is called in the federation or link specification, if it belongs to one.
    pub(crate) fn spec_type(&self, name: &str) -> Option<&'static str> {
        self.directives().find_map(|(_, feature)| {
            let mut types = types_of(feature).iter().copied();
            types.find(|element| self.type_name(feature, element) == name)
        })
    }

    /// Whether a type belongs to the federation or link specification.
    pub(crate) fn is_spec_type(&self, name: &str) -> bool {
        self.spec_type(name).is_some()
    }
}

fn federation_version(link: &Link) -> Result<Version, LinkError> {
    let fail = |code, message| LinkError {
        code,
        message,
        location: link.location,
    };
    let Some(version) = link.version else {
        return Err(fail(
            Code::InvalidLinkIdentifier,
            format!("\"{}\" names no version; it must end like /v2.3", link.identity),
        ));
    };
    if version < Version::FEDERATION_2 || version > Version::NEWEST {
        return Err(fail(
            Code::UnknownFederationLinkVersion,
            format!(
                "version {version} of Federation is unknown; versions {} to {} are understood",
                Version::FEDERATION_2,
                Version::NEWEST
            ),
        ));
    }
    Ok(version)
}
