//! A first start while subgraphs are away: the gateway is there, says what it waits for, and serves once all have come.

use std::net::SocketAddr;

use federation_gateway::Source;
use platform_testing::eventually;
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::support::{Part, monolith, process::Process, serve, shop, stand_in::StandIn};

/// A subgraph that is away: its address is taken, and nobody listens there.
struct Absent {
    socket: TcpSocket,
    address: SocketAddr,
}

impl Absent {
    fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("there are sockets");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(any).expect("there is a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        Self { socket, address }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// It comes.
    fn come(self, part: Part) {
        let listener = self.socket.listen(64).expect("the port is ours");
        #[expect(clippy::disallowed_methods, reason = "a test's server ends with the test's runtime")]
        tokio::spawn(async move { axum::serve(listener, part.router).await });
    }
}

const BOTH: &str = "{ me { name } topProducts(first: 1) { name } }";

fn both() -> Value {
    json!({ "me": { "name": "Ada" }, "topProducts": [{ "name": "Table" }] })
}

#[tokio::test]
async fn a_gateway_whose_peer_is_away_says_so_and_serves_when_it_has_come() {
    let (products, users) = (serve(shop::products().router).await, Absent::new());
    let peers = format!("[peers]\nproducts = \"http://{products}\"\nusers = {:?}", users.url());
    let process = Process::start(None, &peers).await.unwrap();

    let (status, ready) = process.get("/readyz").await;
    let (started, _) = process.get("/startupz").await;
    assert_eq!((status, started), (503, 200));
    assert!(
        ready["reason"].as_str().unwrap().contains("subgraph users is away"),
        "{ready}"
    );
    for accept in [
        "application/json",
        "application/graphql-response+json",
        "text/event-stream",
    ] {
        let (status, refused) = process
            .ask(&[("accept", accept)], "{ topProducts(first: 1) { name } }")
            .await;
        assert_eq!(status, 503, "{accept}: {refused}");
        let error = &refused["errors"][0];
        assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{refused}");
        let said = error["message"].as_str().unwrap();
        assert!(
            said.contains("subgraph users is away") && !said.contains("127.0.0.1"),
            "{refused}"
        );
    }

    users.come(shop::users());

    assert_eq!(process.served(BOTH).await, both());
    process.running.stop().await;
}

#[tokio::test]
async fn a_listed_subgraph_and_one_that_is_stitched_in_are_waited_for_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let (users, stitched) = (Absent::new(), Absent::new());
    let file = folder.path().join("supergraph.yaml");
    let list = format!(
        "subgraphs:\n  users:\n    schema:\n      subgraph_url: {}/graphql\n",
        users.url()
    );
    std::fs::write(&file, list).unwrap();
    let listed = Process::start(Some(Source::Config(file)), "").await.unwrap();
    let description = format!("[stitch.monolith]\nurl = \"{}/graphql\"", stitched.url());
    let joined = Process::start(None, &description).await.unwrap();

    let (_, waits) = joined.get("/readyz").await;
    users.come(shop::users());
    stitched.come(monolith::monolith());

    assert!(
        waits["reason"].as_str().unwrap().contains("subgraph monolith is away"),
        "{waits}"
    );
    assert_eq!(
        listed.served("{ me { name } }").await,
        json!({ "me": { "name": "Ada" } })
    );
    joined.served("{ __typename }").await;
    listed.running.stop().await;
    joined.running.stop().await;
}

#[tokio::test]
async fn a_peer_that_is_still_starting_is_waited_for_and_one_that_is_no_subgraph_ends_the_start() {
    use axum::http::StatusCode;

    let answer = |status: StatusCode| StandIn::new(move |_| async move { (status, "<html>") }).router();
    let starting = serve(answer(StatusCode::SERVICE_UNAVAILABLE)).await;
    let page = serve(answer(StatusCode::OK)).await;
    let elsewhere = serve(answer(StatusCode::NOT_FOUND)).await;
    let absent = Absent::new();
    let peer = |address: SocketAddr| format!("[peers]\nothers = \"http://{address}\"\naway = {:?}", absent.url());

    let stitched = format!("[stitch.monolith]\nurl = \"http://{starting}/graphql\"");

    let waiting = Process::start(None, &peer(starting)).await.unwrap();
    let joining = Process::start(None, &stitched).await.unwrap();
    let no_subgraph = Process::start(None, &peer(page)).await.err().unwrap();
    let no_endpoint = Process::start(None, &peer(elsewhere)).await.err().unwrap();

    assert_eq!(waiting.get("/readyz").await.0, 503);
    assert_eq!(joining.get("/readyz").await.0, 503);
    assert!(no_subgraph.contains("is it a federated subgraph?"), "{no_subgraph}");
    assert!(no_endpoint.contains("does not tell its schema"), "{no_endpoint}");
    waiting.running.stop().await;
    joining.running.stop().await;
}

/// Two subgraphs that disagree about a field, and one behind an address.
fn conflict(others: &str, ty: &str) -> String {
    let link =
        "extend schema @link(url: \\\"https://specs.apollo.dev/federation/v2.3\\\", import: [\\\"@shareable\\\"])";
    let schema = |ty: &str| format!("{{ sdl: \"{link} type Query {{ x: {ty} @shareable }}\" }}");
    format!(
        "subgraphs:\n  a: {{ routing_url: http://a.test, schema: {} }}\n  b: {{ routing_url: http://b.test, schema: {} }}\n{others}",
        schema("Int"),
        schema(ty)
    )
}

#[tokio::test]
async fn schemas_that_do_not_compose_end_the_start_and_after_it_are_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.yaml");
    std::fs::write(&file, conflict("", "String")).unwrap();
    let ended = Process::start(Some(Source::Config(file.clone())), "").await;
    let users = Absent::new();
    let others = format!("  users: {{ schema: {{ subgraph_url: {}/graphql }} }}\n", users.url());
    std::fs::write(&file, conflict(&others, "String")).unwrap();
    let process = Process::start(Some(Source::Config(file.clone())), "").await.unwrap();

    users.come(shop::users());
    eventually("it is known that they do not compose", async || {
        let (_, ready) = process.get("/readyz").await;
        ready["reason"]
            .as_str()
            .unwrap()
            .contains("its subgraphs do not make one")
    })
    .await;
    std::fs::write(&file, conflict(&others, "Int")).unwrap();

    assert!(ended.err().unwrap().contains("[FIELD_TYPE_MISMATCH]"));
    assert_eq!(
        process.served("{ me { name } }").await,
        json!({ "me": { "name": "Ada" } })
    );
    process.running.stop().await;
}

#[tokio::test]
async fn settings_are_read_and_refused_at_the_start_also_while_a_peer_is_away() {
    let absent = Absent::new();
    let away = format!("[peers]\nusers = {:?}\n", absent.url());
    let known = "[identity]\nrevocation-poll = \"1s\"\n[gateway.rate]\nplans = { free = { per-second = 1, burst = 2 } }\n[cache]\n";

    let process = Process::start(None, &format!("{away}{known}")).await.unwrap();
    let unknown = Process::start(None, &format!("{away}[cash]\n")).await.err().unwrap();
    let wrong = Process::start(None, &format!("gateway.poll = \"often\"\n{away}"))
        .await
        .err()
        .unwrap();

    assert!(unknown.contains("cash"), "{unknown}");
    assert!(wrong.contains("gateway.poll"), "{wrong}");
    process.running.stop().await;
}
