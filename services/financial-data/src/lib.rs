//! Series of financial and economic data and every vintage of their points, kept in Iceberg tables.

mod access;
mod aside;
mod deed;
pub mod demo;
mod discovery;
pub mod error;
mod graphql;
mod heard;
pub mod history;
pub mod ingest;
mod journal;
pub mod output;
pub mod place;
pub mod question;
pub mod rest;
mod search;
pub mod series;
pub mod settings;
pub mod store;
pub mod transform;
pub mod value;

use platform_service::Service;

use store::Store;

/// The service: its API in GraphQL and REST over one store, and what it does beside requests.
pub fn service() -> Service {
    Service::new("financial-data", 8001)
        .open(Store::serve)
        .migrate(Store::migrate)
        .wrap(graphql::limited)
        .wrap(access::protect)
        .graphql(graphql::schema)
        .rest(rest::router)
        .task("follow", Store::follow)
        .task("maintenance", Store::maintain)
        .task("events", Store::hear)
        .ready(Store::ready)
        .close(Store::close)
        .into()
}
