//! Four subgraphs of a shop, written with async-graphql.

mod products;

use async_graphql::{Context, EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};
use platform_graphql::Settings;

pub(crate) use self::products::products;
use super::Part;

/// All of them.
pub(crate) fn parts() -> Vec<Part> {
    vec![products(), inventory(), reviews(), users()]
}

fn part<Q, M>(name: &'static str, query: Q, mutation: M) -> Part
where
    Q: async_graphql::ObjectType + 'static,
    M: async_graphql::ObjectType + 'static,
{
    let schema = Schema::build(query, mutation, EmptySubscription)
        .enable_federation()
        .finish();
    let sdl = platform_graphql::federation_sdl(&schema);
    Part {
        name,
        sdl,
        router: platform_graphql::router(schema, Settings::default()),
    }
}

/// What is in stock.
pub(crate) fn inventory() -> Part {
    part("inventory", InventoryQuery, EmptyMutation)
}

struct Stocked {
    upc: ID,
    price: i32,
    weight: Option<i32>,
}

#[Object(name = "Product")]
impl Stocked {
    async fn upc(&self) -> &ID {
        &self.upc
    }
    #[graphql(external)]
    async fn price(&self) -> i32 {
        self.price
    }
    #[graphql(external)]
    async fn weight(&self) -> Option<i32> {
        self.weight
    }
    async fn in_stock(&self) -> bool {
        self.upc != "2"
    }
    #[graphql(requires = "price weight")]
    async fn shipping(&self) -> Option<i32> {
        self.weight.map(|weight| if self.price > 1000 { 0 } else { weight / 2 })
    }
}

struct InventoryQuery;

#[Object(name = "Query")]
impl InventoryQuery {
    async fn warehouses(&self) -> Vec<&'static str> {
        vec!["north", "south"]
    }
    #[graphql(entity)]
    async fn stocked(&self, #[graphql(key)] upc: ID, price: Option<i32>, weight: Option<i32>) -> Stocked {
        Stocked {
            upc,
            price: price.unwrap_or_default(),
            weight,
        }
    }
}

/// What people say.
pub(crate) fn reviews() -> Part {
    part("reviews", ReviewQuery, ReviewMutation)
}

#[derive(Clone, SimpleObject)]
struct Review {
    id: ID,
    body: String,
    author: Author,
    product: Reviewed,
}

#[derive(Clone)]
struct Author {
    id: ID,
}

#[Object(name = "User")]
impl Author {
    async fn id(&self) -> &ID {
        &self.id
    }
    async fn reviews(&self) -> Vec<Review> {
        all_reviews()
            .into_iter()
            .filter(|review| review.author.id == self.id)
            .collect()
    }
}

#[derive(Clone)]
struct Reviewed {
    upc: ID,
}

#[Object(name = "Product")]
impl Reviewed {
    async fn upc(&self) -> &ID {
        &self.upc
    }
    async fn reviews(&self) -> Vec<Review> {
        all_reviews()
            .into_iter()
            .filter(|review| review.product.upc == self.upc)
            .collect()
    }
}

fn all_reviews() -> Vec<Review> {
    let review = |id: &str, body: &str, author: &str, upc: &str| Review {
        id: id.into(),
        body: body.into(),
        author: Author { id: author.into() },
        product: Reviewed { upc: upc.into() },
    };
    vec![
        review("r1", "Love it!", "u1", "1"),
        review("r2", "Too expensive.", "u1", "2"),
        review("r3", "Could be better.", "u2", "1"),
        review("r4", "Prefer something else.", "u2", "3"),
    ]
}

struct ReviewQuery;

#[Object(name = "Query")]
impl ReviewQuery {
    async fn latest(&self) -> Vec<Review> {
        all_reviews()
    }
    #[graphql(entity)]
    async fn author(&self, id: ID) -> Author {
        Author { id }
    }
    #[graphql(entity)]
    async fn reviewed(&self, upc: ID) -> Reviewed {
        Reviewed { upc }
    }
}

struct ReviewMutation;

#[Object(name = "Mutation")]
impl ReviewMutation {
    async fn say(&self, _ctx: &Context<'_>, upc: ID, body: String) -> Review {
        Review {
            id: "new".into(),
            body,
            author: Author { id: "u1".into() },
            product: Reviewed { upc },
        }
    }
}

/// Who they are.
pub(crate) fn users() -> Part {
    part("users", UserQuery, EmptyMutation)
}

#[derive(Clone, SimpleObject)]
struct User {
    id: ID,
    name: String,
    email: Option<String>,
}

fn everybody() -> Vec<User> {
    vec![
        User {
            id: "u1".into(),
            name: "Ada".into(),
            email: Some("ada@example.org".into()),
        },
        User {
            id: "u2".into(),
            name: "Bob".into(),
            email: None,
        },
    ]
}

struct UserQuery;

#[Object(name = "Query")]
impl UserQuery {
    async fn me(&self) -> User {
        everybody().remove(0)
    }
    #[graphql(entity)]
    async fn user(&self, id: ID) -> Option<User> {
        everybody().into_iter().find(|user| user.id == id)
    }
}
