//! The ways in which subgraphs are listened to, and what happens when they are lost.

use federation_gateway::Peers;
use serde_json::{Value, json};

use super::{TICKS, tick};
use crate::support::{
    TestGateway, in_process, serve, settings, shop,
    socket::Socket,
    stand_in::StandIn,
    supergraph,
    ticker::{Cable, Ticker, number},
};

/// A gateway with a cable between it and the subgraph of events.
async fn over_cable(subscriptions: Value) -> (TestGateway, Ticker, Cable) {
    let ticker = Ticker::new();
    let (events, products) = (ticker.part(), shop::products());
    let cable = Cable::to(serve(events.router).await).await;
    let sdl = supergraph(&[
        ("ticker", &events.sdl, cable.address),
        ("products", &products.sdl, serve(products.router).await),
    ]);
    let settings = settings(json!({ "subscriptions": subscriptions }));
    (TestGateway::start(&sdl, settings, Peers::new()).await, ticker, cable)
}

fn by(protocol: &str, url: &str) -> Value {
    json!({ "reconnect-pause": "5ms", "subgraphs": { "ticker": { "protocol": protocol, "url": url } } })
}

#[tokio::test]
async fn a_subgraph_is_listened_to_in_its_own_way() {
    for (protocol, url) in [("websocket", "/ws"), ("sse", "/graphql"), ("multipart", "/parts")] {
        let (gateway, ticker, _cable) = over_cable(by(protocol, url)).await;
        let mut socket = Socket::connect(&gateway.url, json!({})).await;
        socket.subscribe("a", TICKS).await;
        ticker.has_listeners(1).await;

        for number in 0..20 {
            ticker.send(number);
        }
        for number in 0..20 {
            assert_eq!(socket.next().await, tick(number), "{protocol}");
        }
        ticker.stop();

        assert_eq!(socket.hear().await["type"], "complete", "{protocol}");
    }
}

#[tokio::test]
async fn what_a_subgraph_refuses_is_told() {
    for (protocol, url) in [("websocket", "/ws"), ("sse", "/graphql"), ("multipart", "/parts")] {
        let (gateway, _ticker, _cable) = over_cable(by(protocol, url)).await;
        let mut socket = Socket::connect(&gateway.url, json!({})).await;

        socket
            .subscribe("a", "subscription { ticks(mood: BAD) { number } }")
            .await;

        let said = socket.hear().await.to_string();
        assert!(said.contains("not today"), "{protocol}: {said}");
    }
}

#[tokio::test]
async fn what_a_subgraph_refuses_can_be_kept_from_clients() {
    for (mode, message) in [("show", "not today"), ("redact", "subgraph closed reported an error")] {
        let closed = StandIn::json(json!({ "errors": [{ "message": "not today" }] }));
        let part = closed.part("closed", "type Query { q: Int } type Subscription { news: String }");
        let settings = settings(json!({ "execution": { "subgraph-errors": mode } }));
        let gateway = in_process(vec![part], settings).await;
        let mut socket = Socket::connect(&gateway.url, json!({})).await;

        socket.subscribe("a", "subscription { news }").await;

        let extensions = json!({ "code": "UNAVAILABLE", "service": "closed" });
        let error = json!({ "message": message, "extensions": extensions });
        assert_eq!(socket.hear().await["payload"], json!([error]));
    }
}

#[tokio::test]
async fn a_subgraph_that_comes_back_is_listened_to_again() {
    for (protocol, url) in [("websocket", "/ws"), ("sse", "/graphql"), ("multipart", "/parts")] {
        let (gateway, ticker, cable) = over_cable(by(protocol, url)).await;
        let mut socket = Socket::connect(&gateway.url, json!({})).await;
        socket.subscribe("a", TICKS).await;
        ticker.has_listeners(1).await;
        ticker.send(1);
        assert_eq!(number(&socket.next().await), 1, "{protocol}");

        cable.cut();
        ticker.has_listeners(0).await;
        cable.mend();
        ticker.has_listeners(1).await;
        ticker.send(2);

        assert_eq!(number(&socket.next().await), 2, "{protocol}");
        assert_eq!(ticker.opened(), 2, "{protocol}");
    }
}

#[tokio::test]
async fn a_subgraph_that_stays_away_is_given_up() {
    for (protocol, url) in [("websocket", "/ws"), ("sse", "/graphql"), ("multipart", "/parts")] {
        let mut settings = by(protocol, url);
        settings["reconnect-for"] = json!("50ms");
        let (gateway, ticker, cable) = over_cable(settings).await;
        let mut socket = Socket::connect(&gateway.url, json!({})).await;
        socket.subscribe("a", TICKS).await;
        ticker.has_listeners(1).await;

        cable.cut();

        let ended = socket.hear().await;
        assert_eq!(ended["type"], "error", "{protocol}");
        let extensions = json!({ "code": "UNAVAILABLE", "service": "ticker" });
        assert_eq!(ended["payload"][0]["extensions"], extensions, "{protocol}");
    }
}

#[tokio::test]
async fn who_subscribes_while_a_subgraph_is_away_is_told_at_once() {
    for (protocol, url) in [("websocket", "/ws"), ("sse", "/graphql"), ("multipart", "/parts")] {
        let (gateway, _ticker, cable) = over_cable(by(protocol, url)).await;
        cable.cut();
        let mut socket = Socket::connect(&gateway.url, json!({})).await;

        socket.subscribe("a", TICKS).await;

        let ended = socket.hear().await;
        let code = &ended["payload"][0]["extensions"]["code"];
        assert_eq!(code, "UNAVAILABLE", "{protocol}: {ended}");
    }
}
