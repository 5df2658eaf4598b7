//! Random operations over made-up federations are answered as one schema would answer them.

mod apart;
mod keys;
mod moving;
mod parts;
mod typed;

use std::sync::Arc;

use federation_composition::{Subgraph, compose};
use federation_gateway::Peers;
use graphql_tools::static_graphql::schema::Document;
use platform_config::Duration;
use platform_service::Peer;
use serde_json::{Value, json};

use crate::support::{
    TestGateway,
    random::{self, Operations},
    settings,
    world::{View, World},
};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.7\", import: [\"@key\", \"@requires\", \"@provides\", \"@external\", \"@shareable\", \"@override\", \"@interfaceObject\", \"@inaccessible\"])";
const OPERATIONS: u64 = 60;

/// A gateway before subgraphs of one world, the world as a whole, and what clients see of it.
async fn start(subgraphs: &[(&str, &str)]) -> (TestGateway, View, Document) {
    let parts: Vec<Subgraph> = subgraphs
        .iter()
        .map(|(name, sdl)| Subgraph {
            name: (*name).to_owned(),
            url: format!("http://{name}/graphql"),
            sdl: if sdl.contains("extend type") {
                (*sdl).to_owned()
            } else {
                format!("{LINK} {sdl}")
            },
        })
        .collect();
    let composed = compose(&parts).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let texts: Vec<&str> = subgraphs.iter().map(|(_, sdl)| *sdl).collect();
    let world = Arc::new(World::new(&composed.api_sdl, &texts));
    let peers: Peers = subgraphs
        .iter()
        .map(|(name, sdl)| {
            (
                (*name).to_owned(),
                Peer::Local(View::new(&world, sdl).router(sdl).into()),
            )
        })
        .collect();
    // Without optimisation, and beside other tests, planning takes long.
    let settings = settings(json!({ "planning": { "budget": "60s" } }));
    let gateway = TestGateway::start(&composed.supergraph_sdl, settings, peers).await;
    let whole = View::new(&world, &composed.api_sdl);
    (gateway, whole, random::schema(&composed.api_sdl))
}

/// Runs random operations over subgraphs, and compares.
async fn check(subgraphs: &[(&str, &str)]) {
    let (gateway, whole, schema) = start(subgraphs).await;
    let mut answered = 0;
    for seed in 0..OPERATIONS {
        let query = Operations::new(&schema, seed).query();
        let answer = gateway.run(&query).await;
        if is_refused(&answer) {
            continue;
        }
        answered += 1;
        let expected = whole.answer(&query, &json!({}));
        assert!(
            answer == expected,
            "seed {seed}: {query}\n{answer}\n{expected}\n{}",
            plan(&gateway, &query)
        );
    }
    assert!(
        answered > OPERATIONS / 4,
        "only {answered} of {OPERATIONS} operations were answered"
    );
}

/// The plan, for whoever has to find out what went wrong.
fn plan(gateway: &TestGateway, query: &str) -> String {
    let query = query
        .replace("(if: $yes)", "(if: true)")
        .replace("(if: $no)", "(if: false)");
    let supergraph = gateway.gateway.supergraph().expect("a supergraph is served");
    format!("{:#?}", supergraph.plan(&query, None, Duration::from_secs(5)))
}

/// Whether an operation is one that clashes with itself, or one that is known not to be plannable.
fn is_refused(answer: &Value) -> bool {
    let error = &answer["errors"][0];
    let message = error["message"].as_str().unwrap_or_default();
    error["extensions"]["rule"] == "OverlappingFieldsCanBeMerged"
        || message.contains("@requires depend on each other")
        || message.contains("with different arguments, which cannot be planned")
}

#[tokio::test]
async fn several_keys_lead_from_one_subgraph_to_the_next() {
    check(&[
        ("a", "type Query { users: [User!]! user(id: ID!): User } type User @key(fields: \"id\") { id: ID! name: String }"),
        ("b", "type User @key(fields: \"id\") @key(fields: \"email\") { id: ID! email: String! age: Int }"),
        ("c", "type Query { byMail: User } type User @key(fields: \"email\") @key(fields: \"tenant nick\") { email: String! tenant: String! nick: String! plan(of: Int): String }"),
        ("d", "type User @key(fields: \"nick tenant\") { nick: String! tenant: String! friends: [User] score: Float }"),
    ])
    .await;
}

#[tokio::test]
async fn required_fields_are_fetched_first_also_inside_objects_and_lists() {
    check(&[
        ("a", "type Query { products: [Product] product: Product! } type Product @key(fields: \"upc\") { upc: ID! price: Int! weight: Int size: Size! parts: [Part!]! related: [Product] } type Size { height: Int! width: Int } type Part { code: String! count: Int }"),
        ("b", "type Product @key(fields: \"upc\") { upc: ID! price: Int! @external weight: Int @external shipping: String @requires(fields: \"price weight\") } type Query { cheapest: Product }"),
        ("c", "type Product @key(fields: \"upc\") { upc: ID! size: Size! @external parts: [Part!]! @external area: String @requires(fields: \"size { height width }\") list: String @requires(fields: \"parts { code }\") } type Size { height: Int! @external width: Int @external } type Part { code: String! @external }"),
        ("d", "type Product @key(fields: \"upc\") { upc: ID! shipping: String @external label: String @requires(fields: \"shipping\") }"),
    ])
    .await;
}

