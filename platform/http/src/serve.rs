//! The server's loop: HTTP/1 and HTTP/2 on one listener, so many connections in all and for each client, drained on stop.

use std::{sync::Arc, time::Duration as Time};

use platform_config::{ByteSize, Duration};
use serde::{Deserialize, Serialize};
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{App, Network, ServerTls, clients::Clients, connection::Served, socket::Socket};

/// Unless the settings say otherwise.
pub(crate) const HEADER_TIMEOUT: Time = Time::from_secs(10);
/// How long our clients keep a connection on which nothing is asked. Less than our servers do: a request that is sent
/// while they close the connection may be lost.
pub(crate) const IDLE: Time = Time::from_secs(HEADER_TIMEOUT.as_secs() - 2);

/// How connections are treated. Section `[connections]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct ServeSettings {
    /// Connections open at once; more wait to be accepted.
    pub most: usize,
    /// Those of one client; more are closed at once. 0 is no limit. This machine and trusted proxies have none.
    pub most_per_client: usize,
    /// How long a client may take to send the headers of a request, from the end of the one before it over HTTP/1.
    pub header_timeout: Duration,
    /// How long a client may take nothing of what is ready for it. Then its connection ends.
    pub stall_timeout: Duration,
    /// The largest headers of a request, its URL included.
    pub headers: ByteSize,
    /// How long requests may take to finish when the server stops.
    pub drain: Duration,
    /// Proxies that are believed when they say, by `x-forwarded-for` or `forwarded`, whom a request came from.
    pub trusted_proxies: Vec<Network>,
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            most: 16_384,
            most_per_client: 4_096,
            header_timeout: Duration(HEADER_TIMEOUT),
            stall_timeout: Duration::from_secs(60),
            headers: ByteSize(64 << 10),
            drain: Duration::from_secs(20),
            trusted_proxies: Vec::new(),
        }
    }
}

/// Where connections come from, and whether they are secured.
pub struct Listener {
    /// The bound port.
    pub tcp: TcpListener,
    /// TLS; plain HTTP where there is none.
    pub tls: Option<ServerTls>,
}

impl From<TcpListener> for Listener {
    fn from(tcp: TcpListener) -> Self {
        Self { tcp, tls: None }
    }
}

/// Answers on `listener` until `shutdown`, then stops accepting and lets requests finish.
pub async fn serve(
    listener: impl Into<Listener>,
    app: impl Into<App>,
    settings: ServeSettings,
    shutdown: CancellationToken,
) {
    let (Listener { tcp, tls }, app) = (listener.into(), app.into());
    let proxies: Arc<[Network]> = settings.trusted_proxies.as_slice().into();
    let slots = Arc::new(Semaphore::new(settings.most));
    let clients = Clients::new(settings.most_per_client, proxies.clone());
    let served = Arc::new(Served {
        app,
        tls,
        proxies,
        settings,
        shutdown,
    });
    let connections = TaskTracker::new();
    loop {
        let accept = async {
            let slot = slots
                .clone()
                .acquire_owned()
                .await
                .expect("the semaphore is never closed");
            tcp.accept().await.map(|(stream, peer)| (slot, stream, peer))
        };
        let accepted = tokio::select! {
            accepted = accept => accepted,
            () = served.shutdown.cancelled() => break,
        };
        let (slot, stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: nothing is gained by asking again at once.
                tracing::warn!(%error, "cannot accept a connection");
                sleep(Time::from_millis(50)).await;
                continue;
            }
        };
        let Some(place) = clients.admit(peer.ip()) else {
            metrics::counter!("http_connections_refused_total").increment(1);
            tracing::debug!(%peer, "a client has as many connections as it may");
            continue;
        };
        let socket = Socket::new(stream, *served.settings.stall_timeout, (slot, place));
        connections.spawn(served.clone().answer(socket, peer));
    }
    drop(tcp);
    connections.close();
    if timeout(*served.settings.drain, connections.wait()).await.is_err() {
        tracing::warn!("requests were still running when the time to drain was over");
    }
}
