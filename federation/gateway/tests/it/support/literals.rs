//! Subgraphs and a stitched service in front of which operations are written, and what arrives there of them.

use federation_gateway::{Peers, Settings, Source, Stitch, StitchSettings};
use platform_http::{Client, ClientSettings};
use platform_service::Peer;
use serde_json::json;

use super::{TestGateway, in_process, serve, stand_in::StandIn};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\"])";
/// A subgraph whose fields take literals of every kind.
pub(crate) const SCHEMA: &str = "type Query { find(x: Float, id: ID, n: Int, any: Any, of: Of, all: [Float], text: String): Int list(id: ID): [Item] }
    type Item { id: ID } scalar Any input Of { x: Float id: ID }";

/// A subgraph and a gateway in front of it.
pub(crate) async fn finder() -> (TestGateway, StandIn) {
    let asked = StandIn::json(json!({ "data": {} }));
    (
        in_process(vec![asked.part("a", SCHEMA)], Settings::default()).await,
        asked,
    )
}

/// A gateway in front of a service that is no subgraph, where `{ first { price(x:, of:) } }` costs 5.
pub(crate) async fn stitched() -> (TestGateway, StandIn) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.graphql");
    let schema = "type Query { item(id: ID!): Item } type Item { id: ID! price(x: Float, of: ID): Int }";
    std::fs::write(&file, schema).unwrap();
    let item = json!({ "__typename": "Item", "id": "1", "price": 5 });
    let prices = StandIn::json(json!({ "data": { "_0_0": item } }));
    let items = StandIn::json(json!({ "data": { "first": { "__typename": "Item", "id": "1" } } }));
    let sdl = format!("{LINK} type Query {{ first: Item }} type Item @key(fields: \"id\") {{ id: ID! }}");
    let told = StandIn::json(json!({ "data": { "_service": { "sdl": sdl } } }));
    let url = format!("http://{}/graphql", serve(told.router()).await);
    let entities = json!({ "Item": { "key": "id", "field": "item", "arguments": { "id": "id" } } });
    let description = json!({ "schema": file, "url": "http://prices.test/graphql", "entities": entities });
    let described: Stitch = serde_json::from_value(description).unwrap();
    let source = Source::Live(
        vec![("items".into(), url)],
        StitchSettings([("prices".to_owned(), described)].into()),
    );
    let client = Client::new(&ClientSettings::default()).unwrap();
    let supergraph = source.load(&client, &Peers::new()).await.unwrap();
    let peers = [("items", items.router()), ("prices", prices.router())];
    let peers = peers.map(|(name, router)| (name.to_owned(), Peer::Local(router.into())));
    let gateway = TestGateway::start(&supergraph, Settings::default(), peers.into()).await;
    (gateway, prices)
}

/// What a subgraph was asked last.
pub(crate) fn last(asked: &StandIn) -> String {
    let last = asked.asked().pop().expect("the subgraph was asked");
    last["query"].as_str().unwrap_or_default().to_owned()
}
