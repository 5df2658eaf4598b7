//! What answers requests, as one call: a router boxes and copies what is below it at each of its layers.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{Router, extract::Request, response::Response};
use futures::{FutureExt, future::BoxFuture};
use tower::{Service, ServiceExt};

/// Answers requests. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct App(Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>);

impl App {
    /// What answers like this.
    pub fn new<A>(answer: impl Fn(Request) -> A + Send + Sync + 'static) -> Self
    where
        A: Future<Output = Response> + Send + 'static,
    {
        Self(Arc::new(move |request| answer(request).boxed()))
    }

    /// The answer to a request.
    pub fn answer(&self, request: Request) -> BoxFuture<'static, Response> {
        (self.0)(request)
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("App").finish_non_exhaustive()
    }
}

impl From<Router> for App {
    fn from(router: Router) -> Self {
        Self::new(move |request| {
            let answer = router.clone().oneshot(request);
            answer.map(|answer| answer.unwrap_or_else(|never| match never {}))
        })
    }
}

impl From<App> for Router {
    fn from(app: App) -> Self {
        Self::new().fallback_service(app)
    }
}

impl Service<Request> for App {
    type Response = Response;
    type Error = Infallible;
    type Future = futures::future::Map<BoxFuture<'static, Response>, fn(Response) -> Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.answer(request).map(Ok)
    }
}
