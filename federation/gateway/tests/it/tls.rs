//! Subgraphs that are our own services behind mutual TLS: their schemas, their answers and their events.

use std::{collections::BTreeMap, path::Path};

use federation_gateway::{Peers, Source, StitchSettings};
use platform_http::{Client, ClientSettings, Listener, ServeSettings, Tls, TlsSettings};
use platform_service::Peer;
use platform_testing::certificates;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    subscribe::{TICKS, tick},
    support::{Part, TestGateway, settings, shop, socket::Socket, ticker::Ticker},
};

/// Both sides show a certificate of one authority, and believe no other.
fn tls(folder: &Path) -> Tls {
    let at = |file: &str| Some(folder.join(file));
    let settings = TlsSettings {
        certificate: at("own.pem"),
        key: at("own.key"),
        client_ca: at("ca.pem"),
        ca: at("ca.pem"),
        ..TlsSettings::default()
    };
    Tls::open(&settings).unwrap()
}

/// Serves a subgraph by TLS and gives back its address.
async fn secured(part: Part, tls: &Tls) -> String {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/graphql", tcp.local_addr().unwrap().port());
    let listener = Listener { tcp, tls: tls.server() };
    #[expect(clippy::disallowed_methods, reason = "a test's server ends with the test's runtime")]
    tokio::spawn(platform_http::serve(
        listener,
        part.router,
        ServeSettings::default(),
        CancellationToken::new(),
    ));
    url
}

/// The shop and the ticker behind TLS, and who may call them.
async fn services() -> (BTreeMap<String, String>, Peers, Ticker, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let (tls, ticker) = (tls(folder.path()), Ticker::new());
    let (mut urls, mut peers) = (BTreeMap::new(), Peers::new());
    for part in [shop::products(), ticker.part()] {
        let name = part.name.to_owned();
        let url = secured(part, &tls).await;
        let client = Client::secured(&ClientSettings::default(), &tls.client().unwrap()).unwrap();
        peers.insert(name.clone(), Peer::Remote(url.parse().unwrap(), client));
        urls.insert(name, url);
    }
    (urls, peers, ticker, folder)
}

fn live(urls: &BTreeMap<String, String>) -> Source {
    Source::Live(urls.clone().into_iter().collect(), StitchSettings::default())
}

#[tokio::test]
async fn our_own_services_see_the_gateways_certificate_whatever_they_are_asked() {
    let (urls, peers, ticker, _folder) = services().await;
    let client = Client::new(&ClientSettings::default()).unwrap();
    let sdl = live(&urls).load(&client, &peers).await.unwrap();
    for (protocol, path) in [("websocket", "/ws"), ("sse", "/graphql"), ("multipart", "/parts")] {
        let url = urls["ticker"].replace("/graphql", path);
        let own = json!({ "ticker": { "protocol": protocol, "url": url } });
        let own = settings(json!({ "subscriptions": { "subgraphs": own } }));
        let gateway = TestGateway::start(&sdl, own, peers.clone()).await;
        let mut socket = Socket::connect(&gateway.url, json!({})).await;
        socket.subscribe("a", TICKS).await;
        ticker.has_listeners(1).await;

        ticker.send(1);

        assert_eq!(socket.next().await, tick(1), "{protocol}");
        ticker.stop();
        ticker.has_listeners(0).await;
    }
}

#[tokio::test]
async fn who_is_not_a_peer_is_not_shown_a_certificate_and_refused() {
    let (urls, peers, _ticker, _folder) = services().await;
    let client = Client::new(&ClientSettings::default()).unwrap();

    let unknown = live(&urls).load(&client, &Peers::new()).await;
    let sdl = live(&urls).load(&client, &peers).await.unwrap();
    let gateway = TestGateway::start(&sdl, settings(json!({})), Peers::new()).await;
    let answer = gateway.run("{ topProducts(first: 1) { name } }").await;

    assert!(unknown.is_err());
    assert_eq!(answer["errors"][0]["extensions"]["service"], "products", "{answer}");
}

#[tokio::test]
async fn whom_the_machines_authorities_do_not_vouch_for_is_not_listened_to() {
    let (urls, peers, ticker, _folder) = services().await;
    let client = Client::new(&ClientSettings::default()).unwrap();
    let sdl = live(&urls).load(&client, &peers).await.unwrap();
    let url = urls["ticker"].replace("/graphql", "/ws");
    let own = json!({ "ticker": { "protocol": "websocket", "url": url } });
    let own = settings(json!({ "subscriptions": { "subgraphs": own } }));
    let gateway = TestGateway::start(&sdl, own, Peers::new()).await;
    let mut socket = Socket::connect(&gateway.url, json!({})).await;

    socket.subscribe("a", TICKS).await;

    let told = socket.hear().await;
    assert_eq!(told["type"], "error", "{told}");
    assert_eq!(told["payload"][0]["extensions"]["service"], "ticker", "{told}");
    ticker.has_listeners(0).await;
}
