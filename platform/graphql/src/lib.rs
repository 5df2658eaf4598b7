//! The GraphQL edge: the schema's limits, the HTTP handler, error mapping and the SDL for federation.

mod ask;
mod entities;
mod error;
mod events;
pub mod explorer;
mod handler;
mod schema;
mod sdl;
mod size;
pub mod strings;
mod tokens;

pub use crate::{
    entities::Entities,
    error::{GraphqlError, Result, to_graphql},
    handler::{Settings, router, router_until},
    schema::schema,
    sdl::federation_sdl,
};
