//! What the specifications say: the directives of Federation, their definitions per version, and supergraph features.

mod definition;
mod feature;
mod version;

pub(crate) use self::{
    definition::{definition, types_of},
    feature::{Feature, since},
    version::Version,
};

/// The identity of the specification that `@link` itself belongs to.
pub(crate) const LINK: &str = "https://specs.apollo.dev/link";
/// The identity of the specification of Federation's directives.
pub(crate) const FEDERATION: &str = "https://specs.apollo.dev/federation";
/// Where the specifications live that a subgraph can link one by one.
pub(crate) const SPECS: &str = "https://specs.apollo.dev/";
/// The types that a subgraph serves for the gateway and that are no part of its API.
pub(crate) const MACHINERY_TYPES: [&str; 4] = ["_Any", "_Entity", "_Service", "_FieldSet"];
/// The root fields that a subgraph serves for the gateway.
pub(crate) const MACHINERY_FIELDS: [&str; 2] = ["_service", "_entities"];
