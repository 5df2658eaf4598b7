//! Operations that are planned in parts, because the planner's library knows no plan of the whole.

use super::{check, keys};

#[tokio::test]
async fn a_third_subgraph_tells_the_key_of_the_subgraph_that_requires_something() {
    keys::check(
        &["id", "email"],
        &[
            "type Query { users: [User!]! } type User @key(fields: \"email\") { email: String! }",
            "type User @key(fields: \"id\") { id: ID! age: Int! rank: Int! @external prize: Int! @requires(fields: \"rank\") medal: Medal! @requires(fields: \"rank\") friend: User! @requires(fields: \"rank\") } type Medal { name: String! }",
            "type User KEYS { id: ID! email: String! rank: Int! }",
        ],
        &[
            "{ users { prize } }",
            "{ users { medal { name } age prize email rank id } }",
            "{ users { id: email ... on User { medal { it: name } } rank: prize } }",
            "{ users { friend { id friend { email prize } } } }",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_key_and_what_is_required_may_be_in_different_subgraphs() {
    keys::check(
        &["badge no", "email"],
        &[
            "type Query { users: [User!]! } type User @key(fields: \"email\") { email: String! rank(in: Int): Int! }",
            "type User @key(fields: \"badge no\") { badge: Int! no: Int! rank(in: Int): Int! @external prize(of: Int): Int! @requires(fields: \"rank(in: 3)\") }",
            "type User KEYS { badge: Int! no: Int! email: String! }",
        ],
        &[
            "{ users { rank(in: 1) prize(of: 1) other: prize(of: 2) } }",
            "{ users { no prize(of: 1) badge } }",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_key_in_an_object_is_told_by_the_third_subgraph() {
    keys::check(
        &["org { no }", "email"],
        &[
            "interface Mailed { email: String! } type Query { users: [Mailed!]! } type User implements Mailed @key(fields: \"email\") { email: String! } type Bot implements Mailed { email: String! }",
            "type User @key(fields: \"org { no }\") { org: Org! level: Level! @external prize: Int! @requires(fields: \"level { n }\") } type Org @shareable { no: Int! } type Level { n: Int! @external }",
            "type User KEYS { org: Org! email: String! level: Level! } type Org @shareable { no: Int! name: String! } type Level { n: Int! }",
        ],
        &[
            "{ users { ... on User { prize } email } }",
            "{ users { ... on User { org { name } prize level { n } } } }",
        ],
    )
    .await;
}

#[tokio::test]
async fn what_requires_something_stands_below_what_requires_several_things() {
    keys::check(
        &["id"],
        &[
            "type Query { pets: [Pet!]! } type Pet @key(fields: \"id\") { id: ID! weight: Int! }",
            "type Pet @key(fields: \"id\") { id: ID! age: Int! } type Checkup @key(fields: \"id\") { id: ID! fee: Int! }",
            "type Pet @key(fields: \"id\") { id: ID! weight: Int! @external age: Int! @external checkup: Checkup! @requires(fields: \"weight age\") } type Checkup @key(fields: \"id\") { id: ID! fee: Int! @external grade: Int! @requires(fields: \"fee\") pet: Pet! }",
        ],
        &[
            "{ pets { checkup { grade } } }",
            "{ pets { age checkup { fee grade pet { checkup { grade } weight } } } }",
        ],
    )
    .await;
}

#[tokio::test]
async fn one_field_is_required_with_two_arguments() {
    keys::check(
        &["id"],
        &[
            "type Query { items: [Item!]! } type Item @key(fields: \"id\") { id: ID! price(in: String!): Int! weight: Int! }",
            "type Item @key(fields: \"id\") { id: ID! price(in: String!): Int! @external weight: Int! @external euro: Int! @requires(fields: \"price(in: \\\"EUR\\\")\") dollar: Int! @requires(fields: \"price(in: \\\"USD\\\") weight\") }",
            "type Item @key(fields: \"id\") { id: ID! next: [Item!]! }",
        ],
        &[
            "{ items { next { euro dollar } } }",
            "{ items { dollar next { dollar price(in: \"GBP\") euro } euro } }",
            "{ items { dollar euro } more: items { euro dollar price(in: \"EUR\") } }",
        ],
    )
    .await;
}

#[tokio::test]
async fn random_operations_are_answered_where_keys_lead_from_subgraph_to_subgraph() {
    check(&[
        ("a", "type Query { users: [User!]! } type User @key(fields: \"email\") { email: String! pet: Pet } type Pet @key(fields: \"chip\") { chip: ID! }"),
        ("b", "type Query { best: User owned: [Owned!] } type User @key(fields: \"badge\") @key(fields: \"id\") { id: ID! badge: Int! age: Int rank: Int @external medal: String @requires(fields: \"rank\") prize: Prize @requires(fields: \"rank\") next: User } type Prize { worth: Int winner: User } type Pet @key(fields: \"name\") { name: String! legs: Int @external weight: Int @requires(fields: \"legs\") keeper: User } union Owned = User | Pet"),
        ("c", "type User @key(fields: \"email\") @key(fields: \"code\") { code: ID! email: String! rank: Int }"),
        ("d", "type Query { me: User pets: [Pet!] } type User @key(fields: \"code\") @key(fields: \"badge\") { code: ID! badge: Int! } type Pet @key(fields: \"chip\") @key(fields: \"name\") { chip: ID! name: String! }"),
        ("e", "type Pet @key(fields: \"chip\") { chip: ID! legs: Int owner: User } type User @key(fields: \"code\") { code: ID! }"),
    ])
    .await;
}

#[tokio::test]
async fn random_operations_are_answered_where_members_of_a_union_require_something() {
    check(&[
        ("a", "type Query { shops: [Shop!]! top: Sold } type Shop @key(fields: \"id\") { id: ID! name: String sold: [Sold!] } union Sold = Book | Toy type Book @key(fields: \"isbn\") { isbn: ID! pages: Int } type Toy @key(fields: \"sku\") { sku: ID! }"),
        ("b", "type Book @key(fields: \"no\") { no: ID! pages: Int @external price: Int @external tax: Int @requires(fields: \"price\") tariff: Tariff @requires(fields: \"pages price\") } type Tariff @key(fields: \"id\") { id: ID! rate: Int @external fee: Int @requires(fields: \"rate\") of: Book } type Toy @key(fields: \"no\") { no: ID! price: Int @external tax: Int @requires(fields: \"price\") }"),
        ("c", "type Book @key(fields: \"isbn\") @key(fields: \"no\") { isbn: ID! no: ID! price: Int } type Toy @key(fields: \"sku\") @key(fields: \"no\") { sku: ID! no: ID! } type Tariff @key(fields: \"id\") { id: ID! rate: Int }"),
        ("d", "type Toy @key(fields: \"sku\") { sku: ID! price: Int maker: Shop } type Shop @key(fields: \"id\") { id: ID! best: Toy }"),
    ])
    .await;
}

#[tokio::test]
async fn random_operations_are_answered_where_the_key_is_in_an_object() {
    check(&[
        ("a", "type Query { orgs: [Org!]! } type Org @key(fields: \"id\") { id: ID! lead: Person } type Person @key(fields: \"mail\") { mail: String! }"),
        ("b", "type Person @key(fields: \"ref { code }\") { ref: Ref! pay: Int @external level: Int @external bonus: Int @requires(fields: \"pay\") bonus2: Int @requires(fields: \"pay level\") boss: Person @requires(fields: \"level\") } type Ref @shareable { code: String! }"),
        ("c", "type Person @key(fields: \"mail\") @key(fields: \"ref { code }\") { mail: String! ref: Ref! level: Int org: Org } type Ref @shareable { code: String! } type Org @key(fields: \"id\") { id: ID! }"),
        ("d", "type Person @key(fields: \"mail\") { mail: String! pay: Int } type Org @key(fields: \"id\") { id: ID! size: Int }"),
        ("e", "type Org @key(fields: \"id\") { id: ID! size: Int @external lead: Person @external rating: Int @requires(fields: \"size lead { mail }\") } type Person @key(fields: \"mail\") { mail: String! @external }"),
    ])
    .await;
}

#[tokio::test]
async fn random_operations_are_answered_where_one_field_is_required_with_several_arguments() {
    check(&[
        ("a", "type Query { items: [Item!]! item: Item } type Item @key(fields: \"id\") { id: ID! price(in: String): Int weight: Int name: String }"),
        ("b", "type Item @key(fields: \"id\") { id: ID! price(in: String): Int @external weight: Int @external euro: Int @requires(fields: \"price(in: \\\"EUR\\\")\") dollar: Int @requires(fields: \"price(in: \\\"USD\\\") weight\") plain: Int @requires(fields: \"price\") twin: Item @requires(fields: \"price(in: \\\"X\\\")\") }"),
        ("c", "type Item @key(fields: \"id\") { id: ID! next: [Item] euro: Int @external twice: Int @requires(fields: \"euro\") }"),
    ])
    .await;
}
