//! How long answers of subgraphs are kept, as the schema and the settings say.

use std::net::SocketAddr;

use serde_json::json;

use super::{HEAD, Kept, saying};
use crate::support::{stand_in::StandIn, supergraph};

#[tokio::test]
async fn entities_of_several_places_that_are_asked_for_together_are_kept_no_longer_than_the_schema_says() {
    let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])";
    let product = |upc: &str| json!({ "product": { "__typename": "Product", "upc": upc } });
    let boxes = StandIn::json(json!({ "data": { "a": product("1"), "b": product("2") } }));
    let boxes = boxes.part(
        "boxes",
        &format!("{link} type Query {{ x: Box y: Box }} type Box {{ product: Product }} type Product @key(fields: \"upc\") {{ upc: ID! }}"),
    );
    let stocked = json!([{ "__typename": "Product", "stock": 1 }, { "__typename": "Product", "stock": 2 }]);
    let stock = StandIn::json(json!({ "data": { "_e0": stocked, "_e1": stocked } }));
    let sdl = format!(
        "{HEAD} type Query {{ stocked: Int }} type Product @key(fields: \"upc\") @cacheControl(maxAge: 5) {{ upc: ID! stock: Int }}"
    );
    let parts = vec![boxes, saying(stock.part("stock", &sdl), "max-age=600")];
    let gateway = Kept::start(parts, json!({ "cache": { "entities": true } })).await;
    let asked = async |after: u64| {
        gateway.pass(after);
        let query = "{ a: x { product { stock } } b: y { product { stock } } }";
        let (answer, ..) = gateway.ask(query, None).await;
        assert!(answer["errors"].is_null(), "{answer}");
        stock.asked().len()
    };

    let times = [asked(0).await, asked(4).await, asked(1).await];
    let gone = gateway
        .invalidate(json!({ "type": "Product", "key": { "upc": "1" } }))
        .await;

    let question = stock.asked()[0]["query"].to_string();
    assert!(question.contains("_e0"), "they are asked for together: {question}");
    assert_eq!(times, [1, 1, 2]);
    assert_eq!(gone["invalidated"], 1);
}

#[tokio::test]
async fn what_was_kept_for_one_supergraph_is_not_given_under_another() {
    let answers = StandIn::json(json!({ "data": { "named": "Ada" } }));
    let sdl = |seconds: u32| format!("{HEAD} type Query {{ named: String @cacheControl(maxAge: {seconds}) }}");
    let parts = vec![answers.part("hinted", &sdl(600))];
    let gateway = Kept::start(parts, json!({ "cache": { "entities": true } })).await;
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    gateway.ask("{ named }", None).await;

    let shorter = supergraph(&[("hinted", &sdl(5), nowhere)]);
    gateway.served.gateway.reload(&shorter).await.expect("it can be served");
    gateway.pass(10);
    gateway.ask("{ named }", None).await;

    assert_eq!(answers.asked().len(), 2);
}

#[tokio::test]
async fn root_fields_that_nothing_speaks_of_are_kept_as_long_as_the_settings_say() {
    for what in ["responses", "entities"] {
        let answers = StandIn::json(json!({ "data": { "plain": { "name": "Ada" } } }));
        let part = answers.part("plain", "type Query { plain: Plain } type Plain { name: String }");
        let settings = json!({ "cache": { what: true, "default-max-age": "60s" } });
        let gateway = Kept::start(vec![part], settings).await;
        let asked = async |after: u64| {
            gateway.pass(after);
            let (_, control, _) = gateway.ask("{ plain { name } }", None).await;
            (answers.asked().len(), control)
        };

        let times = [asked(0).await, asked(59).await, asked(1).await];

        assert_eq!(times.each_ref().map(|(asked, _)| *asked), [1, 1, 2], "{what}");
        assert_eq!(times[0].1, "max-age=60, public", "{what}");
    }
}

#[tokio::test]
async fn what_may_be_private_behind_an_interface_or_a_union_is_private() {
    let types = "type Query { node: Node @cacheControl(maxAge: 60) any: Any @cacheControl(maxAge: 60) nodes: Node user: User @cacheControl(maxAge: 60) }
        interface Node @cacheControl(maxAge: 60) { id: ID! } union Any = User | Session
        type User implements Node @cacheControl(maxAge: 5) { id: ID! }
        type Session implements Node @cacheControl(scope: PRIVATE) { id: ID! }";
    let user = json!({ "__typename": "User", "id": "1" });
    let answers = StandIn::json(json!({ "data": { "node": user, "any": user, "nodes": user, "user": user } }));
    let parts = vec![answers.part("users", &format!("{HEAD} {types}"))];
    let gateway = Kept::start(parts, json!({ "cache": { "responses": true } })).await;

    for (query, expected) in [
        ("{ node { id } }", "max-age=60, private"),
        ("{ any { ... on Session { id } } }", "max-age=60, private"),
        ("{ nodes { id } }", "max-age=5, private"),
        ("{ user { id } }", "max-age=60, public"),
    ] {
        let (_, control, _) = gateway.ask(query, None).await;
        assert_eq!(control, expected, "{query}");
    }
}

#[tokio::test]
async fn of_hints_that_several_subgraphs_give_the_strictest_counts() {
    let head = HEAD
        .replace("Boolean)", "Boolean) repeatable")
        .replace("\"@key\", ", "\"@shareable\", ");
    let sdl = |hint: &str| format!("{head} type Query {{ name: String @shareable @cacheControl({hint}) }}");
    let answers = StandIn::json(json!({ "data": { "name": "Ada" } }));
    let parts = vec![
        answers.part("one", &sdl("maxAge: 60")),
        answers.part("two", &sdl("maxAge: 5, scope: PRIVATE")),
    ];
    let gateway = Kept::start(parts, json!({ "cache": { "responses": true } })).await;

    let (_, control, _) = gateway.ask("{ name }", None).await;

    assert_eq!(control, "max-age=5, private");
}

#[tokio::test]
async fn what_a_field_requires_counts_as_much_as_the_field() {
    let head = HEAD.replace("\"@key\", ", "\"@key\", \"@requires\", \"@external\", ");
    let extended = head
        .replacen("schema", "extend schema", 1)
        .replace("{ query: Query }", "");
    let priced = "type Query { item: Item @cacheControl(maxAge: 60) }
        type Item @key(fields: \"id\") { id: ID! price: Int @cacheControl(maxAge: 5) cost: Int @cacheControl(scope: PRIVATE) }";
    let taxed = "type Item @key(fields: \"id\") { id: ID! price: Int @external cost: Int @external
            tax: Int @requires(fields: \"price\") gain: Int @requires(fields: \"cost\") fine: Int }";
    let item = json!({ "__typename": "Item", "id": "1", "price": 10, "cost": 4 });
    let items = StandIn::json(json!({ "data": { "item": item } }));
    let taxes = StandIn::json(json!({ "data": { "_entities": [{ "tax": 2, "gain": 6, "fine": 0 }] } }));
    let parts = vec![
        items.part("items", &format!("{head} {priced}")),
        taxes.part("taxes", &format!("{extended} {taxed}")),
    ];
    let gateway = Kept::start(parts, json!({ "cache": { "responses": true } })).await;

    for (query, expected) in [
        ("{ item { id } }", "max-age=60, public"),
        ("{ item { fine } }", "max-age=60, public"),
        ("{ item { tax } }", "max-age=5, public"),
        ("{ item { gain } }", "max-age=60, private"),
    ] {
        let (answer, control, _) = gateway.ask(query, None).await;
        assert_eq!(control, expected, "{query}: {answer}");
    }
}
