//! The gateway from outside: through a real socket, in front of real subgraphs.

mod api;
mod apollo;
mod auth;
mod cache;
mod cost;
mod errors;
mod execute;
mod headers;
mod http;
mod limits;
mod overrides;
mod persisted;
mod plan;
mod reload;
mod simulate;
mod stitch;
mod subscribe;
mod support;
mod telemetry;
mod usage;
