//! Keeps what a subgraph is asked, before the subgraph sees it.

use std::sync::{Arc, Mutex};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::HeaderMap,
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use serde_json::Value;

use super::Part;

/// What a subgraph was asked.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<(HeaderMap, Value)>>>);

impl Recorder {
    /// Records what a subgraph is asked from now on.
    pub(crate) fn before(part: Part) -> (Part, Self) {
        let recorder = Self::default();
        let router = part.router.layer(from_fn_with_state(recorder.clone(), record));
        (Part { router, ..part }, recorder)
    }

    /// The queries, in the order they came.
    pub(crate) fn queries(&self) -> Vec<String> {
        let asked = self.0.lock().expect("no test panics while asking");
        asked
            .iter()
            .map(|(_, body)| body["query"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The bodies, in the order they came.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.0
            .lock()
            .expect("no test panics while asking")
            .iter()
            .map(|(_, body)| body.clone())
            .collect()
    }

    /// The headers of the last request.
    pub(crate) fn last_headers(&self) -> HeaderMap {
        let asked = self.0.lock().expect("no test panics while asking");
        asked
            .last()
            .map(|(headers, _)| headers.clone())
            .expect("the subgraph was asked")
    }
}

async fn record(State(recorder): State<Recorder>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.expect("the gateway's body arrives whole");
    let json = serde_json::from_slice(&bytes).unwrap_or_default();
    recorder
        .0
        .lock()
        .expect("no test panics while asking")
        .push((parts.headers.clone(), json));
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}
