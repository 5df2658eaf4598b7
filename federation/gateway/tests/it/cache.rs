//! Answers that are kept for a while, and taken away.

mod clients;
mod entities;
mod hints;
mod keys;
mod taken;
mod told;

use axum::{Router, http::HeaderValue, middleware::map_response, response::Response};
use platform_service::Clock;
use serde_json::{Value, json};

use crate::support::{Part, TestGateway, in_process_at, recorder::Recorder, serve, settings, shop, staff, tokens};

/// The beginning of a subgraph whose schema says how long things are kept.
const HEAD: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
  @link(url: "https://example.org/caching/v1.0", import: ["@cacheControl"])
  @composeDirective(name: "@cacheControl")
{ query: Query }

enum CacheControlScope { PUBLIC PRIVATE }
directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)
  on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
"#;

/// A gateway whose time the test moves.
struct Kept {
    served: TestGateway,
    admin: String,
    clock: Clock,
}

impl Kept {
    /// Keeps whole answers about the staff, some of which are not for everybody; and what is asked for them.
    async fn for_staff() -> (Self, Recorder) {
        let (staff, asked) = Recorder::before(staff::staff());
        let settings = json!({
            "cache": { "responses": true },
            "jwt": { "sources": [{ "jwks": tokens::trusted().to_string() }] },
        });
        (Self::start(vec![staff], settings).await, asked)
    }

    async fn start(parts: Vec<Part>, part: Value) -> Self {
        let clock = Clock::manual(Clock::system().now());
        let served = in_process_at(parts, settings(part), clock.clone()).await;
        let admin = format!("http://{}", serve(served.gateway.admin_router()).await);
        Self { served, admin, clock }
    }

    /// The answer, `cache-control` and `age`.
    async fn ask(&self, query: &str, token: Option<&str>) -> (Value, String, String) {
        let request = self.served.client.post(&self.served.url);
        let request = request.json(&json!({ "query": query }));
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let response = request.send().await.expect("the gateway answers");
        let header = |name: &str| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (control, age) = (header("cache-control"), header("age"));
        (response.json().await.expect("the answer is JSON"), control, age)
    }

    fn pass(&self, seconds: u64) {
        let by = std::time::Duration::from_secs(seconds);
        self.clock.set(self.clock.now() + by);
    }

    async fn invalidate(&self, what: Value) -> Value {
        let request = self.served.client.post(&format!("{}/cache/invalidate", self.admin));
        let response = request.json(&what).send().await.expect("the gateway answers");
        assert_eq!(response.status(), 200);
        response.json().await.expect("the answer is JSON")
    }
}

/// A subgraph that says how long its answers hold.
fn saying(part: Part, control: &'static str) -> Part {
    let say = move |mut response: Response| async move {
        response
            .headers_mut()
            .insert("cache-control", HeaderValue::from_static(control));
        response
    };
    let router: Router = part.router.layer(map_response(say));
    Part { router, ..part }
}

#[tokio::test]
async fn an_answer_is_kept_as_long_as_every_subgraph_allows() {
    let (products, asked_products) = Recorder::before(saying(shop::products(), "max-age=60, public"));
    let (inventory, asked_inventory) = Recorder::before(saying(shop::inventory(), "max-age=20"));
    let gateway = Kept::start(vec![products, inventory], json!({ "cache": { "responses": true } })).await;
    let query = "{ product(upc: \"1\") { name inStock } }";

    let (first, control, _) = gateway.ask(query, None).await;
    gateway.pass(15);
    let (second, told, age) = gateway.ask(query, None).await;
    gateway.pass(5);
    gateway.ask(query, None).await;

    assert_eq!(control, "max-age=20, public");
    assert_eq!((told.as_str(), age.as_str()), ("max-age=20, public", "15"));
    assert_eq!(second, first);
    assert_eq!(
        (asked_products.queries().len(), asked_inventory.queries().len()),
        (2, 2)
    );
}

#[tokio::test]
async fn nothing_is_kept_that_one_subgraph_is_silent_about() {
    let (products, asked) = Recorder::before(saying(shop::products(), "max-age=60"));
    let gateway = Kept::start(
        vec![products, shop::inventory()],
        json!({ "cache": { "responses": true } }),
    )
    .await;
    let query = "{ product(upc: \"1\") { name inStock } }";

    let (_, control, _) = gateway.ask(query, None).await;
    gateway.ask(query, None).await;

    assert_eq!(control, "no-store");
    assert_eq!(asked.queries().len(), 2);
}

