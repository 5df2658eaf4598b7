//! What services tell each other: events and messages.

pub mod access;
pub mod audit;
pub mod grpc;
pub mod privacy;
pub mod sessions;
pub mod users;
pub mod workspaces;
