//! Whether what a subgraph links makes sense: each specification once, and no name that two of them could mean.

use super::link::{Import, Link, LinkError};
use crate::{
    error::Code,
    spec::{FEDERATION, Feature, LINK, SPECS, Version, types_of},
};

/// What the link specification is called where it is not linked by itself.
const USUAL_LINK: &str = "link";

/// The directives that every schema has.
const BUILT_IN: [&str; 5] = ["@deprecated", "@include", "@oneOf", "@skip", "@specifiedBy"];

/// Checks what a subgraph links, each against the others and against its specification.
pub(super) fn check(links: &[Link], link_name: &str) -> Vec<LinkError> {
    // Where neither Federation nor the link specification is linked, @link may mean anything.
    let mut identities = links.iter().map(|link| link.identity.as_str());
    let is_meant = identities.any(|it| it.starts_with(FEDERATION) || it.starts_with(LINK));
    let mut errors = Vec::new();
    for (index, link) in links.iter().enumerate() {
        let all = All {
            links,
            earlier: &links[..index],
        };
        let name_fault = is_meant.then(|| name_fault(link, link_name)).flatten();
        let fault = name_fault.or_else(|| all.fault(link, is_meant));
        errors.extend(fault.map(|(code, message)| LinkError {
            code,
            message,
            location: link.location,
        }));
    }
    errors
}

type Fault = (Code, String);

/// What is wrong with a link by itself.
fn name_fault(link: &Link, link_name: &str) -> Option<Fault> {
    let (identity, prefix) = (&link.identity, link.prefix());
    // The version of Federation itself is read elsewhere.
    if link.name.is_empty() || (link.version.is_none() && !link.is_federation()) {
        let message = format!(
            "\"{identity}\" is no URL of a specification with a version; it must end with a name like /name/v1.0"
        );
        return Some((Code::InvalidLinkIdentifier, message));
    }
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    let is_valid = prefix.starts_with(is_letter)
        && prefix
            .chars()
            .all(|it| is_letter(it) || it.is_ascii_digit() || matches!(it, '.' | '-'))
        && !prefix.contains("__")
        && !prefix.ends_with('_');
    if !is_valid {
        let message = format!(
            "\"{identity}\" cannot be called \"{prefix}\": give it a name with \"as\" that neither has \"__\" nor ends with \"_\""
        );
        return Some((Code::InvalidLinkDirectiveUsage, message));
    }
    let own = link.local("@link");
    (link.is_link() && own != link_name).then(|| {
        let message = format!("\"{identity}\" is called @{own}, but is linked by @{link_name}: use one name for it");
        (Code::InvalidLinkDirectiveUsage, message)
    })
}

/// All links of a subgraph, as they are seen from one of them.
struct All<'a> {
    links: &'a [Link],
    earlier: &'a [Link],
}

