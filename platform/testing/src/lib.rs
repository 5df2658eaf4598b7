//! Starts what tests stand on: a service in process, the machine's own PostgreSQL, a stand-in for S3.

mod binaries;
mod postgres;
mod s3;
mod service;

pub use crate::{
    binaries::free_port,
    postgres::TestPostgres,
    s3::TestS3,
    service::{Answer, TestService},
};