#[tokio::test]
async fn other_variables_are_another_answer() {
    let products = saying(shop::products(), "max-age=60");
    let gateway = Kept::start(vec![products], json!({ "cache": { "responses": true } })).await;

    let (one, ..) = gateway.ask("{ topProducts(first: 1) { upc } }", None).await;
    let (two, ..) = gateway.ask("{ topProducts(first: 2) { upc } }", None).await;

    assert_ne!(one, two);
}

#[tokio::test]
async fn hints_of_the_schema_say_how_long_and_for_whom() {
    let (gateway, asked) = Kept::for_staff().await;
    let [ada, bob] = ["ada", "bob"].map(|name| tokens::token(json!({ "sub": name })));

    let (_, public, _) = gateway
        .ask("{ everybody(first: 1) { name friend { name } } }", None)
        .await;
    let (_, unhinted, _) = gateway.ask("{ now }", None).await;
    let (_, private, _) = gateway.ask("{ me { name } }", Some(&ada)).await;
    let before = asked.queries().len();
    gateway.ask("{ me { name } }", Some(&ada)).await;
    let after_own = asked.queries().len();
    gateway.ask("{ me { name } }", Some(&bob)).await;
    gateway.ask("{ me { name } }", None).await;

    assert_eq!(public, "max-age=30, public");
    assert_eq!(unhinted, "no-store");
    assert_eq!(private, "max-age=60, private");
    assert_eq!(after_own, before);
    assert_eq!(asked.queries().len(), before + 2);
}

#[tokio::test]
async fn clients_are_not_told_how_long_an_answer_holds_where_that_is_set() {
    let products = saying(shop::products(), "max-age=60");
    let settings = json!({ "cache": { "responses": true, "header": false } });
    let gateway = Kept::start(vec![products], settings).await;
    let query = "{ topProducts(first: 1) { upc } }";

    let fresh = gateway.ask(query, None).await;
    let kept = gateway.ask(query, None).await;

    assert_eq!((fresh.1.as_str(), kept.1.as_str(), kept.2.as_str()), ("", "", ""));
    assert_eq!(fresh.0, kept.0);
}

#[tokio::test]
async fn whole_answers_go_with_the_types_in_them() {
    let (products, asked) = Recorder::before(saying(shop::products(), "max-age=60"));
    let gateway = Kept::start(vec![products], json!({ "cache": { "responses": true } })).await;
    let query = "{ product(upc: \"1\") { name } }";
    gateway.ask(query, None).await;

    gateway.invalidate(json!({ "type": "Company" })).await;
    gateway.ask(query, None).await;
    let before = asked.queries().len();
    gateway.invalidate(json!({ "type": "Product" })).await;
    gateway.ask(query, None).await;

    assert_eq!((before, asked.queries().len()), (1, 2));
}

#[tokio::test]
async fn taking_away_needs_the_administrators_token() {
    let settings = json!({ "cache": { "responses": true }, "admin": { "token": "open sesame" } });
    let gateway = Kept::start(vec![shop::products()], settings).await;
    let post = |token: &'static str| {
        let url = format!("{}/cache/invalidate", gateway.admin);
        let request = gateway.served.client.post(&url);
        request
            .header("authorization", token)
            .json(&json!({ "type": "Product" }))
            .send()
    };

    let (wrong, right) = (post("Bearer guess").await, post("Bearer open sesame").await);

    assert_eq!(wrong.expect("the gateway answers").status(), 401);
    assert_eq!(right.expect("the gateway answers").status(), 200);
}

#[tokio::test]
async fn a_list_does_not_take_everything_away() {
    let settings = json!({ "cache": { "responses": true }, "admin": { "token": "open sesame" } });
    let gateway = Kept::start(vec![shop::products()], settings).await;
    let request = gateway
        .served
        .client
        .post(&format!("{}/cache/invalidate", gateway.admin));
    let request = request.header("authorization", "Bearer open sesame").json(&json!([]));

    assert_eq!(request.send().await.expect("the gateway answers").status(), 422);
}
