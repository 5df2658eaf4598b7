//! GraphQL over HTTP as the specification has it.

use federation_gateway::Settings;
use platform_http::Method;
use serde_json::{Value, json};

use crate::support::{TestGateway, in_process, settings, shop};

const RESPONSE_JSON: &str = "application/graphql-response+json";

async fn gateway() -> TestGateway {
    in_process(shop::parts(), Settings::default()).await
}

/// Status, media type and JSON of an answer to a POST.
async fn post(gateway: &TestGateway, accept: &str, body: &Value) -> (u16, String, Value) {
    let request = gateway.client.post(&gateway.url).header("accept", accept).json(body);
    let answer = request.send().await.expect("the gateway answers");
    let media_type = answer.headers()["content-type"]
        .to_str()
        .expect("a media type is ASCII")
        .to_owned();
    (
        answer.status().as_u16(),
        media_type,
        answer.json().await.unwrap_or_default(),
    )
}

#[tokio::test]
async fn the_media_type_is_the_one_the_client_takes() {
    let gateway = gateway().await;
    let body = json!({ "query": "{ me { name } }" });

    let new = post(&gateway, RESPONSE_JSON, &body).await;
    let old = post(&gateway, "application/json", &body).await;
    let any = post(&gateway, "*/*", &body).await;
    let other = post(&gateway, "text/csv", &body).await;

    assert_eq!(
        (new.0, new.1.as_str()),
        (200, "application/graphql-response+json; charset=utf-8")
    );
    assert_eq!((old.0, old.1.as_str()), (200, "application/json; charset=utf-8"));
    assert_eq!((any.0, any.1.as_str()), (200, "application/json; charset=utf-8"));
    assert_eq!(other.0, 406);
}

#[tokio::test]
async fn an_operation_that_is_wrong_is_400_for_those_who_know_the_media_type() {
    let gateway = gateway().await;

    for query in [
        "{ me { nothing } }",
        "{ me ",
        "query($x: Int!) { topProducts(first: $x) { upc } }",
        "{ me { name } } { me { email } }",
    ] {
        let new = post(&gateway, RESPONSE_JSON, &json!({ "query": query })).await;
        let old = post(&gateway, "application/json", &json!({ "query": query })).await;

        assert_eq!((new.0, old.0), (400, 200), "{query}");
        assert_eq!(new.2["data"], Value::Null);
        assert!(!new.2.as_object().unwrap().contains_key("data"));
        assert_eq!(new.2["errors"][0]["extensions"]["code"], "INVALID", "{query}");
    }
}

#[tokio::test]
async fn a_request_that_is_none_is_400_for_everybody() {
    let gateway = gateway().await;

    for body in [
        json!({}),
        json!({ "query": 3 }),
        json!({ "query": "{ me { name } }", "variables": [1] }),
        json!([]),
    ] {
        let answer = post(&gateway, "application/json", &body).await;
        assert_eq!(answer.0, 400, "{body}");
        assert!(answer.2["errors"][0]["message"].is_string(), "{body}");
    }
    let broken = gateway
        .client
        .post(&gateway.url)
        .header("content-type", "application/json")
        .body("{");
    assert_eq!(broken.send().await.unwrap().status(), 400);
    let text = gateway
        .client
        .post(&gateway.url)
        .header("content-type", "application/graphql")
        .body("{ me { name } }");
    assert_eq!(text.send().await.unwrap().status(), 415);
}

#[tokio::test]
async fn errors_in_the_document_say_where() {
    let gateway = gateway().await;

    let unknown = gateway.run("{\n  me { nothing }\n}").await;
    let syntax = gateway.run("{\n  me { name ]\n}").await;

    assert_eq!(unknown["errors"][0]["locations"], json!([{ "line": 2, "column": 8 }]));
    assert_eq!(unknown["errors"][0]["extensions"]["rule"], "FieldsOnCorrectType");
    assert_eq!(syntax["errors"][0]["locations"][0]["line"], 2);
}

#[tokio::test]
async fn a_get_reads_and_never_writes() {
    let gateway = gateway().await;
    let get = |query: &str, more: &str| {
        let url = format!(
            "{}?query={}{more}",
            gateway.url,
            query.replace(' ', "%20").replace('"', "%22")
        );
        let request = gateway
            .client
            .request(Method::GET, &url)
            .header("apollo-require-preflight", "1");
        async move { request.send().await.unwrap() }
    };

    let read = get(
        "query($n:Int!){topProducts(first:$n){upc}}",
        "&variables=%7B%22n%22:1%7D",
    )
    .await;
    let write = get("mutation{rename(upc:\"1\",name:\"x\"){name}}", "").await;
    let broken = get("{me{name}}", "&variables=1").await;

    assert_eq!(read.status(), 200);
    assert_eq!(
        read.json::<Value>().await.unwrap()["data"]["topProducts"],
        json!([{ "upc": "1" }])
    );
    assert_eq!(
        (write.status().as_u16(), write.headers()["allow"].to_str().unwrap()),
        (405, "POST")
    );
    assert_eq!(broken.status(), 400);
}

