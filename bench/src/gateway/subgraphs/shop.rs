//! What is sold, who buys, what is in stock, and what people say. All of it is worked out, so that lists may be long.

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, ObjectType, Schema, SimpleObject};

use super::Part;

const USERS: usize = 6;
/// The products that users have written about; more are made up when somebody asks for a longer list.
const CATALOGUE: usize = 9;
const REVIEWS_PER_PRODUCT: usize = 3;

pub(super) fn parts() -> Vec<Part> {
    vec![
        part("accounts", Accounts),
        products(),
        part("inventory", Inventory),
        part("reviews", Reviews),
    ]
}

pub(super) fn products() -> Part {
    part("products", Products)
}

fn part<Q: ObjectType + 'static>(name: &'static str, query: Q) -> Part {
    let schema = Schema::build(query, EmptyMutation, EmptySubscription).enable_federation();
    super::part(name, schema.finish())
}

/// The number in an id; what is no number is something nobody has.
fn number(id: &ID) -> usize {
    id.parse().unwrap_or_default()
}

#[derive(SimpleObject)]
struct User {
    id: ID,
    name: String,
    username: String,
    birthday: String,
}

fn user(number: usize) -> User {
    User {
        id: number.into(),
        name: format!("Reader {number}"),
        username: format!("@reader{number}"),
        birthday: format!("19{:02}-12-10", number % 100),
    }
}

struct Accounts;

#[Object(name = "Query")]
impl Accounts {
    async fn me(&self) -> User {
        user(1)
    }
    async fn users(&self) -> Vec<User> {
        (1..=USERS).map(user).collect()
    }
    #[graphql(entity)]
    async fn user(&self, id: ID) -> User {
        user(number(&id))
    }
}

#[derive(SimpleObject)]
struct Product {
    upc: ID,
    name: String,
    price: i32,
    weight: i32,
}

fn product(number: usize) -> Product {
    let size = i32::try_from(number % 100).unwrap_or_default();
    Product {
        upc: number.into(),
        name: format!("Table with {number} legs"),
        price: 199 + size * 100,
        weight: 10 + size * 10,
    }
}

struct Products;

#[Object(name = "Query")]
impl Products {
    async fn top_products(&self, #[graphql(default = 5)] first: usize) -> Vec<Product> {
        (1..=first).map(product).collect()
    }
    #[graphql(entity)]
    async fn product(&self, upc: ID) -> Product {
        product(number(&upc))
    }
}

struct Stocked {
    upc: ID,
    price: i32,
    weight: i32,
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
    async fn weight(&self) -> i32 {
        self.weight
    }
    async fn in_stock(&self) -> bool {
        number(&self.upc) % 2 == 1
    }
    #[graphql(requires = "price weight")]
    async fn shipping_estimate(&self) -> i32 {
        if self.price > 1_000 { 0 } else { self.weight / 2 }
    }
}

struct Inventory;

#[Object(name = "Query")]
impl Inventory {
    async fn warehouses(&self) -> i32 {
        2
    }
    #[graphql(entity)]
    async fn stocked(&self, #[graphql(key)] upc: ID, price: Option<i32>, weight: Option<i32>) -> Stocked {
        Stocked {
            upc,
            price: price.unwrap_or_default(),
            weight: weight.unwrap_or_default(),
        }
    }
}

/// What somebody wrote; its number says about what and who it was.
struct Review(usize);

#[Object]
impl Review {
    async fn id(&self) -> ID {
        self.0.into()
    }
    async fn body(&self) -> String {
        format!("{}: could be better.", self.0)
    }
    async fn author(&self) -> Author {
        let number = (self.0 - 1) % USERS + 1;
        Author { id: number.into() }
    }
    async fn product(&self) -> Reviewed {
        let number = (self.0 - 1) / REVIEWS_PER_PRODUCT + 1;
        Reviewed { upc: number.into() }
    }
}

struct Author {
    id: ID,
}

#[Object(name = "User")]
impl Author {
    async fn id(&self) -> &ID {
        &self.id
    }
    async fn reviews(&self) -> Vec<Review> {
        let all = number(&self.id)..=CATALOGUE * REVIEWS_PER_PRODUCT;
        all.step_by(USERS).map(Review).collect()
    }
}

struct Reviewed {
    upc: ID,
}

#[Object(name = "Product")]
impl Reviewed {
    async fn upc(&self) -> &ID {
        &self.upc
    }
    async fn reviews(&self, #[graphql(default = 3)] first: usize) -> Vec<Review> {
        let before = number(&self.upc).saturating_sub(1) * REVIEWS_PER_PRODUCT;
        let all = before + 1..=before + REVIEWS_PER_PRODUCT;
        all.take(first).map(Review).collect()
    }
}

struct Reviews;

#[Object(name = "Query")]
impl Reviews {
    async fn latest(&self) -> Review {
        Review(1)
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
