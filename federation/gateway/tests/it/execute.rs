//! What comes out of plans: joins, conditions, fragments, abstract types, scalars, mutations in their order.

mod interfaces;

use federation_gateway::Settings;
use serde_json::{Value, json};

use crate::support::{in_process, over_sockets, shop};

#[tokio::test]
async fn fields_of_one_product_come_from_four_subgraphs() {
    let gateway = over_sockets(shop::parts(), Settings::default()).await;

    let data = gateway
        .data("{ topProducts(first: 2) { upc name inStock shipping reviews { body author { name email } } } }")
        .await;

    let expected = json!({ "topProducts": [
        { "upc": "1", "name": "Table", "inStock": true, "shipping": 50, "reviews": [
            { "body": "Love it!", "author": { "name": "Ada", "email": "ada@example.org" } },
            { "body": "Could be better.", "author": { "name": "Bob", "email": null } },
        ] },
        { "upc": "2", "name": "Couch", "inStock": false, "shipping": 0, "reviews": [
            { "body": "Too expensive.", "author": { "name": "Ada", "email": "ada@example.org" } },
        ] },
    ] });
    assert_eq!(data, expected);
}

#[tokio::test]
async fn subgraphs_in_the_same_process_answer_without_a_socket() {
    let gateway = in_process(shop::parts(), Settings::default()).await;

    let data = gateway.data("{ me { name reviews { product { name } } } }").await;

    let expected = json!({ "me": { "name": "Ada", "reviews": [
        { "product": { "name": "Table" } },
        { "product": { "name": "Couch" } },
    ] } });
    assert_eq!(data, expected);
}

#[tokio::test]
async fn an_answer_goes_round_in_circles_as_often_as_it_is_asked_to() {
    let gateway = in_process(shop::parts(), Settings::default()).await;

    let data = gateway
        .data("{ topProducts(first: 1) { reviews { author { name reviews { product { name reviews { author { name } } } } } } } }")
        .await;

    let author = &data["topProducts"][0]["reviews"][1]["author"];
    assert_eq!(author["name"], "Bob");
    assert_eq!(author["reviews"][0]["product"]["name"], "Table");
    assert_eq!(
        author["reviews"][1]["product"]["reviews"],
        json!([{ "author": { "name": "Bob" } }])
    );
}

#[tokio::test]
async fn fields_come_in_the_order_of_the_operation_under_their_aliases() {
    let gateway = in_process(shop::parts(), Settings::default()).await;

    let answer = gateway
        .post(&json!({ "query": "{ me { mail: email id called: name __typename } kind: __typename }" }))
        .await
        .text()
        .await
        .unwrap();

    let expected =
        r#"{"data":{"me":{"mail":"ada@example.org","id":"u1","called":"Ada","__typename":"User"},"kind":"Query"}}"#;
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn the_same_field_with_different_arguments_keeps_both_values() {
    let gateway = in_process(shop::parts(), Settings::default()).await;

    let data = gateway
        .data("{ one: topProducts(first: 1) { name inStock } two: topProducts(first: 2) { name } table: product(upc: \"1\") { shipping } }")
        .await;

    let expected = json!({
        "one": [{ "name": "Table", "inStock": true }],
        "two": [{ "name": "Table" }, { "name": "Couch" }],
        "table": { "shipping": 50 },
    });
    assert_eq!(data, expected);
}

#[tokio::test]
async fn a_custom_scalar_keeps_every_byte_of_its_value() {
    let gateway = in_process(shop::parts(), Settings::default()).await;

    let answer = gateway
        .post(&json!({ "query": "{ product(upc: \"1\") { dimensions tags } }" }))
        .await;

    let expected = r#"{"data":{"product":{"dimensions":{"depth":1.5,"steps":[1,2,null],"unit":"cm"},"tags":["a","b \"quoted\""]}}}"#;
    assert_eq!(answer.text().await.unwrap(), expected);
}

#[tokio::test]
async fn interfaces_and_unions_answer_by_the_type_of_the_object() {
    let gateway = in_process(shop::parts(), Settings::default()).await;

    let data = gateway
        .data(
            "{ topProducts { maker { name ... on Company { staff } ...Age } } search { __typename ... on Product { upc inStock } ... on Company { name } } }
             fragment Age on Person { age }",
        )
        .await;

    let wood = json!({ "maker": { "name": "Wood", "staff": 12 } });
    let expected = json!({
        "topProducts": [wood, wood, { "maker": { "name": "Ada", "age": 36 } }],
        "search": [
            { "__typename": "Product", "upc": "1", "inStock": true },
            { "__typename": "Company", "name": "Wood" },
        ],
    });
    assert_eq!(data, expected);
}

#[tokio::test]
async fn an_abstract_place_asked_for_its_type_under_an_alias_alone_says_it() {
    let gateway = in_process(shop::parts(), Settings::default()).await;

    let data = gateway
        .data("{ search { sort: __typename } topProducts(first: 1) { maker { what: __typename } } }")
        .await;

    let expected = json!({
        "search": [{ "sort": "Product" }, { "sort": "Company" }],
        "topProducts": [{ "maker": { "what": "Company" } }],
    });
    assert_eq!(data, expected);
}

#[tokio::test]
async fn skip_and_include_leave_out_fields_and_whole_subgraphs() {
    let gateway = in_process(shop::parts(), Settings::default()).await;
    let query = "query($stock: Boolean!, $people: Boolean = false) {
        product(upc: \"1\") { name inStock @include(if: $stock) ... @skip(if: $stock) { price }
            reviews @include(if: $people) { author { name } } } }";

    let with = gateway.run_with(query, json!({ "stock": true })).await;
    let without = gateway.run_with(query, json!({ "stock": false, "people": true })).await;

    assert_eq!(
        with,
        json!({ "data": { "product": { "name": "Table", "inStock": true } } })
    );
    let reviews = json!([{ "author": { "name": "Ada" } }, { "author": { "name": "Bob" } }]);
    assert_eq!(
        without,
        json!({ "data": { "product": { "name": "Table", "price": 899, "reviews": reviews } } })
    );
}

