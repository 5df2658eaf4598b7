//! A service as a value that reads like a table of contents.

use std::{any::Any, sync::Arc};

use async_graphql::{ObjectType, Schema, SubscriptionType};
use axum::Router;
use futures::{FutureExt, future::BoxFuture};
use platform_error::{Error, Result};
use platform_graphql::Settings as GraphqlSettings;

use crate::{Context, grpc};

type Open = Box<dyn Fn(Context, GraphqlSettings) -> BoxFuture<'static, Result<Opened>> + Send + Sync>;

/// A service that a host can run.
pub struct Service {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    pub(crate) open: Open,
    pub(crate) migrate: Option<Migrate>,
}

/// Changes what a service keeps to the form that this version wants, and names the changes.
pub(crate) type Migrate = Arc<dyn Fn(Context) -> BoxFuture<'static, Result<Vec<String>>> + Send + Sync>;

/// What a service is made of once its store is open.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Any + Send + Sync>,
    pub(crate) router: Router,
    pub(crate) grpc: Vec<String>,
    pub(crate) ready: Check,
    pub(crate) close: BoxFuture<'static, Result<()>>,
}

/// Asks whether a service can answer now.
pub(crate) type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>;

impl Service {
    /// Begins a service: its name is its section of the settings, its port what it listens on unless told otherwise.
    #[expect(clippy::new_ret_no_self, reason = "a service is complete once it says how it opens")]
    pub fn new(name: &'static str, port: u16) -> Unopened {
        Unopened { name, port }
    }

