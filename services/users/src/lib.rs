//! Profiles, preferences, watchlists, annotations, shared charts and workspaces: all that is people's own.

mod annotation;
mod asker;
mod chart;
mod comment;
mod error;
mod graphql;
mod grpc;
mod heard;
mod invitation;
mod level;
mod news;
mod preference;
mod privacy;
pub mod profile;
mod rest;
mod rights;
mod saved;
pub mod store;
mod text;
mod watchlist;
mod workspace;

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
