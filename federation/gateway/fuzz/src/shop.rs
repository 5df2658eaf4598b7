//! A federation of two subgraphs in this process, with abstract types, required fields and values of every kind.

use std::sync::{Mutex, PoisonError};

use axum::{Router, body::Bytes, routing::post};
use federation_composition::{Subgraph, compose};
use federation_gateway::{Gateway, Peers, Settings};
use platform_config::Config;
use platform_service::{Clock, Context, Peer};

/// Both subgraphs, abstract types, a required field, nulls that propagate.
pub const LARGE: &str = "{ items { __typename ... on Book { id title pages author { name } } ... on Toy { id called: title price label } } node { id related { id ... on Toy { ages } } } }";
/// One entity and its completion.
pub const SMALL: &str = "{ toy { id price label grid kind meta } }";

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\", \"@requires\", \"@external\", \"@shareable\", \"@inaccessible\"])";
const PRODUCTS: &str = "
    scalar Meta
    enum Kind { SOFT HARD SECRET @inaccessible }
    interface Node { id: ID! related: [Node!] }
    union Item = Book | Toy
    input Filter { first: Int = 3 kinds: [Kind!] not: Filter }
    type Query { items(where: Filter): [Item] node: Node toy(id: ID = 1): Toy }
    type Mutation { add(title: String!): Book! }
    type Book implements Node @key(fields: \"id\") { id: ID! title: String! related: [Node!] author: Author! }
    type Toy implements Node @key(fields: \"id\") { id: ID! title: String related: [Node!] price: Float kind: Kind meta: Meta grid: [[Int!]] }
    type Author @key(fields: \"name\") { name: String! }";
const DETAILS: &str = "
    type Book @key(fields: \"id\") { id: ID! pages: Int! }
    type Toy @key(fields: \"id\") { id: ID! price: Float @external label: String @requires(fields: \"price\") ages: [Int!]! }
    type Author @key(fields: \"name\") { name: String! born: Int }";

/// What subgraphs answer in this run: those of products and those of details.
static TOLD: Mutex<(Vec<u8>, Vec<u8>)> = Mutex::new((Vec::new(), Vec::new()));

/// Sets what subgraphs answer: those of details come after a line of its own.
pub fn tell(bytes: &[u8]) {
    let mark = b"\n---\n";
    let at = bytes.windows(mark.len()).position(|window| window == mark);
    let (products, details) = at.map_or((bytes, bytes), |at| (&bytes[..at], &bytes[at + mark.len()..]));
    *told() = (products.to_vec(), details.to_vec());
}

fn told() -> std::sync::MutexGuard<'static, (Vec<u8>, Vec<u8>)> {
    TOLD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A gateway whose subgraphs answer with nothing.
pub fn gateway(settings: Settings) -> Gateway {
    let nothing = || async { r#"{"data":{"items":null,"node":null,"toy":null,"_entities":[]}}"# };
    start(
        settings,
        Router::new().route("/graphql", post(nothing)),
        Router::new().route("/graphql", post(nothing)),
    )
}

/// A gateway whose subgraphs answer as they were told.
pub fn gateway_told() -> Gateway {
    let products = post(|| async { Bytes::from(told().0.clone()) });
    let details = post(|| async { Bytes::from(told().1.clone()) });
    let route = |method| Router::new().route("/graphql", method);
    start(Settings::default(), route(products), route(details))
}

fn start(settings: Settings, products: Router, details: Router) -> Gateway {
    let subgraphs = [("products", PRODUCTS), ("details", DETAILS)].map(|(name, sdl)| Subgraph {
        name: name.to_owned(),
        url: format!("http://{name}.test/graphql"),
        sdl: format!("{LINK} {sdl}"),
    });
    let composed = compose(&subgraphs).expect("the shop composes");
    let peers = Peers::from([("products".to_owned(), Peer::Local(products.into())), ("details".to_owned(), Peer::Local(details.into()))]);
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let context = Context::standalone("gateway", Config::default(), Clock::system(), folder.path());
    Gateway::new(&composed.supergraph_sdl, settings, peers, &context).expect("the shop is served")
}
