//! Many clients at once.

use futures::future::join_all;
use serde_json::json;

use super::{TICKS, tick, ticking};
use crate::support::socket::Socket;

const CLIENTS: usize = 1_000;
const EVENTS: i32 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_clients_lose_nothing() {
    let (gateway, ticker) = ticking(json!({})).await;
    let joining = (0..CLIENTS).map(|_| async {
        let mut socket = Socket::connect(&gateway.url, json!({})).await;
        socket.subscribe("a", TICKS).await;
        // The gateway has begun the operation once it answers what came after it.
        socket.subscribe("q", "{ pulse }").await;
        assert_eq!(socket.next().await["data"]["pulse"], 1);
        assert_eq!(socket.hear().await["type"], "complete");
        socket
    });
    let mut sockets = join_all(joining).await;
    ticker.has_listeners(1).await;

    for number in 0..EVENTS {
        ticker.send(number);
    }

    let reading = sockets.iter_mut().map(|socket| async {
        for number in 0..EVENTS {
            assert_eq!(socket.next().await, tick(i64::from(number)));
        }
    });
    join_all(reading).await;
    assert_eq!(ticker.opened(), 1);
}
