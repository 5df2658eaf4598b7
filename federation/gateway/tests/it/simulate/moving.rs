//! Fields that move from one subgraph to another by degrees, and interfaces that subgraphs do not agree on.

use serde_json::json;

use super::{check, start};

#[tokio::test]
async fn fields_that_are_moving_come_from_either_subgraph() {
    check(&[
        ("a", "type Query { users: [User!]! shops: [Shop] } type User @key(fields: \"id\") { id: ID! name: String rank: Int! boss: User address: Address } type Address @shareable { street: String } type Shop @key(fields: \"id\") { id: ID! owner: User rent(of: Int): Int }"),
        ("b", "type User @key(fields: \"id\") { id: ID! name: String @override(from: \"a\", label: \"percent(50)\") boss: User @override(from: \"a\", label: \"percent(40)\") address: Address @override(from: \"a\", label: \"percent(60)\") } type Address @shareable { street: String } type Shop @key(fields: \"id\") { id: ID! rent(of: Int): Int @override(from: \"a\", label: \"percent(50)\") } type Query { best: User }"),
        ("c", "type User @key(fields: \"id\") @key(fields: \"email\") { id: ID! email: String! rank: Int! @external prize: Int @requires(fields: \"rank\") } type Shop @key(fields: \"id\") { id: ID! clients: [User] }"),
    ])
    .await;
}

#[tokio::test]
async fn interfaces_have_other_members_in_other_subgraphs() {
    check(&[
        ("a", "type Query { items: [Item!]! } interface Item { id: ID! label: String } type Book implements Item @key(fields: \"id\") { id: ID! label: String @shareable pages: Int next: Item } type Film implements Item @key(fields: \"id\") { id: ID! label: String @shareable minutes: Int } type Song implements Item @key(fields: \"id\") { id: ID! label: String @shareable }"),
        ("b", "interface Item { id: ID! label: String } type Book implements Item @key(fields: \"id\") { id: ID! label: String @shareable similar: [Item] } type Film implements Item @key(fields: \"id\") { id: ID! label: String @shareable cast: [String!] } type Song implements Item @key(fields: \"id\") { id: ID! label: String @shareable album: Item }"),
        ("c", "interface Priced { price: Int } type Book implements Priced @key(fields: \"id\") { id: ID! price: Int } type Song implements Priced @key(fields: \"id\") { id: ID! price: Int } type Query { priced: [Priced] }"),
        ("d", "interface Item { id: ID! } type Book implements Item @key(fields: \"id\") { id: ID! rating: Float } type Film @key(fields: \"id\") { id: ID! rating: Float }"),
    ])
    .await;
}

#[tokio::test]
async fn fields_that_are_moving_are_required_of_interfaces() {
    let (gateway, whole, _) = start(&[
        ("a", "type Query { items: [Item!]! shelf: Shelf } interface Item @key(fields: \"id\") { id: ID! price: Int } type Product implements Item @key(fields: \"id\") { id: ID! price: Int } type Book implements Item @key(fields: \"id\") { id: ID! price: Int } type Shelf @key(fields: \"id\") { id: ID! item: Item }"),
        ("b", "type Product @key(fields: \"id\") { id: ID! price: Int @override(from: \"a\", label: \"percent(50)\") } type Query { product: Product }"),
        ("c", "type Item @key(fields: \"id\") @interfaceObject { id: ID! price: Int @external tax: Int @requires(fields: \"price\") }"),
        ("d", "interface Item { price: Int } type Product implements Item @key(fields: \"id\") { id: ID! price: Int @external } type Book implements Item @key(fields: \"id\") { id: ID! price: Int @external } type Shelf @key(fields: \"id\") { id: ID! item: Item @external fee: Int @requires(fields: \"item { price }\") }"),
    ])
    .await;

    for query in [
        "{ items { tax } }",
        "{ product { tax } }",
        "{ shelf { fee } }",
        "{ items { price tax } shelf { item { price } fee } }",
    ] {
        // Whose turn it is to move is drawn for each request.
        for _ in 0..8 {
            let answer = gateway.run(query).await;

            assert_eq!(answer, whole.answer(query, &json!({})), "{query}");
        }
    }
}

#[tokio::test]
async fn an_object_is_not_asked_for_fields_of_types_that_it_cannot_be() {
    let (gateway, whole, _) = start(&[
        ("a", "type Query { product: Product items: [Item!]! } interface Item @key(fields: \"id\") { id: ID! price: Int } type Product implements Item @key(fields: \"id\") { id: ID! price: Int } type Book implements Item @key(fields: \"id\") { id: ID! price: Int pages: Int }"),
        ("b", "interface Item { id: ID! } type Product implements Item @key(fields: \"id\") { id: ID! price: Int @override(from: \"a\") }"),
        ("c", "type Item @key(fields: \"id\") @interfaceObject { id: ID! price: Int @external tax: Int @requires(fields: \"price\") }"),
    ])
    .await;

    for query in [
        "{ product { tax } }",
        "{ product { id tax price } items { id tax price } }",
        "{ items { ... on Product { tax } ... on Book { pages tax } } }",
        "{ one: product { tax same: id } other: product { tax price } }",
    ] {
        let answer = gateway.run(query).await;

        assert_eq!(answer, whole.answer(query, &json!({})), "{query}");
    }
}
