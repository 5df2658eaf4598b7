//! What services tell each other: events and messages, the ids of series, and how they ask what somebody may do.

pub mod access;
pub mod audit;
pub mod grpc;
pub mod permissions;
pub mod privacy;
pub mod series;
pub mod sessions;
pub mod users;
pub mod workspaces;
