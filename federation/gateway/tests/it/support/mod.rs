//! A gateway on a socket, and subgraphs beside it.

pub(crate) mod collector;
pub(crate) mod corpus;
pub(crate) mod literals;
pub(crate) mod monolith;
pub(crate) mod node;
pub(crate) mod people;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod recorder;
pub(crate) mod shop;
pub(crate) mod socket;
pub(crate) mod speaker;
pub(crate) mod staff;
pub(crate) mod stand_in;
pub(crate) mod strict;
pub(crate) mod ticker;
pub(crate) mod tokens;
pub(crate) mod world;

use std::net::SocketAddr;

use axum::Router;
use federation_composition::{Composition, Subgraph, compose};
use federation_gateway::{Gateway, Peers, Settings};
use platform_config::Config;
use platform_http::{Client, ClientResponse, ClientSettings};
use platform_service::{Clock, Context, Peer};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A subgraph about to be served.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) sdl: String,
    pub(crate) router: Router,
}

/// A gateway under test.
pub(crate) struct TestGateway {
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) gateway: Gateway,
    _folder: TempDir,
}

/// Serves a router on a free port until the test ends.
pub(crate) async fn serve(router: impl Into<Router>) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there is a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    let service = router.into().into_make_service_with_connect_info::<SocketAddr>();
    #[expect(clippy::disallowed_methods, reason = "a test's server ends with the test's runtime")]
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// The supergraph of subgraphs at these addresses.
pub(crate) fn supergraph(parts: &[(&str, &str, SocketAddr)]) -> String {
    let subgraphs: Vec<Subgraph> = parts
        .iter()
        .map(|(name, sdl, address)| Subgraph {
            name: (*name).to_owned(),
            url: format!("http://{address}/graphql"),
            sdl: (*sdl).to_owned(),
        })
        .collect();
    compose(&subgraphs)
        .unwrap_or_else(|errors| panic!("{errors:?}\n{}", subgraphs[0].sdl))
        .supergraph_sdl
}

/// What one subgraph composes to.
pub(crate) fn composed(sdl: String) -> Composition {
    let (name, url) = ("a".to_owned(), "http://a.test".to_owned());
    compose(&[Subgraph { name, url, sdl }]).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// The supergraph of subgraphs in the same process, and where they are.
pub(crate) fn local(parts: Vec<Part>) -> (String, Peers) {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let named: Vec<_> = parts
        .iter()
        .map(|part| (part.name, part.sdl.as_str(), nowhere))
        .collect();
    let sdl = supergraph(&named);
    let peers = parts
        .into_iter()
        .map(|part| (part.name.to_owned(), Peer::Local(part.router.into())));
    (sdl, peers.collect())
}

/// A gateway in front of subgraphs that each have a socket.
pub(crate) async fn over_sockets(parts: Vec<Part>, settings: Settings) -> TestGateway {
    let mut served = Vec::new();
    for part in parts {
        served.push((part.name, part.sdl, serve(part.router).await));
    }
    let named: Vec<_> = served
        .iter()
        .map(|(name, sdl, address)| (*name, sdl.as_str(), *address))
        .collect();
    TestGateway::start(&supergraph(&named), settings, Peers::new()).await
}

/// A gateway in front of subgraphs in the same process.
pub(crate) async fn in_process(parts: Vec<Part>, settings: Settings) -> TestGateway {
    in_process_at(parts, settings, Clock::system()).await
}

/// The same, by a clock of the test's own.
pub(crate) async fn in_process_at(parts: Vec<Part>, settings: Settings, clock: Clock) -> TestGateway {
    in_process_with(parts, settings, (clock, Config::default())).await
}

/// The same, with settings of what the gateway stands on.
pub(crate) async fn in_process_with(parts: Vec<Part>, settings: Settings, around: (Clock, Config)) -> TestGateway {
    let (sdl, peers) = local(parts);
    TestGateway::start_with(&sdl, settings, peers, around).await
}

impl TestGateway {
    /// A gateway that serves a supergraph.
    pub(crate) async fn start(sdl: &str, settings: Settings, peers: Peers) -> Self {
        Self::start_with(sdl, settings, peers, (Clock::system(), Config::default())).await
    }

    async fn start_with(sdl: &str, settings: Settings, peers: Peers, (clock, config): (Clock, Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let context = Context::standalone("gateway", config, clock, folder.path());
        let gateway = Gateway::new(sdl, settings, peers, &context).expect("the supergraph can be served");
        let address = serve(gateway.router()).await;
        Self {
            url: format!("http://{address}/graphql"),
            client: Client::new(&ClientSettings::default()).expect("a client can be made"),
            gateway,
            _folder: folder,
        }
    }

    /// Runs an operation and gives back the whole answer.
    pub(crate) async fn run(&self, query: &str) -> Value {
        self.run_with(query, json!({})).await
    }

    /// Runs an operation with variables.
    pub(crate) async fn run_with(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        self.post(&body).await.json().await.expect("the answer is JSON")
    }

    /// Runs an operation with variables that are sent as they are written.
    pub(crate) async fn run_written(&self, query: &str, variables: &str) -> Value {
        let body = format!("{{\"query\":{},\"variables\":{variables}}}", Value::from(query));
        let request = self.client.post(&self.url).header("content-type", "application/json");
        let answer = request.body(body).send().await.expect("the gateway answers");
        answer.json().await.expect("the answer is JSON")
    }

    /// The data of an operation that must succeed.
    pub(crate) async fn data(&self, query: &str) -> Value {
        let mut answer = self.run(query).await;
        assert_eq!(answer["errors"], Value::Null, "{query}");
        answer["data"].take()
    }

    /// Sends a body as it is.
    pub(crate) async fn post(&self, body: &Value) -> ClientResponse {
        let request = self.client.post(&self.url).json(body);
        request.send().await.expect("the gateway answers")
    }
}

/// Settings as an operator writes them.
pub(crate) fn settings(settings: Value) -> Settings {
    serde_json::from_value(settings).expect("the test's settings are known")
}
