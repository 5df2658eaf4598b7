//! Events of a subgraph, completed by others, for any number of clients.

mod clients;
mod crowd;
mod faults;
mod heartbeats;
mod limits;
mod pieces;
mod raw;
mod single;
mod stopping;
mod upstreams;

use serde_json::{Value, json};

use crate::support::{TestGateway, in_process, settings, shop, socket::Socket, ticker::Ticker};

pub(crate) const TICKS: &str = "subscription { ticks { number product { upc name } } }";

/// A gateway in front of events and the products in them, in one process.
pub(crate) async fn ticking(part: Value) -> (TestGateway, Ticker) {
    let ticker = Ticker::new();
    let gateway = in_process(vec![ticker.part(), shop::products()], settings(part)).await;
    (gateway, ticker)
}

/// A client of ticks for whom the gateway has begun the operation: it answers what came after it.
pub(crate) async fn listening(gateway: &TestGateway) -> Socket {
    let mut socket = Socket::connect(&gateway.url, json!({})).await;
    socket.subscribe("a", TICKS).await;
    socket.subscribe("q", "{ pulse }").await;
    assert_eq!(socket.next().await["data"]["pulse"], 1);
    assert_eq!(socket.hear().await["type"], "complete");
    socket
}

/// What a client reads of an event.
pub(crate) fn tick(number: i64) -> Value {
    let names = ["Table", "Couch", "Record"];
    let at = usize::try_from(number % 3).expect("numbers are positive");
    let product = json!({ "upc": (at + 1).to_string(), "name": names[at] });
    json!({ "data": { "ticks": { "number": number, "product": product } } })
}
