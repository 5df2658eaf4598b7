//! What clients see of events that come late, wrongly, partly or never, and of subgraphs that die in the middle.

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::support::{
    TestGateway, in_process, over_sockets, settings, shop,
    socket::Socket,
    speaker::{Say, Speaker},
    stand_in::StandIn,
};

const WAYS: [(&str, &str); 3] = [("websocket", "/ws"), ("sse", "/graphql"), ("multipart", "/parts")];
const SAYS: &str = "subscription { says { text more product { name } } }";

/// A gateway that listens to a subgraph in this way, and a client that listens to the gateway.
async fn listening(
    speaker: &Speaker,
    (protocol, url): (&str, &str),
    mut subscriptions: Value,
) -> (TestGateway, Socket) {
    subscriptions["subgraphs"] = json!({ "speaker": { "protocol": protocol, "url": url } });
    subscriptions["reconnect-pause"] = json!("5ms");
    let settings = settings(json!({ "subscriptions": subscriptions }));
    let gateway = over_sockets(vec![speaker.part(), shop::products()], settings).await;
    let mut socket = Socket::connect(&gateway.url, json!({})).await;
    socket.subscribe("a", SAYS).await;
    (gateway, socket)
}

/// What the subgraph says of a text.
fn event(text: &str) -> Value {
    let product = json!({ "__typename": "Product", "upc": "1" });
    json!({ "data": { "says": { "text": text, "more": "more", "product": product } } })
}

/// What a client reads of it.
fn answer(text: &str) -> Value {
    json!({ "data": { "says": { "text": text, "more": "more", "product": { "name": "Table" } } } })
}

