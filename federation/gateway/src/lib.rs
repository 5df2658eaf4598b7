//! Plans and executes operations over a supergraph.

mod admin;
mod admit;
mod authorize;
mod cache;
mod conditions;
mod cookie;
mod cost;
mod csrf;
mod error;
mod execute;
mod fault;
mod gateway;
mod headers;
mod http;
mod jwt;
mod limits;
mod numbers;
mod outcome;
mod outline;
mod parse;
mod persisted;
mod plan;
mod prepare;
mod project;
mod rate;
mod reload;
mod request;
mod service;
mod settings;
mod source;
mod stitch;
mod subgraph;
mod subscribe;
mod supergraph;
mod telemetry;
mod usage;
mod validate;
mod values;
mod variables;

pub use self::{
    error::Error,
    fault::{Fault, Location, PathSegment},
    gateway::Gateway,
    outcome::Outcome,
    plan::{Overrides, Plan, catches_panics},
    request::{Caller, Request, Variables},
    service::service,
    settings::Settings,
    source::{Source, SupergraphConfig},
    stitch::{Stitch, StitchSettings},
    subgraph::Peers,
    supergraph::Supergraph,
    usage::{OperationUse, Report as UsageReport},
};
