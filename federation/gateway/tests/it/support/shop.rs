//! Four subgraphs of a shop, written with async-graphql.

use async_graphql::{
    ComplexObject, Context, EmptyMutation, EmptySubscription, Enum, ID, Interface, Json, Object, Result, Schema,
    SimpleObject, Union,
};
use platform_graphql::Settings;
use serde_json::{Value, json};

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

/// What is sold.
pub(crate) fn products() -> Part {
    part("products", ProductQuery, ProductMutation)
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum Kind {
    Furniture,
    Media,
}

#[derive(Clone, SimpleObject)]
#[graphql(complex)]
struct Product {
    upc: ID,
    name: String,
    price: i32,
    weight: Option<i32>,
    kind: Kind,
}

#[ComplexObject]
impl Product {
    async fn dimensions(&self) -> Json<Value> {
        Json(json!({ "depth": 1.50, "steps": [1, 2, null], "unit": "cm" }))
    }
    async fn tags(&self) -> Vec<String> {
        vec!["a".into(), "b \"quoted\"".into()]
    }
    async fn maker(&self) -> Maker {
        match self.kind {
            Kind::Furniture => Maker::Company(Company {
                id: "c1".into(),
                name: "Wood".into(),
                staff: 12,
            }),
            Kind::Media => Maker::Person(Person {
                id: "p1".into(),
                name: "Ada".into(),
                age: 36,
            }),
        }
    }
}

#[derive(SimpleObject)]
struct Company {
    id: ID,
    name: String,
    staff: i32,
}

#[derive(SimpleObject)]
struct Person {
    id: ID,
    name: String,
    age: i32,
}

#[derive(Interface)]
#[graphql(field(name = "id", ty = "&ID"), field(name = "name", ty = "&String"))]
enum Maker {
    Company(Company),
    Person(Person),
}

#[derive(Union)]
enum Found {
    Product(Product),
    Company(Company),
}

fn catalogue() -> Vec<Product> {
    let product = |upc: &str, name: &str, price, weight, kind| Product {
        upc: upc.into(),
        name: name.into(),
        price,
        weight,
        kind,
    };
    vec![
        product("1", "Table", 899, Some(100), Kind::Furniture),
        product("2", "Couch", 1299, Some(1000), Kind::Furniture),
        product("3", "Record", 54, None, Kind::Media),
    ]
}

struct ProductQuery;

#[Object(name = "Query")]
impl ProductQuery {
    async fn top_products(&self, #[graphql(default = 3)] first: usize) -> Vec<Product> {
        catalogue().into_iter().take(first).collect()
    }
    async fn product(&self, upc: ID) -> Option<Product> {
        catalogue().into_iter().find(|product| product.upc == upc)
    }
    async fn search(&self) -> Vec<Found> {
        let company = Company {
            id: "c1".into(),
            name: "Wood".into(),
            staff: 12,
        };
        vec![Found::Product(catalogue().remove(0)), Found::Company(company)]
    }
    #[graphql(entity)]
    async fn product_by_upc(&self, upc: ID) -> Option<Product> {
        catalogue().into_iter().find(|product| product.upc == upc)
    }
}

struct ProductMutation;

#[Object(name = "Mutation")]
impl ProductMutation {
    async fn rename(&self, upc: ID, name: String) -> Result<Product> {
        let found = catalogue().into_iter().find(|product| product.upc == upc);
        found
            .map(|product| Product { name, ..product })
            .ok_or_else(|| "there is no such product".into())
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