#[tokio::test]
async fn an_event_that_comes_late_is_waited_for() {
    for way in WAYS {
        let speaker = Speaker::new(vec![vec![Say::Wait, Say::Event(event("late")), Say::Complete]]);
        let (_gateway, mut socket) = listening(&speaker, way, json!({})).await;

        // Others are answered in the meantime.
        socket.subscribe("b", "{ topProducts(first: 1) { upc } }").await;
        assert_eq!(socket.next().await["data"]["topProducts"][0]["upc"], "1", "{way:?}");
        assert_eq!(socket.hear().await["type"], "complete", "{way:?}");
        speaker.go_on();

        assert_eq!(socket.next().await, answer("late"), "{way:?}");
        assert_eq!(socket.hear().await["type"], "complete", "{way:?}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_told_and_the_next_event_comes() {
    for way in WAYS {
        let wrong = [json!([1]), json!({}), json!({ "data": "secret" })].map(Say::Event);
        let script = wrong.into_iter().chain([Say::Event(event("right")), Say::Complete]);
        let speaker = Speaker::new(vec![script.collect()]);
        let (_gateway, mut socket) = listening(&speaker, way, json!({})).await;

        for _ in 0..2 {
            let told = socket.next().await;
            let message = "subgraph speaker answered something that is not a GraphQL response";
            assert_eq!(told["data"], json!({ "says": null }), "{way:?}");
            assert_eq!(told["errors"][0]["message"], message, "{way:?}");
        }
        assert_eq!(socket.next().await["data"], json!({ "says": null }), "{way:?}");
        assert_eq!(socket.next().await, answer("right"), "{way:?}");
        assert_eq!(socket.hear().await["type"], "complete", "{way:?}");
    }
}

#[tokio::test]
async fn an_event_that_is_there_in_part_is_completed_and_says_what_is_missing() {
    for way in WAYS {
        let mut part = event("half");
        part["data"]["says"]["more"] = Value::Null;
        part["errors"] = json!([{ "message": "no more", "path": ["says", "more"] }]);
        let mut empty = event("none");
        empty["data"]["says"]["text"] = Value::Null;
        let speaker = Speaker::new(vec![vec![Say::Event(part), Say::Event(empty), Say::Complete]]);
        let (_gateway, mut socket) = listening(&speaker, way, json!({})).await;

        let half = socket.next().await;
        let none = socket.next().await;

        let says = json!({ "text": "half", "more": null, "product": { "name": "Table" } });
        assert_eq!(half["data"], json!({ "says": says }), "{way:?}");
        let extensions = json!({ "code": "UNAVAILABLE", "service": "speaker" });
        let error = json!({ "message": "no more", "path": ["says", "more"], "extensions": extensions });
        assert_eq!(half["errors"], json!([error]), "{way:?}");
        assert_eq!(none["data"], json!({ "says": null }), "{way:?}");
        assert_eq!(none["errors"][0]["path"], json!(["says", "text"]), "{way:?}");
        assert_eq!(socket.hear().await["type"], "complete", "{way:?}");
    }
}

#[tokio::test]
async fn a_subgraph_that_never_speaks_is_not_waited_for_for_ever() {
    for way in WAYS {
        for script in [vec![], vec![vec![Say::Wait]]] {
            let impatient = json!({ "init-timeout": "50ms", "idle": "50ms", "reconnect-for": "0s" });
            let speaker = Speaker::new(script);
            let (_gateway, mut socket) = listening(&speaker, way, impatient).await;

            let told = socket.hear().await;

            assert_eq!(told["type"], "error", "{way:?}");
            let extensions = json!({ "code": "UNAVAILABLE", "service": "speaker" });
            assert_eq!(told["payload"][0]["extensions"], extensions, "{way:?}");
        }
    }
}

#[tokio::test]
async fn a_subgraph_of_this_process_is_not_waited_for_for_ever_either() {
    let silent = StandIn::new(|_| std::future::pending::<StatusCode>());
    let part = silent.part("silent", "type Query { q: Int } type Subscription { news: String }");
    let settings = settings(json!({ "subscriptions": { "idle": "50ms" } }));
    let gateway = in_process(vec![part], settings).await;
    let mut socket = Socket::connect(&gateway.url, json!({})).await;

    socket.subscribe("a", "subscription { news }").await;

    let told = socket.hear().await;
    let extensions = json!({ "code": "UNAVAILABLE", "service": "silent" });
    assert_eq!(told["payload"][0]["extensions"], extensions, "{told}");
}

#[tokio::test]
async fn of_an_event_that_breaks_off_nothing_is_shown_and_the_next_connection_goes_on() {
    for way in WAYS {
        let dies = vec![Say::Event(event("first")), Say::Half(event("second")), Say::Wait];
        let speaker = Speaker::new(vec![dies, vec![Say::Event(event("third")), Say::Complete]]);
        let (_gateway, mut socket) = listening(&speaker, way, json!({})).await;

        assert_eq!(socket.next().await, answer("first"), "{way:?}");
        speaker.go_on();
        assert_eq!(socket.next().await, answer("third"), "{way:?}");
        assert_eq!(socket.hear().await["type"], "complete", "{way:?}");
        assert_eq!(speaker.called(), 2, "{way:?}");
    }
}

#[tokio::test]
async fn errors_that_end_a_subscription_end_it_for_clients() {
    for way in [WAYS[0], WAYS[2]] {
        let errors = json!([{ "message": "sold out", "extensions": { "code": "CONFLICT" } }]);
        let speaker = Speaker::new(vec![vec![Say::Event(event("first")), Say::Errors(errors)]]);
        let (_gateway, mut socket) = listening(&speaker, way, json!({})).await;

        let first = socket.next().await;
        let last = socket.hear().await;

        assert_eq!(first, answer("first"), "{way:?}");
        let extensions = json!({ "code": "CONFLICT", "service": "speaker" });
        let error = json!({ "message": "sold out", "extensions": extensions });
        assert_eq!(
            (&last["type"], &last["payload"]),
            (&json!("error"), &json!([error])),
            "{way:?}"
        );
        assert_eq!(speaker.called(), 1, "{way:?}");
    }
}

#[tokio::test]
async fn an_event_that_nobody_completes_says_so_and_the_next_one_is_whole() {
    let answers = std::sync::atomic::AtomicUsize::new(0);
    let products = StandIn::new(move |_| {
        let is_first = answers.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        async move {
            match is_first {
                true => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                false => axum::Json(json!({ "data": { "_entities": [{ "name": "Table" }] } })).into_response(),
            }
        }
    });
    let sdl = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\"])
        type Query { p: Product } type Product @key(fields: \"upc\") { upc: ID! name: String }";
    let [first, second] = ["first", "second"].map(|text| Say::Event(event(text)));
    let speaker = Speaker::new(vec![vec![first, second, Say::Wait]]);
    let settings = settings(json!({
        "traffic": { "retries": 0 },
        "subscriptions": { "subgraphs": { "speaker": { "protocol": "sse" } } },
    }));
    let gateway = over_sockets(vec![speaker.part(), products.part("products", sdl)], settings).await;
    let mut socket = Socket::connect(&gateway.url, json!({})).await;

    socket.subscribe("a", SAYS).await;
    let (first, second) = (socket.next().await, socket.next().await);

    let says = json!({ "text": "first", "more": "more", "product": { "name": null } });
    assert_eq!(first["data"], json!({ "says": says }), "{first}");
    assert_eq!(
        first["errors"][0]["message"],
        "subgraph products answered with status 500"
    );
    assert_eq!(second, answer("second"));
}

fn panicking() -> Response {
    let said = stream::iter([Bytes::from_static(
        b"event: next\ndata: {\"data\":{\"news\":\"x\"}}\n\n",
    )]);
    let panics = stream::once(async { panic!("this is the test's own panic") });
    let body = Body::from_stream(said.chain(panics).map(Ok::<_, std::convert::Infallible>));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

#[tokio::test]
async fn a_panic_ends_a_subscription_for_all_who_listen_and_nobody_else_waits_for_it() {
    let panics = StandIn::new(|_| async { panicking() });
    let part = panics.part("panics", "type Query { q: Int } type Subscription { news: String }");
    let gateway = in_process(vec![part], settings(json!({}))).await;

    for called in 1..=2 {
        let mut socket = Socket::connect(&gateway.url, json!({})).await;
        socket.subscribe("a", "subscription { news }").await;

        assert_eq!(socket.next().await, json!({ "data": { "news": "x" } }));
        let told = socket.hear().await;
        assert_eq!(
            told["payload"][0]["extensions"],
            json!({ "code": "INTERNAL" }),
            "{told}"
        );
        assert_eq!(panics.asked().len(), called);
    }
}
