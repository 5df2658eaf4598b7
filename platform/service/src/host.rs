//! Runs any set of services in one process: binds their ports, opens them, serves them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    path::PathBuf,
    sync::Arc,
};

use platform_config::{Config, Duration};
use platform_error::Result;
use platform_graphql::Settings as GraphqlSettings;
use platform_http::{Limits, Listener, ServeSettings, Tls, TlsSettings};
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    Clock, Context, HostError, Peer, Peers, Running, Service,
    health::{Door, Inside, Metrics},
    running::{Connections, Member},
    service::Opened,
};

/// Where the process listens and keeps its data. Section `[host]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct HostSettings {
    /// The address to listen on. Others than this machine reach it only when this is changed.
    pub bind: IpAddr,
    /// The folder for everything the process keeps.
    pub data: PathBuf,
    /// Whether others depend on it: what is only for development, such as accounts with known passwords, is refused.
    pub production: bool,
    /// How many threads work; as many as the machine has cores, unless said. A single one passes nothing between cores,
    /// which costs less for each request: for a process of which several run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<NonZeroUsize>,
    /// How long the process goes on as before when it is told to stop, and only says that it is not ready, so that those
    /// who send requests hear of it before the ports close.
    pub notice: Duration,
}

impl Default for HostSettings {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            data: PathBuf::from("hansa-data"),
            production: false,
            threads: None,
            notice: Duration::from_secs(0),
        }
    }
}

/// The key of a service's section that the host reads.
#[derive(Serialize, Deserialize)]
struct Port {
    port: Option<u16>,
}

/// A process about to run services.
pub struct Host {
    config: Config,
    clock: Clock,
    services: Vec<Service>,
    metrics: Arc<Metrics>,
    interrupt: CancellationToken,
}

struct Settings {
    host: HostSettings,
    limits: Limits,
    connections: ServeSettings,
    graphql: GraphqlSettings,
    tls: Tls,
    peers: Peers,
}

impl Host {
    /// A host without services.
    pub fn new(config: Config, clock: Clock) -> Self {
        Self {
            config,
            clock,
            services: Vec::new(),
            metrics: Arc::new(Metrics::new(String::new)),
            interrupt: CancellationToken::new(),
        }
    }

    /// Adds services; they are opened in this order and closed in the reverse.
    pub fn services(mut self, services: impl IntoIterator<Item = Service>) -> Self {
        self.services.extend(services);
        self
    }

    /// Serves these metrics at `/metrics`.
    pub fn metrics(mut self, render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.metrics = Arc::new(Metrics::new(render));
        self
    }

    /// Gives up starting when this is cancelled: what was opened until then is closed again, and the start fails.
    pub fn unless(mut self, interrupt: CancellationToken) -> Self {
        self.interrupt = interrupt;
        self
    }

    /// Binds every port, then opens the services. Until a service is open its port answers that it is starting.
    pub async fn start(self) -> Result<Running> {
        let settings = self.settings()?;
        let mut members = Vec::new();
        for service in &self.services {
            let listener = self.bind(service, settings.host.bind).await?;
            members.push((listener.local_addr().ok(), Some(listener)));
        }
        self.run(settings, members).await
    }

    /// Opens the services without listening: they are reached through [`Running::router`] alone.
    pub async fn embed(self) -> Result<Running> {
        let settings = self.settings()?;
        for service in &self.services {
            self.config.part::<Port>(service.name)?;
        }
        let unbound = self.services.iter().map(|_| (None, None)).collect();
        self.run(settings, unbound).await
    }

