//! The services of a process while they run, and how they stop.

use std::{any::Any, collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use futures::future::{BoxFuture, join_all};
use platform_error::Result;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{Context, Peer, health::Door};

/// Services that run. Stop them with [`Running::stop`] or [`Running::run_until`]; dropping this stops nothing
/// gracefully.
pub struct Running {
    notice: Duration,
    drain: Duration,
    is_secured: bool,
    addresses: BTreeMap<&'static str, SocketAddr>,
    doors: BTreeMap<&'static str, Door>,
    connections: Vec<Connections>,
    members: Vec<Member>,
}

/// A listener's loop and how to end it.
pub(crate) struct Connections {
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<()>,
}

/// A service that is open.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) context: Context,
    pub(crate) store: Arc<dyn Any + Send + Sync>,
    pub(crate) close: BoxFuture<'static, Result<()>>,
}

impl Running {
    pub(crate) fn new(drain: Duration, is_secured: bool) -> Self {
        Self {
            notice: Duration::ZERO,
            drain,
            is_secured,
            addresses: BTreeMap::new(),
            doors: BTreeMap::new(),
            connections: Vec::new(),
            members: Vec::new(),
        }
    }

    pub(crate) fn listen(
        &mut self,
        name: &'static str,
        address: Option<SocketAddr>,
        door: Door,
        connections: Option<Connections>,
    ) {
        self.addresses.extend(address.map(|address| (name, address)));
        self.doors.insert(name, door);
        self.connections.extend(connections);
    }

    /// Something that runs beside the services and is ended with the listeners.
    pub(crate) fn beside(&mut self, connections: Connections) {
        self.connections.push(connections);
    }

    pub(crate) fn opened(&mut self, member: Member) {
        self.members.push(member);
    }

    /// All services are open: from now on a stop is announced this long before the listeners close.
    pub(crate) fn started(self, notice: Duration) -> Self {
        Self { notice, ..self }
    }

    /// Where each service listens.
    pub fn addresses(&self) -> &BTreeMap<&'static str, SocketAddr> {
        &self.addresses
    }

    /// How a service is reached on this machine: `http://127.0.0.1:8001`, or by `https` where there is a certificate.
    pub fn url(&self, service: &str) -> Option<String> {
        let scheme = if self.is_secured { "https" } else { "http" };
        let address = self.addresses.get(service)?;
        Some(format!("{scheme}://{address}"))
    }

    /// A service as its port serves it.
    pub fn router(&self, service: &str) -> Option<Router> {
        self.doors.get(service).map(|door| door.app().into())
    }

    /// A service as others in this process call it.
    pub fn peer(&self, service: &str) -> Option<Peer> {
        self.doors.get(service).map(|door| Peer::Local(door.app()))
    }

    /// What a service keeps, when it is an `S`.
    pub fn store<S: Clone + 'static>(&self, service: &str) -> Option<S> {
        self.member(service)?.store.downcast_ref::<S>().cloned()
    }

    /// A service's context.
    pub fn context(&self, service: &str) -> Option<Context> {
        self.member(service).map(|member| member.context.clone())
    }

    fn member(&self, service: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == service)
    }

    /// Serves until `signal`, then stops.
    pub async fn run_until(self, signal: impl Future<Output = ()>) {
        signal.await;
        self.stop().await;
    }

    /// Stops gracefully: it gives notice, then takes no new requests and ends streams, requests finish, tasks stop, stores
    /// close, the last opened first.
    pub async fn stop(self) {
        for door in self.doors.values() {
            door.begin_stop();
        }
        if !self.addresses.is_empty() {
            sleep(self.notice).await;
        }
        let began = Instant::now();
        // The last opened first here as well: who listens to another's stream knows why it ends.
        for member in self.members.iter().rev() {
            member.context.stopping().cancel();
        }
        for connections in &self.connections {
            connections.stop.cancel();
        }
        join_all(self.connections.into_iter().map(|connections| connections.task)).await;
        // Now, and not before: requests may have used up all their own time.
        let deadline = Instant::now() + self.drain;
        for member in self.members.into_iter().rev() {
            member.context.shutdown().cancel();
            member.context.tasks().stop(began, deadline).await;
            if let Err(error) = member.close.await {
                let cause = error.causes();
                tracing::error!(service = member.name, %error, cause, "a service did not close well");
            }
        }
    }
}
