//! What a service says about itself: alive, started, ready; and its metrics.

mod grpc;
mod metrics;
mod said;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use platform_error::{Code, Error};
use platform_http::{App, refuse};
use serde_json::json;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub(crate) use self::metrics::Metrics;
use self::said::Said;
use crate::{places::Places, service::Check};

/// How long a service may take to say whether it can answer: a probe does not wait much longer.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many may watch a service by gRPC.
const WATCHERS: usize = 1_000;

/// A service's door: it answers from the moment its port is bound, and says that the service is still starting
/// until there is one.
#[derive(Clone)]
pub(crate) struct Door(Arc<Inner>);

struct Inner {
    service: &'static str,
    metrics: Arc<Metrics>,
    opened: OnceLock<Inside>,
    stopping: CancellationToken,
    /// Whether the service can answer, and if not, why.
    said: Said<Result<(), String>>,
    watchers: Places,
}

/// What is behind a door.
pub(crate) struct Inside {
    pub(crate) app: App,
    pub(crate) ready: Check,
    /// The names of its gRPC services.
    pub(crate) grpc: Vec<String>,
}

/// Whether requests can be answered now.
enum Readiness {
    Starting,
    Ready,
    NotReady(String),
    Stopping,
}

impl Door {
    pub(crate) fn new(service: &'static str, metrics: Arc<Metrics>) -> Self {
        Self(Arc::new(Inner {
            service,
            metrics,
            opened: OnceLock::new(),
            stopping: CancellationToken::new(),
            said: Said::default(),
            watchers: Places::new(WATCHERS, "watch; ask Check instead"),
        }))
    }

    /// From now on requests reach the service.
    pub(crate) fn open(&self, inside: Inside) {
        // A door is opened once, by the host that made it.
        let _ = self.0.opened.set(inside);
    }

    /// From now on the service says that it is not ready, so that nobody sends it more.
    pub(crate) fn begin_stop(&self) {
        self.0.stopping.cancel();
    }

    /// The probes and metrics, which no load limit refuses, before the service itself.
    pub(crate) fn app(&self) -> App {
        let (door, probes) = (self.clone(), App::from(self.probes()));
        App::new(move |request| {
            let (door, probes) = (door.clone(), probes.clone());
            async move {
                match is_probe(request.uri().path()) {
                    true => probes.answer(request).await,
                    false => door.pass(request).await,
                }
            }
        })
    }

    /// What is behind the paths of [`is_probe`]. What only begins like one of them is the service's.
    fn probes(&self) -> Router {
        Router::new()
            .route(
                "/livez",
                get(|State(door): State<Self>| async move { door.report(StatusCode::OK, "alive") }),
            )
            .route(
                "/startupz",
                get(|State(door): State<Self>| async move { door.started() }),
            )
            .route(
                "/readyz",
                get(|State(door): State<Self>| async move { door.ready().await }),
            )
            .route(
                "/health",
                get(|State(door): State<Self>| async move { door.ready().await }),
            )
            .route(
                "/metrics",
                get(|State(door): State<Self>| async move { door.metrics().await }),
            )
            .route(
                "/grpc.health.v1.Health/{method}",
                any(|State(door): State<Self>, request: Request| async move { door.health(request).await }),
            )
            .fallback(|State(door): State<Self>, request: Request| async move { door.pass(request).await })
            .with_state(self.clone())
    }

    async fn pass(&self, request: Request) -> Response {
        match self.0.opened.get() {
            Some(inside) => inside.app.answer(request).await,
            None => {
                let error = Error::new(Code::Unavailable, format!("{} is still starting", self.0.service));
                refuse(request, error.with_details(json!({ "retryAfterSeconds": 1 }))).await
            }
        }
    }

    fn started(&self) -> Response {
        match self.0.opened.get() {
            Some(_) => self.report(StatusCode::OK, "started"),
            None => self.report(StatusCode::SERVICE_UNAVAILABLE, "starting"),
        }
    }

    async fn ready(&self) -> Response {
        match self.readiness().await {
            Readiness::Ready => self.report(StatusCode::OK, "ready"),
            Readiness::NotReady(reason) => {
                let said = json!({ "service": self.0.service, "status": "not ready", "reason": reason });
                (StatusCode::SERVICE_UNAVAILABLE, axum::Json(said)).into_response()
            }
            Readiness::Starting => self.report(StatusCode::SERVICE_UNAVAILABLE, "starting"),
            Readiness::Stopping => self.report(StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        }
    }

    async fn readiness(&self) -> Readiness {
        if self.0.stopping.is_cancelled() {
            return Readiness::Stopping;
        }
        let Some(inside) = self.0.opened.get() else {
            return Readiness::Starting;
        };
        match self.0.said.or(self.ask(inside)).await {
            Ok(()) => Readiness::Ready,
            Err(reason) => Readiness::NotReady(reason),
        }
    }

    async fn ask(&self, inside: &Inside) -> Result<(), String> {
        let late = |_| {
            Error::new(
                Code::Timeout,
                "the service did not say within a second that it can answer",
            )
        };
        let answer = timeout(PATIENCE, (inside.ready)()).await.map_err(late).flatten();
        answer.map_err(|error| {
            let cause = error.causes();
            tracing::warn!(service = self.0.service, %error, cause, "not ready");
            error.message().to_owned()
        })
    }

    /// Whether a gRPC service is behind this door; without a name all of it is meant.
    fn serves(&self, name: &str) -> bool {
        let inside = self.0.opened.get();
        name.is_empty() || inside.is_some_and(|inside| inside.grpc.iter().any(|served| served == name))
    }

    fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    async fn metrics(&self) -> Response {
        (
            [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
            self.0.metrics.text().await,
        )
            .into_response()
    }

    fn report(&self, status: StatusCode, word: &str) -> Response {
        (status, axum::Json(json!({ "service": self.0.service, "status": word }))).into_response()
    }
}

/// Whether this is the path of a probe, each of which has a route in [`Door::probes`].
fn is_probe(path: &str) -> bool {
    const PATHS: [&str; 5] = ["/livez", "/startupz", "/readyz", "/health", "/metrics"];
    PATHS.contains(&path) || path.starts_with("/grpc.health.v1.Health/")
}