#[tokio::test]
async fn one_of_several_operations_runs_by_its_name() {
    let gateway = gateway().await;
    let query = "query A { me { name } } query B { me { email } }";

    let named = post(
        &gateway,
        "application/json",
        &json!({ "query": query, "operationName": "B" }),
    )
    .await;
    let unknown = post(
        &gateway,
        RESPONSE_JSON,
        &json!({ "query": query, "operationName": "C" }),
    )
    .await;

    assert_eq!(named.2["data"], json!({ "me": { "email": "ada@example.org" } }));
    assert_eq!(unknown.0, 400);
    assert!(unknown.2["errors"][0]["message"].as_str().unwrap().contains("A, B"));
}

#[tokio::test]
async fn variables_are_checked_before_anybody_is_asked() {
    let gateway = gateway().await;
    let query = "query($n: Int!, $ids: [ID!]) { topProducts(first: $n) { upc } product(upc: $id) { upc } }"
        .replace("$ids: [ID!]", "$id: ID!");
    let cases = [
        (json!({ "id": "1" }), "variable $n: a value of type Int! is required"),
        (json!({ "n": null, "id": "1" }), "variable $n: Int! must not be null"),
        (json!({ "n": "3", "id": "1" }), "variable $n: expected Int, got \"3\""),
        (
            json!({ "n": 3_000_000_000_i64, "id": "1" }),
            "variable $n: expected Int, got 3000000000",
        ),
        (json!({ "n": 3, "id": true }), "variable $id: expected ID, got true"),
    ];

    for (variables, message) in cases {
        let answer = gateway.run_with(&query, variables).await;
        assert_eq!(answer["errors"][0]["message"], message);
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID");
    }
}

#[tokio::test]
async fn batches_are_refused_unless_they_are_switched_on() {
    let off = gateway().await;
    let on = in_process(shop::parts(), settings(json!({ "http": { "batch": 2 } }))).await;
    let one = json!({ "query": "{ me { name } }" });

    let refused = post(&off, "application/json", &json!([one, one])).await;
    let taken = post(&on, "application/json", &json!([one, { "query": "{ nothing }" }])).await;
    let too_many = post(&on, "application/json", &json!([one, one, one])).await;

    assert_eq!((refused.0, taken.0, too_many.0), (400, 200, 400));
    assert_eq!(taken.2[0]["data"]["me"]["name"], "Ada");
    assert!(taken.2[1]["errors"].is_array());
}

#[tokio::test]
async fn introspection_can_be_switched_off() {
    let gateway = in_process(shop::parts(), settings(json!({ "http": { "introspection": false } }))).await;

    let schema = gateway.run("{ me { name } __schema { queryType { name } } }").await;
    let typename = gateway.run("{ me { __typename } }").await;

    assert_eq!(
        schema["errors"][0]["message"],
        "introspection is switched off; ask for the schema's file instead"
    );
    assert_eq!(typename["data"], json!({ "me": { "__typename": "User" } }));
}

#[tokio::test]
async fn a_browser_gets_a_page_that_needs_no_network() {
    let gateway = gateway().await;

    let page = gateway
        .client
        .get(&gateway.url)
        .header("accept", "text/html,*/*;q=0.8")
        .send()
        .await
        .unwrap();
    let schema = gateway
        .client
        .get(&format!("{}/schema.graphql", gateway.url))
        .send()
        .await
        .unwrap();
    let health = gateway
        .client
        .get(&gateway.url.replace("/graphql", "/health"))
        .send()
        .await
        .unwrap();

    assert_eq!(
        (
            page.status().as_u16(),
            schema.status().as_u16(),
            health.status().as_u16()
        ),
        (200, 200, 200)
    );
    let page = page.text().await.unwrap();
    assert!(page.contains("<!doctype html>") && !page.contains("https://"));
    let schema = schema.text().await.unwrap();
    assert!(schema.contains("type Product") && !schema.contains("join__") && !schema.contains("__schema"));
}

#[tokio::test]
async fn bodies_and_documents_have_a_limit() {
    let gateway = in_process(shop::parts(), settings(json!({ "http": { "body": "1KB" } }))).await;

    let long = gateway
        .post(&json!({ "query": format!("{{ me {{ name }} }} #{}", "x".repeat(2000)) }))
        .await;
    let deep = gateway.run(&format!("{}{}", "{a".repeat(300), "}".repeat(300))).await;

    assert_eq!(long.status(), 413);
    assert!(
        deep["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("nested brackets")
    );
}
