//! The HTTP edge: problem documents, limits, middleware, the server's loop and the outgoing client.

mod allowance;
mod client;
mod json;
mod negotiate;
mod observe;
mod problem;
mod rate;
mod serve;
mod stack;

pub use crate::{
    allowance::{Allow, allow},
    client::{
        Client, ClientSettings, Method, RequestBuilder, Response as ClientResponse, StatusCode, Tuning, Uri, Url,
    },
    json::Json,
    negotiate::negotiate,
    observe::request_id,
    problem::Problem,
    rate::{Quota, RateLimit, RateLimited},
    serve::{ServeSettings, serve},
    stack::{Limits, stack},
};
