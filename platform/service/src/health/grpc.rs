//! The standard health service of gRPC: the same answer as `/readyz`.

use std::time::Duration;

use futures::{StreamExt, stream, stream::BoxStream};
use tonic::{Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_server::Health,
};

use super::{Door, Readiness};

/// How often who watches hears of a change.
const PAUSE: Duration = Duration::from_secs(5);

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
        let (door, name) = (self.clone(), request.into_inner().service);
        let states = stream::unfold((door, None), move |(door, last)| {
            let name = name.clone();
            async move {
                loop {
                    let now = door.state(&name).await;
                    if last != Some(now) {
                        return Some((Ok(answer(now)), (door, Some(now))));
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
