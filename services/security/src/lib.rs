//! What somebody may do: permissions and roles of all systems, decisions with their reasons, lists, the audit log.

pub mod actor;
mod api;
pub mod audit;
pub mod catalog;
pub mod docs;
pub mod engine;
pub mod error;
pub mod filter;
pub mod grant;
mod graphql;
mod grpc;
mod heard;
mod input;
mod output;
pub mod place;
pub mod policies;
mod rest;
mod role;
pub mod settings;
pub mod standing;
pub mod store;
pub mod subject;
mod text;

use contracts::grpc::DESCRIPTORS;
use platform_events::WithEvents;
use platform_service::Service;

use store::Store;

/// The service: questions by gRPC, roles and grants by GraphQL and REST, and what it does when others tell it
/// something.
pub fn service() -> Service {
    Service::new("security", 8082)
        .open(Store::open)
        .migrate(Store::migrate)
        .wrap(|store: &Store, router| store.identity().protect(router))
        .graphql(graphql::schema)
        .rest(rest::router)
        .grpc(DESCRIPTORS, grpc::routes)
        .events(heard::consumers())
        .task("follow", Store::follow)
        .task("clear", Store::clear)
        .ready(Store::ready)
        .close(Store::close)
        .into()
}