#[tokio::test]
async fn the_same_field_under_opposite_conditions_gets_the_parts_of_the_one_that_holds() {
    let gateway = in_process(shop::parts(), Settings::default()).await;
    let query = "query($x: Boolean!) { me @include(if: $x) { name } me @skip(if: $x) { email } }";

    let when = gateway.run_with(query, json!({ "x": true })).await;
    let unless = gateway.run_with(query, json!({ "x": false })).await;

    assert_eq!(when["data"], json!({ "me": { "name": "Ada" } }));
    assert_eq!(unless["data"], json!({ "me": { "email": "ada@example.org" } }));
}

#[tokio::test]
async fn an_operation_that_skips_everything_answers_an_empty_object() {
    let gateway = in_process(shop::parts(), Settings::default()).await;

    let skipped = gateway.run("{ me @skip(if: true) { name } }").await;
    let by_variable = gateway
        .run_with(
            "query($no: Boolean!) { me @include(if: $no) { name } }",
            json!({ "no": false }),
        )
        .await;
    let typename = gateway.run("{ __typename }").await;

    assert_eq!(skipped, json!({ "data": {} }));
    assert_eq!(by_variable, json!({ "data": {} }));
    assert_eq!(typename, json!({ "data": { "__typename": "Query" } }));
}

#[tokio::test]
async fn an_object_of_which_everything_is_skipped_is_empty() {
    let gateway = in_process(shop::parts(), Settings::default()).await;

    let answer = gateway.run("{ me { name @skip(if: true) } }").await;

    assert_eq!(answer, json!({ "data": { "me": {} } }));
}

#[tokio::test]
async fn a_mutation_joins_other_subgraphs_as_a_query_does() {
    let gateway = in_process(shop::parts(), Settings::default()).await;

    let answer = gateway
        .run("mutation { say(upc: \"1\", body: \"Fine\") { body product { name } author { name } } }")
        .await;

    let expected =
        json!({ "data": { "say": { "body": "Fine", "product": { "name": "Table" }, "author": { "name": "Ada" } } } });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn variables_reach_the_subgraphs_as_they_were_written() {
    let gateway = in_process(shop::parts(), Settings::default()).await;
    let query = "mutation($upc: ID!, $name: String = \"Nameless\") { rename(upc: $upc, name: $name) { name inStock } }";

    let given = gateway
        .run_with(query, json!({ "upc": 2, "name": "S\u{f6}f\u{e4} \"XL\"\n" }))
        .await;
    let default = gateway.run_with(query, json!({ "upc": "1" })).await;

    assert_eq!(
        given["data"],
        json!({ "rename": { "name": "S\u{f6}f\u{e4} \"XL\"\n", "inStock": false } })
    );
    assert_eq!(default["data"]["rename"]["name"], "Nameless");
}

#[tokio::test]
async fn equal_entities_are_asked_for_once() {
    let (stock, mut parts) = (
        crate::support::stand_in::StandIn::json(json!({ "data": { "_entities": [{ "name": "A" }, { "name": "B" }] } })),
        shop::parts(),
    );
    parts.pop();
    parts.push(stock.part(
        "users",
        "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\"])
         type Query { nobody: User } type User @key(fields: \"id\") { id: ID! name: String }",
    ));
    let gateway = over_sockets(parts, Settings::default()).await;

    let data = gateway.data("{ latest { author { name } } }").await;

    let names: Vec<&Value> = data["latest"]
        .as_array()
        .unwrap()
        .iter()
        .map(|review| &review["author"]["name"])
        .collect();
    assert_eq!(names, ["A", "A", "B", "B"]);
    let asked = &stock.asked()[0]["variables"]["representations"];
    assert_eq!(
        *asked,
        json!([{ "__typename": "User", "id": "u1" }, { "__typename": "User", "id": "u2" }])
    );
}
