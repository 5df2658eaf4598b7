//! Beside a subgraph of another maker: `@apollo/subgraph` in node.

use std::{
    io::{BufRead, BufReader},
    process::Child,
};

use federation_gateway::{Peers, Source, StitchSettings};
use platform_http::{Client, ClientSettings};
use serde_json::{Value, json};

use crate::support::{TestGateway, node, serve, settings, shop, socket::Socket};

/// A node process that ends with the test.
struct Books {
    process: Child,
    port: u16,
}

impl Books {
    /// Starts it; nothing if the packages are not installed.
    fn start() -> Option<Self> {
        let spawned = node::script("@apollo/subgraph", "books.js")?.spawn();
        let mut process = spawned.expect("node runs the subgraph: install Node.js 18 or newer");
        let mut line = String::new();
        let output = process.stdout.take().expect("its output is a pipe");
        BufReader::new(output).read_line(&mut line).expect("it prints its port");
        Some(Self {
            process,
            port: line.trim().parse().expect("it prints its port"),
        })
    }
}

impl Drop for Books {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A gateway over the node subgraph and one of ours, composed from what both tell of themselves.
async fn gateway(books: &Books) -> TestGateway {
    let users = serve(shop::users().router).await;
    let client = Client::new(&ClientSettings::default()).expect("a client can be made");
    let live = Source::Live(
        vec![
            ("books".into(), format!("http://127.0.0.1:{}/graphql", books.port)),
            ("users".into(), format!("http://{users}/graphql")),
        ],
        StitchSettings::default(),
    );
    let sdl = live
        .load(&client, &Peers::new())
        .await
        .expect("both tell their schemas and compose");
    let settings = settings(json!({ "subscriptions": { "protocol": "sse" } }));
    TestGateway::start(&sdl, settings, Peers::new()).await
}

#[tokio::test]
async fn entities_go_back_and_forth_between_the_makers() {
    let Some(books) = Books::start() else { return };
    let gateway = gateway(&books).await;

    let data = gateway
        .data("{ books(first: 2) { title meta author { name signature books { title } } } me { name books { isbn } } }")
        .await;

    let ada = json!({ "name": "Ada", "signature": "Ada, with best wishes", "books": [{ "title": "Notes" }, { "title": "More notes" }] });
    let expected = json!({
        "books": [
            { "title": "Notes", "meta": { "pages": [1, 2.5, null], "deep": { "ok": true } }, "author": ada },
            { "title": "More notes", "meta": null, "author": ada },
        ],
        "me": { "name": "Ada", "books": [{ "isbn": "1" }, { "isbn": "2" }] },
    });
    assert_eq!(data, expected);
}

#[tokio::test]
async fn mutations_and_errors_of_the_other_maker_arrive() {
    let Some(books) = Books::start() else { return };
    let gateway = gateway(&books).await;

    let lent = gateway
        .run("mutation { lend(isbn: \"3\", to: \"u2\") { book { title } reader { name } } }")
        .await;
    let failed = gateway.run("{ fail me { name } }").await;
    let broken = gateway.run("{ me { name } broken }").await;

    assert_eq!(
        lent,
        json!({ "data": { "lend": { "book": { "title": "Others" }, "reader": { "name": "Bob" } } } })
    );
    assert_eq!(failed["data"], json!({ "fail": null, "me": { "name": "Ada" } }));
    assert_eq!(failed["errors"][0]["message"], "the shelf is empty");
    assert_eq!(failed["errors"][0]["path"], json!(["fail"]));
    assert_eq!(failed["errors"][0]["extensions"]["service"], "books");
    assert_eq!(broken["data"], Value::Null);
    assert_eq!(broken["errors"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn events_of_the_other_maker_are_completed_by_both() {
    let Some(books) = Books::start() else { return };
    let gateway = gateway(&books).await;
    let mut socket = Socket::connect(&gateway.url, json!({})).await;

    let query = "subscription { published(count: 2) { title author { name signature } } }";
    socket.subscribe("a", query).await;

    for title in ["Notes", "More notes"] {
        let author = json!({ "name": "Ada", "signature": "Ada, with best wishes" });
        let published = json!({ "title": title, "author": author });
        assert_eq!(socket.next().await, json!({ "data": { "published": published } }));
    }
    assert_eq!(socket.hear().await["type"], "complete");
}
