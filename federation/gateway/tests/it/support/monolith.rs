//! A GraphQL service that knows nothing of federation, and a subgraph of ours that shares its types.

use std::sync::{Arc, Mutex};

use async_graphql::{
    EmptyMutation, EmptySubscription, ID, Interface, Object, Result, Schema, SchemaBuilder, SimpleObject, Subscription,
};
use futures::Stream;
use platform_graphql::Settings;

use super::Part;

/// The service.
pub(crate) fn monolith() -> Part {
    part(schema())
}

/// The same, not to be asked for its schema.
pub(crate) fn silent_monolith() -> Part {
    part(schema().disable_introspection())
}

fn schema() -> SchemaBuilder<Query, Mutation, Events> {
    Schema::build(Query, Mutation, Events).data(Names::default())
}

fn part(schema: SchemaBuilder<Query, Mutation, Events>) -> Part {
    let schema = schema.finish();
    Part {
        name: "monolith",
        sdl: schema.sdl(),
        router: platform_graphql::router(schema, Settings::default()),
    }
}

/// What Grace is called.
#[derive(Clone)]
struct Names(Arc<Mutex<String>>);

impl Default for Names {
    fn default() -> Self {
        Self(Arc::new(Mutex::new("Grace".into())))
    }
}

#[derive(Clone, SimpleObject)]
#[graphql(complex)]
struct User {
    id: ID,
    /// What others call them.
    name: Option<String>,
    password: String,
}

#[async_graphql::ComplexObject]
impl User {
    async fn email(&self) -> Result<Option<String>> {
        match self.id.as_str() {
            "2" => Err(refusal("the address of 2 is secret")),
            id => Ok(Some(format!("{id}@monolith.test"))),
        }
    }
    async fn orders(&self, #[graphql(default = 10)] first: i32) -> Vec<Order> {
        (1..=first.min(2)).map(|number| order(number * 100)).collect()
    }
}

#[derive(Clone, SimpleObject)]
struct Order {
    id: ID,
    total: i32,
    buyer: User,
}

fn order(number: i32) -> Order {
    Order {
        id: number.to_string().into(),
        total: number * 3,
        buyer: user("1", "Ada"),
    }
}

#[derive(Clone, Interface)]
#[graphql(field(name = "id", ty = "&ID"))]
enum Node {
    User(User),
    Order(Order),
}

fn user(id: &str, name: &str) -> User {
    User {
        id: id.into(),
        name: Some(name.into()),
        password: "hunter2".into(),
    }
}

struct Query;

fn refusal(text: &str) -> async_graphql::Error {
    platform_graphql::to_graphql(platform_error::Error::new(platform_error::Code::Unavailable, text))
}

fn find(id: &ID, names: &Names) -> Result<Option<User>> {
    Ok(match id.as_str() {
        "1" => Some(user("1", "Ada")),
        "2" => Some(user("2", &names.0.lock().unwrap())),
        "9" => return Err(refusal("this user is closed")),
        _ => None,
    })
}

#[Object]
impl Query {
    async fn me(&self) -> User {
        user("1", "Ada")
    }
    async fn user(&self, ctx: &async_graphql::Context<'_>, id: ID) -> Result<Option<User>> {
        find(&id, ctx.data_unchecked())
    }
    /// Those that exist, in an order of its own.
    async fn users(&self, ctx: &async_graphql::Context<'_>, ids: Vec<ID>) -> Result<Vec<User>> {
        let mut found = Vec::new();
        for id in ids.iter().rev() {
            found.extend(find(id, ctx.data_unchecked())?);
        }
        Ok(found)
    }
    /// By number, not by id; and there must be one.
    async fn order(&self, number: i32) -> Result<Order> {
        match number % 100 {
            0 => Ok(order(number)),
            _ => Err(refusal(&format!("there is no order {number}"))),
        }
    }
    async fn node(&self, ctx: &async_graphql::Context<'_>, id: ID) -> Result<Option<Node>> {
        match id.parse::<i32>() {
            Ok(number) if number >= 100 => Ok(Some(Node::Order(order(number)))),
            _ => Ok(find(&id, ctx.data_unchecked())?.map(Node::User)),
        }
    }
    #[graphql(deprecation = "ask for me")]
    async fn version(&self) -> String {
        "1".into()
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn call_grace(&self, ctx: &async_graphql::Context<'_>, name: String) -> User {
        ctx.data_unchecked::<Names>().0.lock().unwrap().clone_from(&name);
        user("2", &name)
    }
}

struct Events;

#[Subscription]
impl Events {
    async fn renamed(&self) -> impl Stream<Item = User> {
        futures::stream::iter([user("1", "Ada"), user("2", "Amazing Grace")])
    }
}

/// A subgraph that knows reviews, and users and orders by their ids alone.
pub(crate) fn reviews() -> Part {
    let schema = Schema::build(ReviewQuery, EmptyMutation, EmptySubscription)
        .enable_federation()
        .finish();
    Part {
        name: "reviews",
        sdl: platform_graphql::federation_sdl(&schema),
        router: platform_graphql::router(schema, Settings::default()),
    }
}

struct ReviewQuery;

#[derive(SimpleObject)]
struct Review {
    text: String,
    author: Option<Author>,
    order: Option<Bought>,
}

#[derive(SimpleObject)]
#[graphql(complex, name = "User")]
struct Author {
    id: ID,
}

#[async_graphql::ComplexObject]
impl Author {
    async fn reviews(&self) -> Vec<Review> {
        let mut all = all();
        all.retain(|review| review.author.as_ref().is_some_and(|author| author.id == self.id));
        all
    }
}

#[derive(SimpleObject)]
#[graphql(name = "Order", unresolvable)]
struct Bought {
    id: ID,
}

fn all() -> Vec<Review> {
    let review = |text: &str, author: &str, order: &str| Review {
        text: text.into(),
        author: Some(Author { id: author.into() }),
        order: Some(Bought { id: order.into() }),
    };
    vec![
        review("good", "1", "100"),
        review("fine", "2", "200"),
        review("lost", "3", "300"),
        review("shut", "9", "404"),
        review("again", "1", "100"),
    ]
}

#[Object(name = "Query")]
impl ReviewQuery {
    /// The first so many.
    async fn reviews(&self, #[graphql(default = 3)] first: usize) -> Vec<Review> {
        all().into_iter().take(first).collect()
    }
    async fn latest(&self, of: Vec<usize>) -> Vec<Review> {
        let mut all: Vec<Option<Review>> = all().into_iter().map(Some).collect();
        of.into_iter().filter_map(|at| all.get_mut(at)?.take()).collect()
    }
    #[graphql(entity)]
    async fn find_user(&self, id: ID) -> Author {
        Author { id }
    }
}
