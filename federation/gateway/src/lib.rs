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
mod outcome;
mod outline;
mod parse;
mod persisted;
pub mod plan;
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
mod variables;

pub use self::{
    admin::AdminSettings,
    authorize::AuthorizationSettings,
    cache::{CacheSettings, Invalidation},
    cost::{CostReport, CostSettings},
    csrf::CsrfSettings,
    headers::{HeaderRule, HeaderSettings},
    jwt::{JwtSettings, KeySource, Principal},
    limits::LimitSettings,
    persisted::{Allow, PersistedSettings},
    rate::RateSettings,
    subscribe::{Protocol, SubscriptionSettings, UpstreamSettings},
    usage::{OperationUse, Report as UsageReport, UsageSettings},
};
pub use self::{
    error::Error,
    fault::{Fault, Location, PathSegment},
    gateway::Gateway,
    outcome::Outcome,
    outline::OperationKind,
    plan::{Overrides, Plan, Planner},
    request::{Caller, Request, Variables},
    service::service,
    settings::{OverrideSettings, Settings, SubgraphErrors},
    source::{SchemaSource, Source, SubgraphEntry, SupergraphConfig},
    stitch::{Resolver, Resolvers, Stitch, StitchSettings},
    subgraph::Peers,
    supergraph::Supergraph,
};
