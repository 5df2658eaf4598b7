//! Starts what tests stand on: a service in process, the machine's own PostgreSQL and Redis, a stand-in for S3.

mod binaries;
mod issuer;
mod nats;
mod postgres;
mod redis;
mod s3;
mod service;

pub use crate::{
    binaries::free_port,
    issuer::TestIssuer,
    nats::TestNats,
    postgres::TestPostgres,
    redis::TestRedis,
    s3::TestS3,
    service::{Answer, TestClient, TestService},
};
