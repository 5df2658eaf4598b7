//! Starts what tests stand on: a service in process, the machine's own PostgreSQL and Redis, a stand-in for S3,
//! certificates; and listens to the log, and to what goes to PostgreSQL.

mod binaries;
mod certificates;
mod chaos;
mod document;
mod isolation;
mod issuer;
mod log;
mod nats;
mod postgres;
mod redis;
mod s3;
mod service;
mod tansu;
mod tap;
mod waiting;

pub use crate::{
    binaries::free_port,
    certificates::certificates,
    chaos::{Deployment, Role, Survived, arrived},
    document::references_lead_somewhere,
    isolation::{Isolation, addresses},
    issuer::TestIssuer,
    log::Log,
    nats::TestNats,
    postgres::TestPostgres,
    redis::TestRedis,
    s3::TestS3,
    service::{Answer, TestClient, TestService, noon},
    tansu::TestTansu,
    tap::Tap,
    waiting::{eventually, on_each_database},
};
