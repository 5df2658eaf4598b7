//! Clients call fields as they like, also as the plan calls what it needs beside them.

use serde_json::json;

use super::start;

const PEOPLE: [(&str, &str); 5] = [
    (
        "a",
        "type Query { users: [User!]! } type User @key(fields: \"id\") { id: ID! name: String! rank(by: Int): Int! size: Size! } type Size { width: Int! height: Int! }",
    ),
    (
        "b",
        "type User @key(fields: \"email\") @key(fields: \"id\") { id: ID! email: String! friends: [User!]! rank(by: Int): Int! @external prize: Int! @requires(fields: \"rank\") first: Int! @requires(fields: \"rank(by: 1)\") }",
    ),
    (
        "c",
        "type User @key(fields: \"email\") @key(fields: \"tenant nick\") { email: String! tenant: String! nick: String! }",
    ),
    (
        "d",
        "type User @key(fields: \"nick tenant\") { nick: String! tenant: String! score: Float! }",
    ),
    (
        "e",
        "type User @key(fields: \"id\") { id: ID! rank(by: Int): Int! @external medal: Int! @requires(fields: \"rank\") size: Size! @external area: Int! @requires(fields: \"size { width height }\") } type Size { width: Int! @external height: Int! @external }",
    ),
];

const PRODUCTS: [(&str, &str); 3] = [
    (
        "a",
        "type Query { product: Product! products: [Product!]! } type Product @key(fields: \"upc\") { upc: ID! price: Int! weight: Int! related(first: Int, last: Int): [Product!]! }",
    ),
    (
        "b",
        "type Product @key(fields: \"upc\") { upc: ID! price: Int! @external weight: Int! @external shipping: String! @requires(fields: \"price weight\") }",
    ),
    (
        "c",
        "type Product @key(fields: \"upc\") { upc: ID! shipping: String! @external label: String! @requires(fields: \"shipping\") }",
    ),
];

#[tokio::test]
async fn a_field_called_like_one_that_the_plan_needs_keeps_its_value_and_does_not_take_its_place() {
    let (gateway, whole, _) = start(&PEOPLE).await;

    for query in [
        "{ users { id: name email } }",
        "{ users { email: name nick } }",
        "{ users { nick: email tenant: name score } }",
        "{ users { friends { id: nick nick: email tenant: id score } } }",
        "{ users { id: __typename email } }",
        "{ users { __typename: name email } }",
        "{ users { _internal_qp_alias_0: name email } }",
        "{ users { _client_alias_id: name id: email email: id } }",
        "{ users { rank: prize } }",
        "{ users { friends { rank: medal } } }",
        "{ users { size { height: width width: height } area } }",
        "{ users { size: name area } }",
        "{ users { rank(by: 2) prize } }",
        "{ users { rank(by: 2) medal first } }",
        "{ users { friends { rank(by: 1) medal } } }",
    ] {
        let answer = gateway.run(query).await;

        assert_eq!(answer, whole.answer(query, &json!({})), "{query}");
    }
}

#[tokio::test]
async fn a_field_that_is_written_in_two_ways_is_one_field() {
    let (gateway, whole, _) = start(&PRODUCTS).await;

    for query in [
        "{ product { price: price shipping } x: products { label label: label } }",
        "{ product { price price: price shipping } products { label: label shipping } }",
        "{ product { related(first: 1, last: 2) { label } related(last: 2, first: 1) { label: label } shipping } }",
    ] {
        let answer = gateway.run(query).await;

        assert_eq!(answer, whole.answer(query, &json!({})), "{query}");
    }
}
