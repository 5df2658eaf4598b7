//! Many clients at once.

use futures::future::join_all;
use serde_json::json;

use super::{listening, tick, ticking};

const CLIENTS: usize = 1_000;
const EVENTS: i32 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_clients_lose_nothing() {
    let (gateway, ticker) = ticking(json!({})).await;
    let mut sockets = join_all((0..CLIENTS).map(|_| listening(&gateway))).await;
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
