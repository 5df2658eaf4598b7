//! The HTTP edge: problem documents, limits, middleware, the server's loop and the outgoing client.

mod allowance;
mod answers;
mod app;
mod client;
mod clients;
mod connection;
mod cookie;
mod direct;
mod grpc;
mod guard;
mod gunzip;
mod held;
mod json;
mod negotiate;
mod observe;
mod openapi;
mod origin;
mod outside;
mod problem;
mod proxies;
mod rate;
mod serve;
mod socket;
mod stack;
mod tls;
mod trace;
mod wait;

pub use crate::{
    allowance::{Allow, allow},
    app::App,
    client::{
        Client, ClientSettings, Method, RequestBuilder, Response as ClientResponse, StatusCode, Tuning, Uri, Url,
    },
    clients::{Clients, Place},
    cookie::cookie,
    direct::{Direct, DirectAnswer, DirectError},
    grpc::deadline,
    guard::Nested,
    held::keeping,
    json::Json,
    negotiate::negotiate,
    openapi::OpenApi,
    origin::Origin,
    problem::Problem,
    proxies::Network,
    rate::{Per, Quota, RateLimit, RateLimited},
    serve::{Listener, ServeSettings, serve},
    stack::{Limits, refuse, stack},
    tls::{ClientTls, ServerTls, Tls, TlsError, TlsSettings, machine_tls},
    trace::{hand_on, request_id},
};
