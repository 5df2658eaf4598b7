//! A GraphQL service that knows nothing of federation, joined by a description.

mod entities;
mod sources;

use federation_gateway::{Peers, Source, Stitch, StitchSettings};
use platform_http::{Client, ClientSettings};
use serde_json::{Value, json};

use crate::support::{Part, TestGateway, monolith::reviews, recorder::Recorder, serve, settings};

/// The description that most tests use.
fn usual() -> Value {
    json!({
        "entities": {
            "User": { "key": "id", "field": "user", "arguments": { "id": "id" } },
            "Order": { "key": "id", "field": "order", "arguments": { "number": "id" } },
        },
        "hide": ["Query.version", "User.password"],
    })
}

fn client() -> Client {
    Client::new(&ClientSettings::default()).expect("a client can be made")
}

/// The supergraph of the subgraph of reviews, and of a service behind an address that is described so.
async fn loaded(url: String, description: Value) -> platform_error::Result<String> {
    let reviews = serve(reviews().router).await;
    let mut stitch: Stitch = serde_json::from_value(description).expect("the test's description is one");
    stitch.url = Some(url);
    let source = Source::Live(
        vec![("reviews".into(), format!("http://{reviews}/graphql"))],
        StitchSettings([("monolith".to_owned(), stitch)].into()),
    );
    source.load(&client(), &Peers::new()).await
}

async fn served(service: Part, description: Value) -> (TestGateway, Recorder) {
    let (service, recorder) = Recorder::before(service);
    let url = format!("http://{}/graphql", serve(service.router).await);
    let sdl = loaded(url, description).await.unwrap_or_else(|error| panic!("{error}"));
    let settings = settings(json!({ "subscriptions": { "protocol": "sse" } }));
    (TestGateway::start(&sdl, settings, Peers::new()).await, recorder)
}
