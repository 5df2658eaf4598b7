//! What becomes of those who listen when the gateway's process stops.

use std::time::Duration;

use platform_http::{Client, ClientSettings};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{process::Process, serve, socket::Events, ticker::Ticker};

#[tokio::test]
async fn a_stop_tells_those_who_listen_and_does_not_wait_for_them() {
    let ticker = Ticker::new();
    let subgraph = serve(ticker.part().router).await;
    let settings = "connections.drain = \"1h\"\ngateway.subscriptions.protocol = \"sse\"";
    let settings = format!("{settings}\n[peers]\nticker = \"http://{subgraph}\"");
    let process = Process::start(None, &settings).await.unwrap();
    process.served("{ pulse }").await;
    let url = format!("http://{}/graphql", process.running.addresses()["gateway"]);
    let client = Client::new(&ClientSettings::default()).unwrap();
    let request = client.post(&url).header("accept", "text/event-stream");
    let request = request.json(&json!({ "query": "subscription { ticks { number } }" }));
    let mut events = Events::of(client.send(request).await.unwrap());
    ticker.has_listeners(1).await;

    let told = async { [events.event().await, events.event().await] };
    let both = async { tokio::join!(process.running.stop(), told) };
    let stopped = timeout(Duration::from_secs(20), both).await;

    let ((), told) = stopped.expect("it does not wait for who listens");
    let [(_, error), (end, _)] = told;
    assert_eq!(error["errors"][0]["message"], "the gateway stops; subscribe again");
    assert_eq!(end, "complete");
}