    /// The service's name.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// A service that has yet to say how it opens.
pub struct Unopened {
    name: &'static str,
    port: u16,
}

impl Unopened {
    /// How the service opens what it keeps: `async fn open(context: Context) -> Result<Store>`.
    pub fn open<S, E, Fut>(self, open: impl Fn(Context) -> Fut + Send + Sync + 'static) -> Blueprint<S>
    where
        S: Clone + Send + Sync + 'static,
        E: Into<Error>,
        Fut: Future<Output = Result<S, E>> + Send + 'static,
    {
        let open = move |context| open(context).map(|store| store.map_err(Into::into)).boxed();
        Blueprint {
            name: self.name,
            port: self.port,
            open: Box::new(open),
            routes: Vec::new(),
            grpc: None,
            wraps: Vec::new(),
            migrate: None,
            tasks: Vec::new(),
            ready: Arc::new(|_| async { Ok(()) }.boxed()),
            close: Arc::new(|_| async { Ok(()) }.boxed()),
        }
    }
}

type OnStore<S> = Arc<dyn Fn(S) -> BoxFuture<'static, Result<()>> + Send + Sync>;
type OnContext<S> = Arc<dyn Fn(Context, S) -> BoxFuture<'static, Result<()>> + Send + Sync>;
type Grpc<S> = (&'static [u8], Box<dyn Fn(&S) -> tonic::service::Routes + Send + Sync>);
type Wrap<S> = Box<dyn Fn(&S, Router) -> Router + Send + Sync>;
type Routes<S> = Box<dyn Fn(&S, &Context, GraphqlSettings) -> Router + Send + Sync>;

/// A service around a store `S`, which is shared by all its parts.
pub struct Blueprint<S> {
    name: &'static str,
    port: u16,
    open: Box<dyn Fn(Context) -> BoxFuture<'static, Result<S>> + Send + Sync>,
    routes: Vec<Routes<S>>,
    grpc: Option<Grpc<S>>,
    wraps: Vec<Wrap<S>>,
    migrate: Option<Migrate>,
    tasks: Vec<(&'static str, OnContext<S>)>,
    ready: OnStore<S>,
    close: OnStore<S>,
}

impl<S: Clone + Send + Sync + 'static> Blueprint<S> {
    /// Serves a schema at `/graphql`.
    pub fn graphql<Q, M, Sub>(mut self, schema: impl Fn(&S) -> Schema<Q, M, Sub> + Send + Sync + 'static) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        Sub: SubscriptionType + 'static,
    {
        self.routes.push(Box::new(move |store, context, settings| {
            platform_graphql::router_until(schema(store), settings, context.stopping())
        }));
        self
    }

    /// Serves routes beside it.
    pub fn rest(mut self, router: impl Fn(&S) -> Router + Send + Sync + 'static) -> Self {
        self.routes.push(Box::new(move |store, _, _| router(store)));
        self
    }

    /// Serves gRPC on the same port, with reflection over what `routes` answer of the encoded `descriptors`.
    pub fn grpc(
        mut self,
        descriptors: &'static [u8],
        routes: impl Fn(&S) -> tonic::service::Routes + Send + Sync + 'static,
    ) -> Self {
        self.grpc = Some((descriptors, Box::new(routes)));
        self
    }

    /// Puts something before all routes, such as the question who asks. What is added last is asked first.
    pub fn wrap(mut self, wrap: impl Fn(&S, Router) -> Router + Send + Sync + 'static) -> Self {
        self.wraps.push(Box::new(wrap));
        self
    }

    /// How what the service keeps is brought to the form that this version wants, without opening it: it gives back
    /// the names of what was changed.
    pub fn migrate<E, Fut>(mut self, migrate: impl Fn(Context) -> Fut + Send + Sync + 'static) -> Self
    where
        E: Into<Error>,
        Fut: Future<Output = Result<Vec<String>, E>> + Send + 'static,
    {
        self.migrate = Some(Arc::new(move |context| {
            migrate(context).map(|done| done.map_err(Into::into)).boxed()
        }));
        self
    }

    /// Runs a task for as long as the service runs. It watches [`Context::shutdown`]; when it fails it is started
    /// again after a pause.
    pub fn task<E, Fut>(mut self, name: &'static str, task: impl Fn(Context, S) -> Fut + Send + Sync + 'static) -> Self
    where
        E: Into<Error>,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        let task = move |context, store| task(context, store).map(|done| done.map_err(Into::into)).boxed();
        self.tasks.push((name, Arc::new(task)));
        self
    }

    /// Says whether the service can answer now, for `/readyz`.
    pub fn ready<E, Fut>(mut self, ready: impl Fn(S) -> Fut + Send + Sync + 'static) -> Self
    where
        E: Into<Error>,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.ready = Arc::new(move |store| ready(store).map(|done| done.map_err(Into::into)).boxed());
        self
    }

    /// What to do last, when requests and tasks are over.
    pub fn close<E, Fut>(mut self, close: impl Fn(S) -> Fut + Send + Sync + 'static) -> Self
    where
        E: Into<Error>,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.close = Arc::new(move |store| close(store).map(|done| done.map_err(Into::into)).boxed());
        self
    }

    async fn opened(&self, context: Context, graphql: GraphqlSettings) -> Result<Opened> {
        let store = (self.open)(context.clone()).await?;
        let mut router = self.routes.iter().fold(Router::new(), |router, routes| {
            router.merge(routes(&store, &context, graphql))
        });
        let mut grpc = Vec::new();
        if let Some((descriptors, routes)) = &self.grpc {
            let (routes, names) = grpc::with_reflection(routes(&store), descriptors).await?;
            (router, grpc) = (router.merge(routes), names);
        }
        let router = self.wraps.iter().fold(router, |router, wrap| wrap(&store, router));
        for (name, task) in &self.tasks {
            let (task, context_of_task, store) = (task.clone(), context.clone(), store.clone());
            let start = move || task(context_of_task.clone(), store.clone());
            context.tasks().keep(name, context.shutdown(), start);
        }
        let close = (self.close)(store.clone());
        let (ready, checked) = (self.ready.clone(), store.clone());
        let ready: Check = Arc::new(move || ready(checked.clone()));
        Ok(Opened {
            store: Arc::new(store),
            router,
            grpc,
            ready,
            close,
        })
    }
}

impl<S: Clone + Send + Sync + 'static> From<Blueprint<S>> for Service {
    fn from(blueprint: Blueprint<S>) -> Self {
        let (name, port, migrate) = (blueprint.name, blueprint.port, blueprint.migrate.clone());
        let blueprint = Arc::new(blueprint);
        let open: Open = Box::new(move |context, graphql| {
            let blueprint = blueprint.clone();
            async move { blueprint.opened(context, graphql).await }.boxed()
        });
        Self {
            name,
            port,
            open,
            migrate,
        }
    }
}
