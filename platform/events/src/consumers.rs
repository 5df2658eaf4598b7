//! What a service does when events arrive: groups of handlers, and how to run them.

use std::{collections::BTreeMap, sync::Arc};

use futures::{FutureExt, future::BoxFuture, future::join_all};
use platform_database::Tx;
use platform_error::Error;
use platform_service::Blueprint;
use tokio::sync::{Mutex, Notify};

use crate::{Envelope, Event, EventError, Events, Received, Start, dispatch, pump};

/// A handler: `async fn(store: &S, tx: &Tx, event: Received<E>) -> Result<(), X>`.
///
/// What it writes through `tx` and the note that the event is handled are committed together, so the effect happens
/// once, however often the event arrives. It must do nothing else that lasts: for a mail or a call elsewhere it
/// enqueues a job through `tx`. An error is tried again with longer and longer pauses; one with the code `Invalid`
/// makes the event a dead letter at once.
pub trait Handler<'a, S, E, X>: Send + Sync {
    /// What it gives back.
    type Handled: Future<Output = Result<(), X>> + Send + 'a;
    /// Handles an event.
    fn handle(&self, store: &'a S, tx: &'a Tx, event: Received<E>) -> Self::Handled;
}

impl<'a, S: 'a, E, X, F, Handled> Handler<'a, S, E, X> for F
where
    F: Fn(&'a S, &'a Tx, Received<E>) -> Handled + Send + Sync,
    Handled: Future<Output = Result<(), X>> + Send + 'a,
{
    type Handled = Handled;

    fn handle(&self, store: &'a S, tx: &'a Tx, event: Received<E>) -> Handled {
        self(store, tx, event)
    }
}

pub(crate) type Handle<S> =
    Arc<dyn for<'a> Fn(&'a S, &'a Tx, Envelope) -> BoxFuture<'a, Result<(), Error>> + Send + Sync>;

/// The groups of a service. A group reads the bus once, whatever number of processes runs it.
pub struct Consumers<S> {
    groups: BTreeMap<&'static str, Group<S>>,
}

pub(crate) struct Group<S> {
    pub(crate) start: Start,
    pub(crate) handlers: BTreeMap<&'static str, Handle<S>>,
}

/// A group at work in this process.
pub(crate) struct Member<'a, S> {
    pub(crate) name: &'static str,
    pub(crate) group: &'a Group<S>,
    pub(crate) events: &'a Events,
    pub(crate) store: &'a S,
    /// Something has arrived.
    pub(crate) arrived: Notify,
    /// Held by the worker that looks at the clock.
    pub(crate) watch: Mutex<()>,
}

impl<S> Default for Consumers<S> {
    fn default() -> Self {
        Self {
            groups: BTreeMap::new(),
        }
    }
}

impl<S: Send + Sync + 'static> Consumers<S> {
    /// No groups.
    pub fn new() -> Self {
        Self::default()
    }

    /// Handles the events `E` in a group. Events of one aggregate and key are handled in order, others beside each
    /// other. A group that is new begins with the oldest event that the bus keeps.
    ///
    /// # Panics
    /// When the group has a handler for `E` already.
    pub fn on<E, X, H>(mut self, group: &'static str, handler: H) -> Self
    where
        E: Event,
        X: Into<Error> + 'static,
        H: for<'a> Handler<'a, S, E, X> + 'static,
    {
        let group = self.groups.entry(group).or_default();
        let twice = group.handlers.insert(E::TYPE, erased(handler));
        assert!(twice.is_none(), "a group has two handlers for {}", E::TYPE);
        self
    }

    /// Lets a group, when it is new, begin somewhere else than with the oldest event.
    pub fn begin(mut self, group: &'static str, start: Start) -> Self {
        self.groups.entry(group).or_default().start = start;
        self
    }

    /// Runs all groups until the service stops.
    pub async fn run(&self, events: &Events, store: &S) -> Result<(), EventError> {
        let members = self.groups.iter().map(|(name, group)| Member {
            name,
            group,
            events,
            store,
            arrived: Notify::new(),
            watch: Mutex::new(()),
        });
        let members: Vec<_> = members.collect();
        let running = members.iter().map(|member| async move {
            tokio::join!(pump::run(member), dispatch::run(member));
        });
        join_all(running).await;
        Ok(())
    }
}

impl<S> Default for Group<S> {
    fn default() -> Self {
        Self {
            start: Start::default(),
            handlers: BTreeMap::new(),
        }
    }
}

fn erased<S, E, X, H>(handler: H) -> Handle<S>
where
    S: Send + Sync + 'static,
    E: Event,
    X: Into<Error> + 'static,
    H: for<'a> Handler<'a, S, E, X> + 'static,
{
    let handler = Arc::new(handler);
    fn shaped<S, F>(handle: F) -> Handle<S>
    where
        F: for<'a> Fn(&'a S, &'a Tx, Envelope) -> BoxFuture<'a, Result<(), Error>> + Send + Sync + 'static,
    {
        Arc::new(handle)
    }
    shaped(move |store, tx, envelope| {
        let handler = handler.clone();
        async move {
            let event = envelope.open::<E>()?;
            let handled = handler.handle(store, tx, Received { envelope, event });
            handled.await.map_err(Into::into)
        }
        .boxed()
    })
}

/// Lets a service say what it does with events.
pub trait WithEvents<S> {
    /// Runs these groups for as long as the service runs.
    fn events(self, consumers: Consumers<S>) -> Self;
}

impl<S: AsRef<Events> + Clone + Send + Sync + 'static> WithEvents<S> for Blueprint<S> {
    fn events(self, consumers: Consumers<S>) -> Self {
        let consumers = Arc::new(consumers);
        self.task("events", move |_, store: S| {
            let consumers = consumers.clone();
            async move { consumers.run(store.as_ref(), &store).await }
        })
    }
}