#[tokio::test]
async fn provided_fields_are_taken_where_they_are_provided() {
    check(&[
        ("reviews", "type Query { reviews: [Review!]! } type Review @key(fields: \"id\") { id: ID! body: String author: User @provides(fields: \"name\") } type User @key(fields: \"id\") { id: ID! name: String @external reviews: [Review] }"),
        ("users", "type Query { me: User } type User @key(fields: \"id\") { id: ID! name: String @shareable email: String address: Address } type Address { street: String city: City } type City @key(fields: \"zip\") { zip: ID! name: String }"),
        ("cities", "type City @key(fields: \"zip\") { zip: ID! population: Int mayor: User } type User @key(fields: \"id\") { id: ID! }"),
    ])
    .await;
}

#[tokio::test]
async fn interfaces_and_unions_are_joined_by_the_type_of_each_object() {
    check(&[
        ("a", "type Query { nodes: [Node!]! found: [Found] } interface Node { id: ID! } union Found = User | Post | Page type User implements Node @key(fields: \"id\") { id: ID! name: String } type Post implements Node @key(fields: \"id\") { id: ID! title: String author: User } type Page @key(fields: \"id\") { id: ID! }"),
        ("b", "interface Named { label: String } type User implements Named @key(fields: \"id\") { id: ID! label: String posts: [Post] } type Post implements Named @key(fields: \"id\") { id: ID! label: String likes: Int } type Page implements Named @key(fields: \"id\") { id: ID! label: String next: Page owner: Found } union Found = User | Post | Page type Query { named: [Named] }"),
        ("c", "type Post @key(fields: \"id\") { id: ID! comments(first: Int): [Comment!] } type Comment { text: String by: User } type User @key(fields: \"id\") { id: ID! karma: Int }"),
    ])
    .await;
}

#[tokio::test]
async fn an_interface_object_adds_fields_to_every_implementation() {
    check(&[
        ("media", "type Query { media: [Media!]! book: Book } interface Media @key(fields: \"id\") { id: ID! title: String } type Book implements Media @key(fields: \"id\") { id: ID! title: String pages: Int } type Film implements Media @key(fields: \"id\") { id: ID! title: String minutes: Int }"),
        ("reviews", "type Query { best: Media } type Media @key(fields: \"id\") @interfaceObject { id: ID! stars: Int reviews: [Review!]! } type Review { text: String about: Media }"),
        ("shops", "type Media @key(fields: \"id\") @interfaceObject { id: ID! price: Int } type Query { offers: [Media] }"),
    ])
    .await;
}

#[tokio::test]
async fn an_interface_object_resolves_what_one_implementation_requires() {
    check(&[
        ("media", "type Query { media: [Media!]! book: Book } interface Media @key(fields: \"id\") { id: ID! title: String } type Book implements Media @key(fields: \"id\") { id: ID! title: String stars: Int @external praise: String @requires(fields: \"stars\") } type Film implements Media @key(fields: \"id\") { id: ID! title: String minutes: Int }"),
        ("reviews", "type Query { best: Media } type Media @key(fields: \"id\") @interfaceObject { id: ID! stars: Int }"),
    ])
    .await;
}

#[tokio::test]
async fn shared_values_and_moved_fields_come_from_wherever_they_are() {
    check(&[
        ("a", "type Query { now: Stamp @shareable a: Thing } type Stamp @shareable { at: String zone: Zone } type Zone @shareable { name: String offset: Int } type Thing @key(fields: \"id\") { id: ID! old: String kind: Kind stamp: Stamp } enum Kind { RED GREEN BLUE }"),
        ("b", "type Query { now: Stamp @shareable b: [[Thing!]] } type Stamp @shareable { at: String zone: Zone } type Zone @shareable { name: String offset: Int } type Thing @key(fields: \"id\") { id: ID! old: String @override(from: \"a\") fresh: Boolean } "),
    ])
    .await;
}

#[tokio::test]
async fn keys_inside_objects_identify_entities() {
    check(&[
        ("a", "type Query { accounts: [Account] } type Account @key(fields: \"ref { code }\") { ref: Ref! name: String } type Ref @shareable { code: String! }"),
        ("b", "type Account @key(fields: \"ref { code }\") { ref: Ref! balance: Float peers: [Account!] } type Ref @shareable { code: String! } type Query { richest: Account }"),
    ])
    .await;
}

