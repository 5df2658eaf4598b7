//! The directives that composition understands.

use super::{SPECS, Version};

/// A directive that composition understands, whatever a subgraph calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Feature {
    Link,
    Key,
    Requires,
    Provides,
    External,
    Tag,
    Extends,
    Shareable,
    Inaccessible,
    Override,
    ComposeDirective,
    InterfaceObject,
    Authenticated,
    RequiresScopes,
    Policy,
    Context,
    FromContext,
    Cost,
    ListSize,
    Deprecated,
    SpecifiedBy,
}

impl Feature {
    /// The directives of the Federation specification.
    pub(crate) const FEDERATION: [Self; 18] = [
        Self::Key,
        Self::Requires,
        Self::Provides,
        Self::External,
        Self::Tag,
        Self::Extends,
        Self::Shareable,
        Self::Inaccessible,
        Self::Override,
        Self::ComposeDirective,
        Self::InterfaceObject,
        Self::Authenticated,
        Self::RequiresScopes,
        Self::Policy,
        Self::Context,
        Self::FromContext,
        Self::Cost,
        Self::ListSize,
    ];

    /// The name in its specification.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Key => "key",
            Self::Requires => "requires",
            Self::Provides => "provides",
            Self::External => "external",
            Self::Tag => "tag",
            Self::Extends => "extends",
            Self::Shareable => "shareable",
            Self::Inaccessible => "inaccessible",
            Self::Override => "override",
            Self::ComposeDirective => "composeDirective",
            Self::InterfaceObject => "interfaceObject",
            Self::Authenticated => "authenticated",
            Self::RequiresScopes => "requiresScopes",
            Self::Policy => "policy",
            Self::Context => "context",
            Self::FromContext => "fromContext",
            Self::Cost => "cost",
            Self::ListSize => "listSize",
            Self::Deprecated => "deprecated",
            Self::SpecifiedBy => "specifiedBy",
        }
    }

    /// The first version of Federation that has it.
    pub(crate) fn since(self) -> Version {
        match self {
            Self::Key | Self::Requires | Self::Provides | Self::External | Self::Tag | Self::Extends => {
                Version::FEDERATION_1
            }
            Self::ComposeDirective => Version::new(2, 1),
            Self::InterfaceObject => Version::new(2, 3),
            Self::Authenticated | Self::RequiresScopes => Version::new(2, 5),
            Self::Policy => Version::new(2, 6),
            Self::Context | Self::FromContext => Version::new(2, 8),
            Self::Cost | Self::ListSize => Version::new(2, 9),
            _ => Version::FEDERATION_2,
        }
    }

    /// The specification that the supergraph links for it, its version, and what it protects.
    pub(crate) fn supergraph_spec(self) -> Option<SupergraphSpec> {
        let (name, version, is_security) = match self {
            Self::Tag => ("tag", "v0.3", false),
            Self::Inaccessible => ("inaccessible", "v0.2", true),
            Self::Authenticated => ("authenticated", "v0.1", true),
            Self::RequiresScopes => ("requiresScopes", "v0.1", true),
            Self::Policy => ("policy", "v0.1", true),
            Self::Context | Self::FromContext => ("context", "v0.1", true),
            Self::Cost | Self::ListSize => ("cost", "v0.1", false),
            _ => return None,
        };
        Some(SupergraphSpec {
            name,
            version,
            is_security,
        })
    }

    /// Whether its applications are written into the supergraph.
    pub(crate) fn is_merged(self) -> bool {
        matches!(
            self,
            Self::Tag
                | Self::Inaccessible
                | Self::Authenticated
                | Self::RequiresScopes
                | Self::Policy
                | Self::Cost
                | Self::ListSize
                | Self::Deprecated
                | Self::SpecifiedBy
        )
    }

    /// Whether it demands something of who asks.
    pub(crate) fn is_access_control(self) -> bool {
        matches!(self, Self::Authenticated | Self::RequiresScopes | Self::Policy)
    }
}

/// The version of Federation that brought a specification which subgraphs can also link by itself.
pub(crate) fn since(identity: &str) -> Option<Version> {
    let name = identity.strip_prefix(SPECS)?;
    let is_of = |feature: &Feature| feature.supergraph_spec().is_some_and(|spec| spec.name == name);
    Feature::FEDERATION.into_iter().filter(is_of).map(Feature::since).min()
}

/// A specification that a supergraph links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SupergraphSpec {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) is_security: bool,
}
