//! Profiles, preferences, watchlists, annotations, shared charts and workspaces: all that is people's own.

pub mod annotation;
mod asker;
pub mod chart;
pub mod comment;
pub mod error;
mod graphql;
mod grpc;
mod heard;
pub mod invitation;
pub mod level;
mod news;
pub mod preference;
pub mod privacy;
pub mod profile;
mod rest;
mod rights;
pub mod saved;
pub mod store;
mod text;
pub mod watchlist;
pub mod workspace;

use contracts::grpc::DESCRIPTORS;
use platform_events::WithEvents;
use platform_service::Service;

use store::Store;

/// The service: its API in GraphQL, what others ask it by gRPC, and what it does when others tell it something.
pub fn service() -> Service {
    Service::new("users", 8083)
        .open(Store::open)
        .migrate(Store::migrate)
        .wrap(|store: &Store, router| store.identity.protect(router))
        .graphql(graphql::schema)
        .rest(rest::router)
        .grpc(DESCRIPTORS, grpc::routes)
        .events(heard::consumers())
        .task("clear", Store::clear)
        .ready(Store::ready)
        .close(Store::close)
        .into()
}
