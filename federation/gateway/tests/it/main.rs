//! The gateway from outside: through a real socket, in front of real subgraphs.

mod apollo;
mod auth;
mod cache;
mod cost;
mod errors;
mod execute;
mod headers;
mod http;
mod limits;
mod persisted;
mod plan;
mod reload;
mod simulate;
mod subscribe;
mod support;
mod telemetry;
mod usage;
