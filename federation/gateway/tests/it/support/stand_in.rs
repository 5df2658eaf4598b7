//! A server in place of a subgraph, which answers as the test says: late, wrongly, partly or never.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Body, extract::State, http::Response, response::IntoResponse, routing::post};
use futures::future::BoxFuture;
use serde_json::Value;

use super::Part;

type Answer = dyn Fn(Value) -> BoxFuture<'static, Response<Body>> + Send + Sync;

/// Counts and keeps what it was asked.
#[derive(Clone)]
pub(crate) struct StandIn {
    asked: Arc<Mutex<Vec<Value>>>,
    answer: Arc<Answer>,
}

impl StandIn {
    /// Answers requests with a function of their JSON.
    pub(crate) fn new<F, Fut, R>(answer: F) -> Self
    where
        F: Fn(Value) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let answer = move |asked: Value| -> BoxFuture<'static, Response<Body>> {
            let answer = answer(asked);
            Box::pin(async move { answer.await.into_response() })
        };
        Self {
            asked: Arc::default(),
            answer: Arc::new(answer),
        }
    }

    /// Always the same JSON.
    pub(crate) fn json(answer: Value) -> Self {
        Self::new(move |_| {
            let answer = answer.clone();
            async move { axum::Json(answer) }
        })
    }

    /// As a subgraph with a schema.
    pub(crate) fn part(&self, name: &'static str, sdl: &str) -> Part {
        Part {
            name,
            sdl: sdl.to_owned(),
            router: self.router(),
        }
    }

    /// Its routes.
    pub(crate) fn router(&self) -> Router {
        Router::new().route("/graphql", post(handle)).with_state(self.clone())
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.asked.lock().expect("no test panics while asking").clone()
    }
}

async fn handle(State(stand_in): State<StandIn>, axum::Json(asked): axum::Json<Value>) -> Response<Body> {
    stand_in
        .asked
        .lock()
        .expect("no test panics while asking")
        .push(asked.clone());
    (stand_in.answer)(asked).await
}
