//! A subgraph with fields that are not for everybody, lists of known length, and hints how long they hold.

use async_graphql::{EmptyMutation, EmptySubscription, ID, Interface, Object, Schema, SimpleObject, Union};
use platform_graphql::Settings;

use super::Part;

const SDL: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(
    url: "https://specs.apollo.dev/federation/v2.9"
    import: ["@key", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize", "@composeDirective", "@shareable"]
  )
  @link(url: "https://example.org/caching/v1.0", import: ["@cacheControl"])
  @composeDirective(name: "@cacheControl")
{ query: Query }

enum CacheControlScope { PUBLIC PRIVATE }
directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)
  on FIELD_DEFINITION | OBJECT | INTERFACE | UNION

type Query {
  me: User @cacheControl(maxAge: 60, scope: PRIVATE)
  everybody(first: Int): [User!]! @listSize(slicingArguments: ["first"]) @cacheControl(maxAge: 30)
  pages(size: Int!): Page! @listSize(slicingArguments: ["size"], sizedFields: ["users"])
  things: [Thing!]!
  found: [Found!]!
  heavy: Int! @cost(weight: 25)
  now: Int!
}

type Page { users: [User!]! total: Int! }

interface Thing { id: ID! owner: String }

type User implements Thing @key(fields: "id") {
  id: ID!
  owner: String
  name: String!
  email: String @authenticated
  salary: Int @requiresScopes(scopes: [["hr:read", "hr:all"], ["admin"]])
  secret: String! @policy(policies: [["spy"]])
  friend: User @cacheControl(inheritMaxAge: true)
}

type Report implements Thing @authenticated { id: ID! owner: String text: String! }

union Found = User | Report
"#;

/// The subgraph.
pub(crate) fn staff() -> Part {
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).finish();
    Part {
        name: "staff",
        sdl: SDL.to_owned(),
        router: platform_graphql::router(schema, Settings::default()),
    }
}

struct User;

#[Object]
impl User {
    async fn id(&self) -> ID {
        "u1".into()
    }
    async fn owner(&self) -> Option<&str> {
        Some("hr")
    }
    async fn name(&self) -> &str {
        "Ada"
    }
    async fn email(&self) -> Option<&str> {
        Some("ada@example.org")
    }
    async fn salary(&self) -> Option<i32> {
        Some(100)
    }
    async fn secret(&self) -> &str {
        "analytical engine"
    }
    async fn friend(&self) -> Option<User> {
        Some(User)
    }
}

struct Report;

#[Object]
impl Report {
    async fn id(&self) -> ID {
        "r1".into()
    }
    async fn owner(&self) -> Option<&str> {
        None
    }
    async fn text(&self) -> &str {
        "all is well"
    }
}

#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID"), field(name = "owner", ty = "Option<&str>"))]
enum Thing {
    User(User),
    Report(Report),
}

#[derive(Union)]
enum Found {
    User(User),
    Report(Report),
}

#[derive(SimpleObject)]
struct Page {
    users: Vec<User>,
    total: i32,
}

struct Query;

#[Object]
impl Query {
    async fn me(&self) -> Option<User> {
        Some(User)
    }
    async fn everybody(&self, first: Option<usize>) -> Vec<User> {
        (0..first.unwrap_or(2)).map(|_| User).collect()
    }
    async fn pages(&self, size: usize) -> Page {
        Page {
            users: (0..size).map(|_| User).collect(),
            total: 100,
        }
    }
    async fn things(&self) -> Vec<Thing> {
        vec![Thing::User(User), Thing::Report(Report)]
    }
    async fn found(&self) -> Vec<Found> {
        vec![Found::User(User), Found::Report(Report)]
    }
    async fn heavy(&self) -> i32 {
        1
    }
    async fn now(&self) -> i32 {
        2
    }
}
