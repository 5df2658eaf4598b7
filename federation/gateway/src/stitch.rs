//! GraphQL services that know nothing of federation, joined to a supergraph by a description: their schema becomes a
//! subgraph's, and what a gateway asks for entities becomes a question for root fields.

mod adapter;
mod answer;
mod describe;
mod document;
mod entity;
mod hide;
mod introspect;
mod keys;
mod print;
mod reach;
mod request;
mod settings;
mod template;

pub use self::settings::{Stitch, StitchSettings};
pub(crate) use self::{
    adapter::{Adapter, adapters},
    describe::subgraph_sdl,
    introspect::told,
};

/// The specification of the directives that tell the gateway how a service is stitched in. They travel in the
/// supergraph, so that a supergraph alone says everything that is needed to serve it.
pub(crate) const SPECIFICATION: &str = "https://hansa.dev/specs/stitch/v0.1";
/// On types: the root field that resolves their entities.
pub(crate) const ENTITY: &str = "stitch__entity";
/// On fields of root types: their name in the service.
pub(crate) const FIELD: &str = "stitch__field";
