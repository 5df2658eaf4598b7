//! What a subgraph calls the directives and types of Federation.

use indexmap::IndexMap;

use super::link::{Link, LinkError};
use crate::{
    error::Code,
    spec::{FEDERATION, Feature, LINK, SPECS, Version, types_of},
};

/// The local names of a subgraph's federation directives and types.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) version: Version,
    directives: IndexMap<String, Feature>,
    link: Option<Link>,
    federation: Option<Link>,
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
            }
        }
        Ok(Self {
            version,
            directives,
            link: links.iter().find(|link| link.is_link()).cloned(),
            federation,
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
        if feature == Feature::Link {
            return match &self.link {
                Some(link) => link.local(element),
                None => format!("link__{element}"),
            };
        }
        match &self.federation {
            Some(link) => link.local(element),
            None => format!("_{element}"),
        }
    }

    /// Whether a type belongs to the federation or link specification.
    pub(crate) fn is_spec_type(&self, name: &str) -> bool {
        self.directives().any(|(_, feature)| {
            types_of(feature)
                .iter()
                .any(|element| self.type_name(feature, element) == name)
        })
    }
}

/// Checks what a subgraph links against each other and against the specifications.
pub(crate) fn check_links(links: &[Link]) -> Vec<LinkError> {
    let mut errors = Vec::new();
    for (index, link) in links.iter().enumerate() {
        let earlier = &links[..index];
        let fail = |code, message| LinkError {
            code,
            message,
            location: link.location,
        };
        if earlier.iter().any(|other| other.identity == link.identity) {
            errors.push(fail(
                Code::InvalidLinkDirectiveUsage,
                format!("\"{}\" is linked twice: remove one of the @link", link.identity),
            ));
            continue;
        }
        if let Some(other) = earlier.iter().find(|other| other.prefix() == link.prefix()) {
            errors.push(fail(
                Code::InvalidLinkDirectiveUsage,
                format!(
                    "\"{}\" and \"{}\" are both called \"{}\": rename one of them with \"as\"",
                    other.identity,
                    link.identity,
                    link.prefix()
                ),
            ));
        }
        if link.identity == LINK && link.version != Some(Version::new(1, 0)) {
            errors.push(fail(
                Code::UnknownLinkVersion,
                format!("\"{}\" is unknown: only version v1.0 of link exists", link.url()),
            ));
        }
        for import in &link.imports {
            let taken = earlier
                .iter()
                .find(|other| other.imports.iter().any(|theirs| theirs.alias == import.alias));
            if let Some(other) = taken {
                errors.push(fail(
                    Code::InvalidLinkDirectiveUsage,
                    format!(
                        "\"{}\" is imported from \"{}\" and from \"{}\": rename one of them with \"as\"",
                        import.alias, other.identity, link.identity
                    ),
                ));
            }
        }
        if link.identity == FEDERATION {
            errors.extend(unknown_imports(link));
        }
    }
    errors
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

fn unknown_imports(link: &Link) -> Vec<LinkError> {
    let Ok(version) = federation_version(link) else {
        return Vec::new();
    };
    let known = |element: &str| {
        Feature::FEDERATION
            .into_iter()
            .filter(|feature| feature.since() <= version)
            .any(|feature| element.strip_prefix('@') == Some(feature.name()) || types_of(feature).contains(&element))
    };
    let unknown = link.imports.iter().filter(|import| !known(&import.element));
    unknown
        .map(|import| LinkError {
            code: Code::InvalidLinkDirectiveUsage,
            message: format!(
                "\"{}\" cannot be imported: version {version} of Federation has no such element",
                import.element
            ),
            location: link.location,
        })
        .collect()
}