#[tokio::test]
async fn subgraphs_of_federation_1_extend_types_of_others() {
    check(&[
        ("accounts", "type Query { me: User } extend type Query { everybody: [User!] } type User @key(fields: \"id\") { id: ID! name: String username: String }"),
        ("products", "extend type Query { top(first: Int = 5): [Product] } type Product @key(fields: \"upc\") { upc: String! name: String price: Int }"),
        ("reviews", "type Review @key(fields: \"id\") { id: ID! body: String author: User @provides(fields: \"username\") product: Product } extend type User @key(fields: \"id\") { id: ID! @external username: String @external reviews: [Review] } extend type Product @key(fields: \"upc\") { upc: String! @external reviews: [Review] }"),
        ("inventory", "extend type Product @key(fields: \"upc\") { upc: String! @external price: Int @external inStock: Boolean estimate: String @requires(fields: \"price\") }"),
    ])
    .await;
}

#[tokio::test]
async fn a_required_field_with_arguments_stays_apart_from_the_same_field_of_the_client() {
    check(&[
        ("a", "type Query { products: [Product!]! } type Product @key(fields: \"upc\") { upc: ID! price(currency: String!): String! weight(unit: String): String tags: [String!] }"),
        ("b", "type Product @key(fields: \"upc\") { upc: ID! price(currency: String!): String! @external weight(unit: String): String @external shipping: String @requires(fields: \"price(currency: \\\"x1\\\")\") parcel: String @requires(fields: \"price(currency: \\\"x2\\\") weight(unit: \\\"x0\\\")\") }"),
        ("c", "type Query { newest: Product } type Product @key(fields: \"upc\") { upc: ID! similar(first: Int): [Product] rank(by: String): Int }"),
    ])
    .await;
}

#[tokio::test]
async fn what_is_inaccessible_still_joins() {
    check(&[
        ("a", "type Query { users: [User] } type User @key(fields: \"uuid\") { uuid: ID! @inaccessible name: String secret: Secret @inaccessible } type Secret @inaccessible { text: String }"),
        ("b", "type User @key(fields: \"uuid\") @key(fields: \"tenant { key }\") { uuid: ID! tenant: Tenant! groups: [Group!] } type Tenant @shareable { key: ID! } type Group @key(fields: \"id\") { id: ID! @inaccessible members: [User!] title: String }"),
        ("c", "type User @key(fields: \"tenant { key }\") { tenant: Tenant! quota: Int } type Tenant @shareable { key: ID! } type Group @key(fields: \"id\") { id: ID! @inaccessible kind: Kind } enum Kind { OPEN CLOSED }"),
    ])
    .await;
}

#[tokio::test]
async fn provided_fields_go_through_objects_and_unions() {
    check(&[
        ("a", "type Query { media: [Media] } union Media = Book | Movie type Book @key(fields: \"id\") { id: ID! title: String @shareable } type Movie @key(fields: \"id\") { id: ID! title: String @shareable minutes: Int }"),
        ("b", "type Query { shelf: Shelf } type Shelf { top: Book @provides(fields: \"title animals { name }\") all: [Book] } type Book @key(fields: \"id\") { id: ID! title: String @external animals: [Animal] @external pages: Int } type Animal @key(fields: \"id\") { id: ID! name: String @external }"),
        ("c", "type Book @key(fields: \"id\") { id: ID! animals: [Animal] @shareable } type Animal @key(fields: \"id\") { id: ID! name: String @shareable legs: Int } type Movie @key(fields: \"id\") { id: ID! cast(first: Int): [Animal!] }"),
    ])
    .await;
}

#[tokio::test]
async fn entities_require_each_others_fields() {
    check(&[
        ("a", "type Query { feed: [Post] } type Post @key(fields: \"id\") { id: ID! novice: String @requires(fields: \"author { years }\") author: Author! @external } type Author @key(fields: \"id\") { id: ID! years: Int! @external }"),
        ("b", "type Post @key(fields: \"id\") { id: ID! author: Author! expert: String @requires(fields: \"novice\") novice: String @external } type Author @key(fields: \"id\") { id: ID! years: Int! posts: [Post] }"),
    ])
    .await;
}

#[tokio::test]
async fn interfaces_of_interfaces_and_lists_of_lists_are_walked() {
    check(&[
        ("a", "type Query { grid: [[Cell!]]! things: [Thing] } interface Thing { id: ID! } interface Cell implements Thing { id: ID! row: Int } type Text implements Cell & Thing @key(fields: \"id\") { id: ID! row: Int text: String } type Image implements Cell & Thing @key(fields: \"id\") { id: ID! row: Int width: Int gallery: [[Image]] } type File implements Thing @key(fields: \"id\") { id: ID! path: String }"),
        ("b", "type Text @key(fields: \"id\") { id: ID! words: [String!] links: [Link] } type Image @key(fields: \"id\") { id: ID! alt: String of: Link } type File @key(fields: \"id\") { id: ID! size: Float parent: File } union Link = Text | Image | File"),
    ])
    .await;
}
