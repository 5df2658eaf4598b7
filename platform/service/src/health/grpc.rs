//! The standard health service of gRPC: the same answer as `/readyz`.

use std::{convert::Infallible, time::Duration};

use axum::{body::Body, extract, response};
use futures::{StreamExt, stream, stream::BoxStream};
use tokio::time::timeout;
use tonic::{Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_check_response::ServingStatus,
    health_server::{Health, HealthServer},
};
use tower::ServiceExt;

use super::{Door, Readiness};

/// How often who watches hears of a change.
const PAUSE: Duration = Duration::from_secs(5);
/// A question is the name of a service, in so many bytes and so much time.
const LONGEST: usize = 4 << 10;
const SLOWEST: Duration = Duration::from_secs(5);

/// The standard service, asked through a door.
#[tonic::async_trait]
impl Health for Door {
    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        let name = request.into_inner().service;
        match self.state(&name).await {
            ServingStatus::ServiceUnknown => Err(Status::not_found("no such service is served here")),
            state => Ok(Response::new(answer(state))),
        }
    }

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let place = self.0.watchers.take(request.extensions())?;
        let (door, name) = (self.clone(), request.into_inner().service);
        let states = stream::unfold((door, place, None), move |(door, place, last)| {
            let name = name.clone();
            async move {
                loop {
                    let now = door.state(&name).await;
                    if last != Some(now) {
                        return Some((Ok(answer(now)), (door, place, Some(now))));
                    }
                    if door.stopping().is_cancelled() {
                        // Who watches has heard of it, and would keep the process from stopping.
                        return None;
                    }
                    tokio::select! {
                        () = tokio::time::sleep(PAUSE) => {}
                        () = door.stopping().cancelled() => {}
                    }
                }
            }
        });
        Ok(Response::new(states.boxed()))
    }
}

impl Door {
    /// No limit of requests stands before this, so it has its own.
    pub(super) async fn health(&self, request: extract::Request) -> response::Response {
        let health = HealthServer::new(self.clone()).max_decoding_message_size(LONGEST);
        match timeout(SLOWEST, health.oneshot(request)).await {
            Ok(answer) => answer.unwrap_or_else(|never: Infallible| match never {}).map(Body::new),
            Err(_) => Status::deadline_exceeded("the question did not come in time").into_http(),
        }
    }

    async fn state(&self, name: &str) -> ServingStatus {
        match (self.serves(name), self.readiness().await) {
            (false, _) => ServingStatus::ServiceUnknown,
            (true, Readiness::Ready) => ServingStatus::Serving,
            (true, _) => ServingStatus::NotServing,
        }
    }
}

fn answer(state: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: state.into() }
}
