//! Which key leads to what a field requires. The planner's library looks only at one of them, and not at all at who has it.

use serde_json::json;

use super::start;

/// Asks in every order of the keys (`KEYS` in the schemas) and of the subgraphs, which are called by these names.
pub(super) async fn check(keys: &[&str], schemas: &[&str], queries: &[&str]) {
    const NAMES: [&str; 3] = ["a", "b", "c"];
    for keys in orders(keys) {
        let keys: String = keys.iter().map(|key| format!(" @key(fields: \"{key}\")")).collect();
        let schemas: Vec<String> = schemas.iter().map(|schema| schema.replace("KEYS", &keys)).collect();
        for names in orders(&NAMES[..schemas.len()]) {
            let named = names.iter().zip(&schemas);
            let subgraphs: Vec<(&str, &str)> = named.map(|(name, schema)| (*name, schema.as_str())).collect();
            let (gateway, whole, _) = start(&subgraphs).await;
            for query in queries {
                let answer = gateway.run(query).await;

                assert_eq!(answer, whole.answer(query, &json!({})), "{query} of {subgraphs:#?}");
            }
        }
    }
}

fn orders<'s>(of: &[&'s str]) -> Vec<Vec<&'s str>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let first = |index: usize| {
        let mut rest = of.to_vec();
        let first = rest.remove(index);
        orders(&rest).into_iter().map(move |rest| [vec![first], rest].concat())
    };
    (0..of.len()).flat_map(first).collect()
}

#[tokio::test]
async fn of_several_keys_the_one_is_taken_that_the_subgraph_before_can_give() {
    check(
        &["id", "email"],
        &[
            "type Query { users: [User!]! } type User @key(fields: \"id\") { id: ID! rank: Int! }",
            "type User KEYS { id: ID! email: String! rank: Int! @external prize: Int! @requires(fields: \"rank\") }",
            "type Query { mails: [User!]! } type User @key(fields: \"email\") { email: String! }",
        ],
        &[
            "{ users { prize } }",
            "{ users { prize email rank } }",
            "{ mails { prize } }",
            "{ users { prize } mails { prize } }",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_key_of_several_fields_or_of_fields_in_objects_does_not_come_before_others() {
    check(
        &["id", "tenant nick", "ref { code }"],
        &[
            "type Query { users: [User!]! } type User @key(fields: \"id\") { id: ID! rank: Int! }",
            "type User KEYS { id: ID! tenant: String! nick: String! ref: Ref! rank: Int! @external prize: Int! @requires(fields: \"rank\") } type Ref @shareable { code: String! }",
            "type User @key(fields: \"ref { code }\") { ref: Ref! age: Int! } type Ref @shareable { code: String! }",
        ],
        &["{ users { prize } }", "{ users { prize age nick } }"],
    )
    .await;
}

#[tokio::test]
async fn a_subgraph_is_not_asked_by_a_key_that_only_another_one_has() {
    check(
        &["sku", "id", "sku shop"],
        &[
            "type Query { users: [User!]! } type User KEYS { id: ID! sku: String! @shareable shop: String! @shareable rank: Int! }",
            "type User @key(fields: \"id\") { id: ID! sku: String! @shareable shop: String! @shareable rank: Int! @external prize: Int! @requires(fields: \"rank\") } type Query { mine: [User!]! }",
        ],
        &[
            "{ users { prize } }",
            "{ users { prize sku } }",
            "{ mine { prize } }",
            "{ mine { prize shop rank } users { id prize } }",
        ],
    )
    .await;
}

#[tokio::test]
async fn what_requires_something_has_fields_and_entities_below_it() {
    check(
        &["id", "sku"],
        &[
            "type Query { users: [User!]! } type User @key(fields: \"id\") @key(fields: \"tenant nick\") { id: ID! tenant: String! @shareable nick: String! @shareable rank: Int! badge: Badge! @shareable } type Badge @shareable { text: String! }",
            "type User KEYS { id: ID! sku: String! tenant: String! @shareable nick: String! @shareable rank: Int! @external prize: Prize! @requires(fields: \"rank\") badge: Badge! @external medal: Medal! @requires(fields: \"badge { text }\") friend: User! } type Badge @shareable { text: String! } type Prize { worth: Int! of: User! medal: Medal! } type Medal @key(fields: \"id\") { id: ID! name: String! } type Query { mine: [User!]! }",
            "type Query { skus: [User!]! } type User @key(fields: \"sku\") { sku: String! age: Int! } type Medal @key(fields: \"id\") { id: ID! weight: Int! }",
        ],
        &[
            "{ users { prize { worth of { age } medal { name weight } } medal { weight } } }",
            "{ users { friend { prize { worth } } } }",
            "{ mine { medal { name } prize { worth } friend { medal { name } } } }",
            "{ skus { prize { worth } } }",
            "{ skus { age prize { worth of { age } medal { name weight } } medal { weight } } }",
            "{ skus { tenant prize { worth } } users { prize { worth } } }",
        ],
    )
    .await;
}

#[tokio::test]
async fn interfaces_and_moved_fields_are_answered_beside_what_requires_something() {
    check(
        &["id", "code"],
        &[
            "interface Node { id: ID! } type Query { nodes: [Node!]! } type User implements Node @key(fields: \"id\") { id: ID! rank: Int! } type Shop implements Node @key(fields: \"id\") { id: ID! rank: Int! }",
            "interface Rated { code: String! } type User implements Rated KEYS { id: ID! code: String! rank: Int! @external prize: Int! @requires(fields: \"rank\") } type Shop implements Rated KEYS { id: ID! code: String! rank: Int! @external prize: Int! @requires(fields: \"rank\") } type Query { rated: [Rated!]! }",
        ],
        &[
            "{ nodes { __typename ... on User { prize } ... on Shop { prize code } } }",
            "{ rated { code ... on User { prize rank } ... on Shop { id } } }",
        ],
    )
    .await;
}
