//! The gateway from outside: through a real socket, in front of real subgraphs.

mod api;
mod apollo;
mod auth;
mod browser;
mod cache;
mod cost;
mod docs;
mod errors;
mod execute;
mod headers;
mod http;
mod identity;
mod limits;
mod overrides;
mod persisted;
mod plan;
mod proxies;
mod rate;
mod reload;
mod simulate;
mod start;
mod stitch;
mod subscribe;
mod support;
mod telemetry;
mod usage;
