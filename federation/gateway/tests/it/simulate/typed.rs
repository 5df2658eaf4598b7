//! Objects that a subgraph knows by their interface alone.

use serde_json::json;

use super::start;

#[tokio::test]
async fn fields_of_one_type_are_answered_where_the_client_asks_for_no_type_and_no_key() {
    let (gateway, whole, _) = start(&[
        ("media", "type Query { media: [Media!]! book: Book } interface Media @key(fields: \"id\") { id: ID! title: String } type Book implements Media @key(fields: \"id\") { id: ID! title: String pages: Int } type Film implements Media @key(fields: \"id\") { id: ID! title: String minutes: Int }"),
        ("reviews", "type Query { best: Media } type Media @key(fields: \"id\") @interfaceObject { id: ID! stars: Int reviews: [Review!]! } type Review { text: String about: Media }"),
        ("shops", "type Media @key(fields: \"id\") @interfaceObject { id: ID! price: Int }"),
    ])
    .await;

    for query in [
        "{ book { reviews { about { stars ... on Film { price } } } } }",
        "{ book { reviews { about { stars ... on Film { reviews { text } price } } } } }",
        "{ book { reviews { about { ... on Film { minutes } ... on Book { pages } } } } }",
        "{ best { reviews { about { ... on Book { title } } } } book { reviews { about { ... on Film { price } } } } }",
        "{ best { __typename: title ... on Film { price } } }",
    ] {
        let answer = gateway.run(query).await;

        assert_eq!(answer, whole.answer(query, &json!({})), "{query}");
    }
}
