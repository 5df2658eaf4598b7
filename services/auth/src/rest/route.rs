//! A route and what the document says of it.

use axum::{
    Router,
    handler::Handler,
    routing::{self, MethodRouter},
};

use crate::store::Auth;

/// A route: what answers it, and what can be said of it.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Its name for generated clients.
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    /// What may stand behind the `?`.
    pub(super) arguments: &'static [&'static str],
    /// The schema of the body it takes.
    pub(super) takes: Option<&'static str>,
    /// The statuses it answers with, and the schemas of their bodies.
    pub(super) gives: Vec<(u16, Option<&'static str>)>,
    pub(super) asker: Asker,
    handler: MethodRouter<Auth>,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// Everybody.
    Anybody,
    /// Somebody who is signed in.
    Person,
    /// A service of ours.
    Service,
}

impl Route {
    fn new(method: &'static str, path: &'static str, (name, handler): (&'static str, MethodRouter<Auth>)) -> Self {
        Self {
            method,
            path,
            name,
            summary: "",
            arguments: &[],
            takes: None,
            gives: Vec::new(),
            asker: Asker::Anybody,
            handler,
        }
    }

    /// What it does, in a sentence or two.
    pub(super) fn says(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    /// What may stand behind the `?`.
    pub(super) fn asks(self, arguments: &'static [&'static str]) -> Self {
        Self { arguments, ..self }
    }

    /// The body it takes.
    pub(super) fn takes(self, schema: &'static str) -> Self {
        Self {
            takes: Some(schema),
            ..self
        }
    }

    /// An answer with a body.
    pub(super) fn gives(mut self, status: u16, schema: &'static str) -> Self {
        self.gives.push((status, Some(schema)));
        self
    }

    /// An answer without a body.
    pub(super) fn ends(mut self, status: u16) -> Self {
        self.gives.push((status, None));
        self
    }

    /// Who may ask, where not everybody may.
    pub(super) fn by(self, asker: Asker) -> Self {
        Self { asker, ..self }
    }

    /// The router with this route in it.
    pub(super) fn join(self, router: Router<Auth>) -> Router<Auth> {
        router.route(self.path, self.handler)
    }
}

/// A route by GET.
pub(super) fn get<H: Handler<T, Auth>, T: 'static>(path: &'static str, name: &'static str, handler: H) -> Route {
    Route::new("get", path, (name, routing::get(handler)))
}

/// A route by POST.
pub(super) fn post<H: Handler<T, Auth>, T: 'static>(path: &'static str, name: &'static str, handler: H) -> Route {
    Route::new("post", path, (name, routing::post(handler)))
}

/// A route by PUT.
pub(super) fn put<H: Handler<T, Auth>, T: 'static>(path: &'static str, name: &'static str, handler: H) -> Route {
    Route::new("put", path, (name, routing::put(handler)))
}

/// A route by DELETE.
pub(super) fn delete<H: Handler<T, Auth>, T: 'static>(path: &'static str, name: &'static str, handler: H) -> Route {
    Route::new("delete", path, (name, routing::delete(handler)))
}
