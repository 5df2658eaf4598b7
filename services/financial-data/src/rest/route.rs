//! A route and what can be said of it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{Next, from_fn};
use axum::routing::{self, MethodRouter};
use platform_config::{ByteSize, Duration};
use platform_http::{RateLimit, allow};
use tokio::sync::Semaphore;

use super::arguments::{Argument, Arguments, Groups};
use crate::store::Store;

/// A route: what answers it, and what the document says of it.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Its name for generated clients.
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) arguments: Groups,
    pub(super) headers: &'static [Argument],
    pub(super) takes: Vec<Body>,
    pub(super) gives: Vec<(u16, Vec<Body>)>,
    /// Refusals beside those that any request can meet.
    pub(super) refuses: &'static [u16],
    handler: MethodRouter<Store>,
}

/// A media type and the name of the schema of what is in it.
pub(super) type Body = (&'static str, &'static str);

impl Route {
    fn new(method: &'static str, path: &'static str, (name, handler): (&'static str, MethodRouter<Store>)) -> Self {
        let (summary, arguments, headers) = ("", &[][..], &[][..]);
        let (takes, gives, refuses) = (Vec::new(), Vec::new(), &[][..]);
        Self {
            method,
            path,
            name,
            summary,
            arguments,
            headers,
            takes,
            gives,
            refuses,
            handler,
        }
    }

    /// What it does, in a sentence or two.
    pub(super) fn says(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    /// What may stand behind the `?`.
    pub(super) fn asks(self, arguments: Groups) -> Self {
        Self { arguments, ..self }
    }

    /// Headers that mean something to it.
    pub(super) fn heads(self, headers: &'static [Argument]) -> Self {
        Self { headers, ..self }
    }

    /// The bodies it takes.
    pub(super) fn takes(self, takes: impl IntoIterator<Item = Body>) -> Self {
        Self {
            takes: takes.into_iter().collect(),
            ..self
        }
    }

    /// An answer it gives.
    pub(super) fn gives(mut self, status: u16, bodies: impl IntoIterator<Item = Body>) -> Self {
        self.gives.push((status, bodies.into_iter().collect()));
        self
    }

    /// How it refuses, beside what any request can meet.
    pub(super) fn refuses(self, refuses: &'static [u16]) -> Self {
        Self { refuses, ..self }
    }

    /// The size of its body and the time it may take, where they differ from the server's.
    pub(super) fn within(self, body: ByteSize, time: Duration) -> Self {
        Self {
            handler: self.handler.layer::<_, Infallible>(allow(body, time)),
            ..self
        }
    }

    /// How many requests it works on at the same time; more of them wait.
    pub(super) fn at_once(self, most: usize) -> Self {
        let slots = Arc::new(Semaphore::new(most));
        let wait = move |request: Request, next: Next| {
            let slots = slots.clone();
            async move {
                let _slot = slots.acquire_owned().await;
                next.run(request).await
            }
        };
        Self {
            handler: self.handler.route_layer(from_fn(wait)),
            ..self
        }
    }

    /// How often a client may come.
    pub(super) fn limited(self, limit: RateLimit) -> Self {
        let check = move |request: Request, next: Next| limit.clone().per_client(request, next);
        Self {
            handler: self.handler.route_layer(from_fn(check)),
            ..self
        }
    }

    /// The router with this route in it.
    pub(super) fn join(self, router: Router<Store>) -> Router<Store> {
        let declared = self.arguments;
        let read = move |request: Request, next: Next| Arguments::read(declared, request, next);
        router.route(self.path, self.handler.route_layer(from_fn(read)))
    }
}

/// A route by GET.
pub(super) fn get<H: Handler<T, Store>, T: 'static>(path: &'static str, name: &'static str, handler: H) -> Route {
    Route::new("get", path, (name, routing::get(handler)))
}

/// A route by POST.
pub(super) fn post<H: Handler<T, Store>, T: 'static>(path: &'static str, name: &'static str, handler: H) -> Route {
    Route::new("post", path, (name, routing::post(handler)))
}

/// A route by PUT.
pub(super) fn put<H: Handler<T, Store>, T: 'static>(path: &'static str, name: &'static str, handler: H) -> Route {
    Route::new("put", path, (name, routing::put(handler)))
}

/// A route by DELETE.
pub(super) fn delete<H: Handler<T, Store>, T: 'static>(path: &'static str, name: &'static str, handler: H) -> Route {
    Route::new("delete", path, (name, routing::delete(handler)))
}
