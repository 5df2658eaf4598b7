//! What a service says about itself: alive, started, ready; and its metrics.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use platform_error::{Code, Error};
use platform_http::Problem;
use serde_json::json;
use tower::ServiceExt;

use crate::{Metrics, service::Check};

/// A service's door: it answers from the moment its port is bound, and says that the service is still starting
/// until there is one.
#[derive(Clone)]
pub(crate) struct Door(Arc<Inner>);

struct Inner {
    service: &'static str,
    metrics: Metrics,
    opened: OnceLock<(Router, Check)>,
    is_stopping: AtomicBool,
}

impl Door {
    pub(crate) fn new(service: &'static str, metrics: Metrics) -> Self {
        let is_stopping = AtomicBool::new(false);
        Self(Arc::new(Inner {
            service,
            metrics,
            opened: OnceLock::new(),
            is_stopping,
        }))
    }

    /// From now on requests reach the service.
    pub(crate) fn open(&self, router: Router, ready: Check) {
        // A door is opened once, by the host that made it.
        let _ = self.0.opened.set((router, ready));
    }

    /// From now on the service says that it is not ready, so that nobody sends it more.
    pub(crate) fn begin_stop(&self) {
        self.0.is_stopping.store(true, Relaxed);
    }

    /// The probes and metrics, which no load limit refuses, before the service itself.
    pub(crate) fn router(&self) -> Router {
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
                get(|State(door): State<Self>| async move { door.readiness().await }),
            )
            .route(
                "/health",
                get(|State(door): State<Self>| async move { door.readiness().await }),
            )
            .route(
                "/metrics",
                get(|State(door): State<Self>| async move { door.metrics() }),
            )
            .fallback(|State(door): State<Self>, request: Request| async move { door.pass(request).await })
            .with_state(self.clone())
    }

    async fn pass(&self, request: Request) -> Response {
        match self.0.opened.get() {
            Some((router, _)) => router
                .clone()
                .oneshot(request)
                .await
                .unwrap_or_else(|never| match never {}),
            None => {
                let error = Error::new(Code::Unavailable, format!("{} is still starting", self.0.service));
                Problem(error.with_details(json!({ "retryAfterSeconds": 1 }))).into_response()
            }
        }
    }

    fn started(&self) -> Response {
        match self.0.opened.get() {
            Some(_) => self.report(StatusCode::OK, "started"),
            None => self.report(StatusCode::SERVICE_UNAVAILABLE, "starting"),
        }
    }

    async fn readiness(&self) -> Response {
        if self.0.is_stopping.load(Relaxed) {
            return self.report(StatusCode::SERVICE_UNAVAILABLE, "stopping");
        }
        let Some((_, ready)) = self.0.opened.get() else {
            return self.report(StatusCode::SERVICE_UNAVAILABLE, "starting");
        };
        match ready().await {
            Ok(()) => self.report(StatusCode::OK, "ready"),
            Err(error) => {
                let cause = error.cause().map(ToString::to_string).unwrap_or_default();
                tracing::warn!(service = self.0.service, %error, cause, "not ready");
                self.report(StatusCode::SERVICE_UNAVAILABLE, "not ready")
            }
        }
    }

    fn metrics(&self) -> Response {
        (
            [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
            (self.0.metrics)(),
        )
            .into_response()
    }

    fn report(&self, status: StatusCode, word: &str) -> Response {
        (status, axum::Json(json!({ "service": self.0.service, "status": word }))).into_response()
    }
}
