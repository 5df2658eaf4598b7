//! A service as a value, the context it lives in, and the host that runs any set of services in one process.

mod clock;
mod context;
mod error;
mod grpc;
mod health;
mod host;
mod peer;
mod peers;
mod places;
mod running;
mod service;
mod signal;
mod tasks;

pub use platform_crypto::Random;
pub use tokio_util::sync::CancellationToken;

pub use crate::{
    clock::Clock,
    context::{Context, Ids},
    error::HostError,
    grpc::{error_of, status},
    host::{Host, HostSettings},
    peer::Peer,
    peers::{PeerSettings, Peers},
    running::Running,
    service::{Blueprint, Service},
    signal::interrupted,
};