    /// Brings what each service keeps to the form that this version wants, without serving anything, and names what
    /// was changed. The first that fails ends it; those before it stay done.
    pub async fn migrate(self) -> Result<BTreeMap<&'static str, Vec<String>>> {
        let settings = self.settings()?;
        let mut done = BTreeMap::new();
        for service in &self.services {
            let Some(migrate) = &service.migrate else { continue };
            let context = self.context(service, &settings);
            let applied = migrate(context.clone()).await;
            self.stop(&context, &settings).await;
            done.insert(service.name, applied?);
        }
        Ok(done)
    }

    fn settings(&self) -> Result<Settings> {
        let mut names = BTreeSet::new();
        if let Some(twice) = self.services.iter().find(|service| !names.insert(service.name)) {
            return Err(HostError::Twice(twice.name).into());
        }
        let host: HostSettings = self.config.section("host")?;
        let tls = Tls::open(&self.config.section::<TlsSettings>("tls")?)?;
        let settings = Settings {
            limits: self.config.section("http")?,
            connections: self.config.section("connections")?,
            graphql: self.config.section("graphql")?,
            peers: Peers::remote(&self.config, tls.client().as_ref())?,
            tls,
            host,
        };
        std::fs::create_dir_all(&settings.host.data).map_err(|error| HostError::DataFolder {
            folder: settings.host.data.clone(),
            reason: error.to_string(),
        })?;
        Ok(settings)
    }

    async fn bind(&self, service: &Service, address: IpAddr) -> Result<TcpListener> {
        let Port { port } = self.config.part(service.name)?;
        let address = SocketAddr::new(address, port.unwrap_or(service.port));
        let bound = TcpListener::bind(address).await;
        Ok(bound.map_err(|error| HostError::listen(service.name, address, &error))?)
    }

    async fn run(self, settings: Settings, sockets: Vec<(Option<SocketAddr>, Option<TcpListener>)>) -> Result<Running> {
        let mut running = Running::new(*settings.connections.drain, settings.tls.server().is_some());
        let mut doors = Vec::new();
        if settings.tls.is_used() {
            let stop = CancellationToken::new();
            let kept = settings.tls.clone().keep(stop.clone());
            #[expect(
                clippy::disallowed_methods,
                reason = "the host itself awaits the reading of certificates when it stops"
            )]
            let task = tokio::spawn(kept);
            running.beside(Connections { stop, task });
        }
        for (service, (address, listener)) in self.services.iter().zip(sockets) {
            let door = Door::new(service.name, self.metrics.clone());
            let connections = listener.map(|listener| {
                let (stop, tls) = (CancellationToken::new(), settings.tls.server());
                let listener = Listener { tcp: listener, tls };
                let served = platform_http::serve(listener, door.app(), settings.connections.clone(), stop.clone());
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the host itself awaits its listeners when it stops"
                )]
                let task = tokio::spawn(served);
                Connections { stop, task }
            });
            running.listen(service.name, address, door.clone(), connections);
            doors.push(door);
        }
        for (service, door) in self.services.iter().zip(doors) {
            match self.open(service, &settings).await {
                Ok((context, opened)) => {
                    door.open(Inside {
                        app: platform_http::stack(opened.router, &settings.limits),
                        ready: opened.ready,
                        grpc: opened.grpc,
                    });
                    settings.peers.add(service.name, Peer::Local(door.app()));
                    running.opened(Member {
                        name: service.name,
                        context,
                        store: opened.store,
                        close: opened.close,
                    });
                }
                Err(error) => {
                    running.stop().await;
                    return Err(error);
                }
            }
        }
        if let Err(error) = self.config.refuse_unread() {
            running.stop().await;
            return Err(error.into());
        }
        Ok(running.started(*settings.host.notice))
    }

    fn context(&self, service: &Service, settings: &Settings) -> Context {
        let surroundings = (self.clock.clone(), settings.host.data.clone());
        Context::among(settings.peers.clone(), service.name, self.config.clone(), surroundings)
    }

    async fn open(&self, service: &Service, settings: &Settings) -> Result<(Context, Opened)> {
        let context = self.context(service, settings);
        let opened = tokio::select! {
            opened = (service.open)(context.clone(), settings.graphql) => opened,
            () = self.interrupt.cancelled() => Err(HostError::Interrupted(service.name).into()),
        };
        match opened {
            Ok(opened) => Ok((context, opened)),
            Err(error) => {
                self.stop(&context, settings).await;
                Err(error)
            }
        }
    }

    async fn stop(&self, context: &Context, settings: &Settings) {
        context.shutdown().cancel();
        let began = Instant::now();
        context.tasks().stop(began, began + *settings.connections.drain).await;
    }
}