impl All<'_> {
    fn fault(&self, link: &Link, is_meant: bool) -> Option<Fault> {
        let (identity, prefix) = (&link.identity, link.prefix());
        let usage = |message: String| Some((Code::InvalidLinkDirectiveUsage, message));
        if self.earlier.iter().any(|other| other.identity == *identity) {
            return usage(format!("\"{identity}\" is linked twice: remove one of the @link"));
        }
        if let Some(other) = self.earlier.iter().find(|other| other.prefix() == prefix) {
            return usage(format!(
                "\"{}\" and \"{identity}\" are both called \"{prefix}\": rename one of them with \"as\"",
                other.identity
            ));
        }
        if is_meant && self.is_usual_link(prefix) {
            return usage(format!(
                "\"{identity}\" cannot be called \"{prefix}\", as @link is: rename it with \"as\""
            ));
        }
        if link.is_link() && link.version != Some(Version::new(1, 0)) {
            let message = format!("\"{}\" is unknown: only version v1.0 of link exists", link.url());
            return Some((Code::UnknownLinkVersion, message));
        }
        let taken = link
            .imports
            .iter()
            .find(|import| BUILT_IN.contains(&import.alias.as_str()));
        if let Some(import) = taken.filter(|_| link.is_federation()) {
            let message = format!(
                "\"{}\" cannot be imported as \"{}\", which is a directive of GraphQL: give it another name with \"as\"",
                import.element, import.alias
            );
            return Some((Code::DirectiveDefinitionInvalid, message));
        }
        let imports = link.imports.iter().enumerate();
        let mut faults = imports.filter_map(|(index, import)| {
            let fault = self.import_fault(link, import, &link.imports[..index]);
            let fault = fault
                .filter(|_| is_meant)
                .or_else(|| self.imported_elsewhere(link, import));
            fault.or_else(|| unknown(link, import))
        });
        faults.next().and_then(usage)
    }

    /// Whether a name is that of the link specification, which is there without being linked by itself.
    fn is_usual_link(&self, prefix: &str) -> bool {
        prefix == USUAL_LINK && !self.links.iter().any(Link::is_link)
    }

    /// Why the name of an import could mean something else too.
    fn import_fault(&self, link: &Link, import: &Import, earlier: &[Import]) -> Option<String> {
        let (element, alias) = (import.element.as_str(), import.alias.as_str());
        let taken = earlier
            .iter()
            .find(|other| other.alias == alias && other.element != element);
        if let Some(other) = taken {
            return Some(format!(
                "\"{}\" and \"{element}\" of \"{}\" are both imported as \"{alias}\": rename one of them with \"as\"",
                other.element, link.identity
            ));
        }
        let (bare, original) = (alias.trim_start_matches('@'), element.trim_start_matches('@'));
        let (prefix, meant) = match bare.split_once("__") {
            Some((prefix, rest)) => (prefix, rest),
            None if alias.starts_with('@') => (bare, link.name.as_str()),
            None => return None,
        };
        let is_own = link.prefix() == prefix && meant == original;
        let is_taken = self.is_usual_link(prefix) || self.links.iter().any(|other| other.prefix() == prefix);
        (is_taken && !is_own).then(|| {
            format!(
                "\"{element}\" of \"{}\" cannot be imported as \"{alias}\", which is how an element of \"{prefix}\" is called: rename it with \"as\"",
                link.identity
            )
        })
    }

    fn imported_elsewhere(&self, link: &Link, import: &Import) -> Option<String> {
        let imports = |other: &&Link| other.imports.iter().any(|theirs| theirs.alias == import.alias);
        let other = self.earlier.iter().find(imports)?;
        Some(format!(
            "\"{}\" is imported from \"{}\" and from \"{}\": rename one of them with \"as\"",
            import.alias, other.identity, link.identity
        ))
    }
}

/// Why an element cannot be imported from a specification that we know.
fn unknown(link: &Link, import: &Import) -> Option<String> {
    let version = link.version?;
    let is_there = |features: &[Feature]| {
        features.iter().any(|feature| {
            let is_name = import.element.strip_prefix('@') == Some(feature.name());
            is_name || types_of(*feature).contains(&import.element.as_str())
        })
    };
    let spec = link.identity.strip_prefix(SPECS)?;
    let of_spec = |feature: &Feature| {
        let known = feature.supergraph_spec().filter(|known| known.name == spec);
        known.is_some_and(|known| Version::parse(known.version) >= link.version)
    };
    let features: Vec<_> = match link.identity.as_str() {
        // An unknown version is told of elsewhere.
        FEDERATION if (Version::FEDERATION_2..=Version::NEWEST).contains(&version) => {
            let features = Feature::FEDERATION.into_iter();
            features.filter(|it| it.since() <= version).collect()
        }
        FEDERATION => Vec::new(),
        LINK => vec![Feature::Link],
        _ => Feature::FEDERATION.into_iter().filter(of_spec).collect(),
    };
    (!features.is_empty() && !is_there(&features)).then(|| {
        format!(
            "\"{}\" cannot be imported: version {version} of \"{}\" has no such element",
            import.element, link.identity
        )
    })
}
