//! Variables on their way from the client to the subgraphs.

use std::sync::{Arc, Mutex};

use axum::{Router, routing::post};
use federation_gateway::Settings;
use serde_json::json;

use crate::support::{Part, TestGateway, in_process, over_sockets, stand_in::StandIn};

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

/// A gateway in front of a field with a variable of each kind, and the bodies that arrive there.
async fn finder() -> (TestGateway, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let asked = heard.clone();
    let answer = move |body: String| async move {
        asked.lock().expect("no test panics while asking").push(body);
        axum::Json(json!({ "data": { "find": 1 } }))
    };
    let part = Part {
        name: "a",
        sdl: "type Query { find(by: By, any: Any): Int } input By { n: Int all: [By!] any: Any } scalar Any".into(),
        router: Router::new().route("/graphql", post(answer)),
    };
    (in_process(vec![part], Settings::default()).await, heard)
}

const FIND: &str = "query($by: By, $any: Any) { find(by: $by, any: $any) }";

#[tokio::test]
async fn a_field_that_is_there_twice_is_refused_and_named() {
    let (gateway, heard) = finder().await;

    for (variables, place) in [
        (r#"{"by":{"n":1,"n":2}}"#, ": the field n"),
        (r#"{"by":{"n":1,"\u006e":1}}"#, ": the field n"),
        (
            r#"{"by":{"all":[{"n":1},{"any":1,"n":1,"any":1}]}}"#,
            ".all[1]: the field any",
        ),
        (r#"{"by":{"all":{"all":[],"all":null}}}"#, ".all: the field all"),
    ] {
        let answer = gateway.run_written(FIND, variables).await;
        let message = format!("variable $by{place} is there more than once");
        assert_eq!(answer["errors"][0]["message"], message, "{variables}: {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{answer}");
    }
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_in_a_custom_scalar_arrives_as_it_was_written() {
    let (gateway, heard) = finder().await;
    let digits = "7".repeat(400);

    for variables in [
        r#"{"any":1e400}"#.to_owned(),
        format!(r#"{{"any":{digits}}}"#),
        format!(r#"{{"any":[{{"a":-1E+999, "a":{digits}}},"\u00e9"]}}"#),
        format!(r#"{{"by":{{"all":[{{"any":{digits}}}],"any":0.1e-400}}}}"#),
    ] {
        let answer = gateway.run_written(FIND, &variables).await;

        assert_eq!(answer, json!({ "data": { "find": 1 } }), "{variables}");
        let heard = heard.lock().unwrap().pop().expect("the subgraph was asked");
        assert!(heard.contains(&format!("\"variables\":{variables}")), "{heard}");
    }
}

#[tokio::test]
async fn what_is_in_a_custom_scalar_is_neither_too_deep_nor_half_of_a_character() {
    let (gateway, heard) = finder().await;
    let deep = format!(r#"{{"any":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    let reason = "the value nests too deep, or has half of a character";

    for (variables, message) in [
        (deep.as_str(), format!("variable $any: {reason}")),
        (r#"{"any":["\ud83d"]}"#, format!("variable $any: {reason}")),
        (r#"{"by":{"n":1e400}}"#, "variable $by.n: number out of range".into()),
        (
            r#"{"by":{"n":{"any":1}}}"#,
            r#"variable $by.n: expected Int, got {"any":1}"#.into(),
        ),
        (r#"{"by":[]}"#, "variable $by: expected By, got []".into()),
    ] {
        let answer = gateway.run_written(FIND, variables).await;
        let told = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(told.starts_with(&message), "{variables:.60}: {answer}");
    }
    assert!(heard.lock().unwrap().is_empty());
}
