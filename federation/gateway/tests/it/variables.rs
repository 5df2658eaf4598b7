//! Variables on their way from the client to the subgraphs.

use federation_gateway::Settings;
use serde_json::json;

use crate::support::{over_sockets, stand_in::StandIn};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\"])";

#[tokio::test]
async fn a_variable_may_be_called_as_the_gateways_own() {
    let products = StandIn::json(json!({ "data": { "product": { "__typename": "Product", "id": "1" } } }));
    let prices = StandIn::json(json!({ "data": { "_entities": [{ "price": 7, "old": 8 }] } }));
    let parts = vec![
        products.part(
            "products",
            &format!("{LINK} type Query {{ product(in: [In]): Product }} input In {{ id: ID }} type Product @key(fields: \"id\") {{ id: ID! }}"),
        ),
        prices.part(
            "prices",
            &format!("{LINK} type Product @key(fields: \"id\") {{ id: ID! price(in: String, on: ID): Int old: Int }}"),
        ),
    ];
    let gateway = over_sockets(parts, Settings::default()).await;
    let query = "query($representations: ID, $representations_: String) {
        product(in: [{ id: $representations }]) { ...F } }
        fragment F on Product { price(on: $representations, in: $representations_) }";

    let answer = gateway
        .run_with(query, json!({ "representations": "x", "representations_": "EUR" }))
        .await;

    assert_eq!(answer, json!({ "data": { "product": { "price": 7 } } }));
    assert_eq!(products.asked()[0]["variables"], json!({ "representations__": "x" }));
    let entities = json!([{ "__typename": "Product", "id": "1" }]);
    assert_eq!(
        prices.asked()[0]["variables"],
        json!({ "representations": entities, "representations_": "EUR", "representations__": "x" })
    );
}

#[tokio::test]
async fn a_whole_number_is_sent_as_an_integer_where_one_is_expected() {
    let asked = StandIn::json(json!({ "data": { "find": 1 } }));
    let part = asked.part(
        "a",
        "type Query { find(by: By, n: Int): Int } input By { page: [Page!] sizes: [[Int!]] ratio: Float }
         input Page { first: Int, of: ID }",
    );
    let gateway = over_sockets(vec![part], Settings::default()).await;
    let query = "query($by: By, $n: Int) { find(by: $by, n: $n) }";

    let variables = json!({
        "n": 1e6,
        "by": { "page": { "first": 10.0, "of": "a" }, "sizes": [[1, 2.0], null, 3.0], "ratio": 4.0 },
    });
    let answer = gateway.run_with(query, variables).await;
    let refused = gateway.run_with(query, json!({ "n": 1.5 })).await;
    let beyond = gateway.run_with(query, json!({ "n": 3e9 })).await;

    assert_eq!(answer, json!({ "data": { "find": 1 } }));
    let expected = json!({
        "n": 1_000_000,
        "by": { "page": { "first": 10, "of": "a" }, "sizes": [[1, 2], null, 3], "ratio": 4.0 },
    });
    assert_eq!(asked.asked()[0]["variables"], expected);
    for refused in [refused, beyond] {
        assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID", "{refused}");
    }
}

#[tokio::test]
async fn an_object_is_no_number_and_no_choice() {
    let asked = StandIn::json(json!({ "data": { "find": 1 } }));
    let part = asked.part(
        "a",
        "type Query { find(n: Int, kind: Kind, all: [String], any: Any, by: By): Int }
         enum Kind { A } scalar Any input By { n: Int }",
    );
    let gateway = over_sockets(vec![part], Settings::default()).await;

    for query in [
        "{ find(n: { a: 1 }) }",
        "{ find(kind: { a: 1 }) }",
        "{ find(all: [{ a: 1 }]) }",
        "{ find(by: { n: { a: 1 } }) }",
        "query($n: Int = { a: 1 }) { find(n: $n) }",
    ] {
        let answer = gateway.run(query).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["rule"], "ValuesOfCorrectType",
            "{query}: {answer}"
        );
    }
    let fine = gateway.run("{ find(any: { a: { b: 1 } }, by: { n: 1 }) }").await;
    assert_eq!(fine, json!({ "data": { "find": 1 } }));
}
