//! What the gateway tells Prometheus, and whoever collects traces.

mod warming;

use std::{collections::BTreeMap, sync::OnceLock};

use axum::Router;
use federation_gateway::Peers;
use opentelemetry_proto::tonic::{
    common::v1::any_value,
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use platform_config::Secret;
use platform_http::{Limits, stack};
use platform_service::Peer;
use platform_telemetry::{Settings, Telemetry, flush};
use serde_json::{Value, json};

use crate::support::{
    TestGateway,
    collector::{Collector, attribute, hex},
    in_process, over_sockets,
    recorder::Recorder,
    serve, settings, shop,
    stand_in::StandIn,
    supergraph,
};

/// The span of the client that asks in these tests.
const CALLER: &str = "00f067aa0ba902b7";

/// Telemetry is set up once per process.
fn telemetry() -> &'static (Telemetry, Collector) {
    static TELEMETRY: OnceLock<(Telemetry, Collector)> = OnceLock::new();
    TELEMETRY.get_or_init(|| {
        let collector = Collector::start();
        let settings = Settings {
            log: Some("off".into()),
            otlp_endpoint: format!("http://{}", collector.address),
            otlp_headers: Some(Secret::new("authorization=Bearer for-the-collector".into())),
            service_name: "hansa-test".into(),
            ..Settings::default()
        };
        let telemetry = platform_telemetry::init(&settings).expect("nobody else sets up telemetry");
        (telemetry, collector)
    })
}

#[tokio::test]
async fn steps_subgraphs_and_operations_are_measured_under_few_names() {
    let (metrics, _) = telemetry();
    let gateway = in_process(shop::parts(), settings(json!({ "cost": { "budget": 1000 } }))).await;

    gateway.data("query Measured { topProducts { name inStock } }").await;
    gateway.data("query Measured { topProducts { name inStock } }").await;
    gateway.run("query Mistaken { nothingOfTheKind }").await;
    let slow =
        StandIn::new(|_| std::future::pending::<axum::http::StatusCode>()).part("slow", "type Query { slow: String }");
    let late = over_sockets(vec![slow], settings(json!({ "http": { "timeout": "50ms" } }))).await;
    late.run("query Late { slow }").await;

    let text = metrics.render();
    for step in ["parse", "validate", "authorize", "cost", "plan", "execute", "project"] {
        let name = format!("gateway_step_duration_seconds_count{{step=\"{step}\"}}");
        assert!(text.contains(&name), "{name}");
    }
    for subgraph in ["products", "inventory"] {
        let name = format!("gateway_subgraph_duration_seconds_count{{subgraph=\"{subgraph}\",outcome=\"ok\"}}");
        assert!(text.contains(&name), "{name}");
    }
    for name in [
        "gateway_operation_duration_seconds_count{operation=\"Measured\",kind=\"query\",outcome=\"ok\"} 2",
        "gateway_operation_duration_seconds_count{operation=\"Late\",kind=\"query\",outcome=\"failed\"}",
        "gateway_errors_total{code=\"INVALID\",subgraph=\"\"}",
        "gateway_cache_total{cache=\"document\",result=\"hit\"}",
        "gateway_cache_total{cache=\"plan\",result=\"hit\"}",
        "gateway_cache_total{cache=\"plan\",result=\"miss\"}",
    ] {
        assert!(text.contains(name), "{name}");
    }

    for number in 0..400 {
        gateway.data(&format!("query Invented{number} {{ warehouses }}")).await;
    }
    let text = metrics.render();
    let names = text
        .lines()
        .filter(|line| line.starts_with("gateway_operation_duration_seconds_count"));
    assert!(names.count() < 300);
    assert!(text.contains("operation=\"other\""));
}

/// A gateway before which, and before each of whose subgraphs, stands the edge that all services have. The products
/// are in its process, the others behind sockets.
async fn at_the_edge() -> (TestGateway, Recorder, String) {
    let edge = |router: Router| stack(router, &Limits::default());
    let (reviews, recorder) = Recorder::before(shop::reviews());
    let (products, inventory) = (shop::products(), shop::inventory());
    let addresses = [
        serve(Router::new()).await,
        serve(edge(inventory.router)).await,
        serve(edge(reviews.router)).await,
    ];
    let sdl = supergraph(&[
        ("products", &products.sdl, addresses[0]),
        ("inventory", &inventory.sdl, addresses[1]),
        ("reviews", &reviews.sdl, addresses[2]),
    ]);
    let peers = Peers::from([(
        "products".to_owned(),
        Peer::Local(stack(products.router, &Limits::default())),
    )]);
    let gateway = TestGateway::start(&sdl, settings(json!({ "cost": { "budget": 1000 } })), peers).await;
    let address = serve(edge(gateway.gateway.router())).await;
    (gateway, recorder, format!("http://{address}/graphql"))
}

async fn ask(gateway: &TestGateway, url: &str, traceparent: String) -> Value {
    let query = "query Traced($upc: ID!, $other: ID!) {
        product(upc: $upc) { name inStock reviews { body } } other: product(upc: $other) { name } }";
    let body = json!({ "query": query, "variables": { "upc": "1", "other": "secret-variable" } });
    let request = gateway.client.post(url).json(&body);
    let request = request
        .header("traceparent", traceparent)
        .header("x-request-id", "abc-1")
        .header("authorization", "Bearer secret-token");
    let answer = request.send().await.expect("the gateway answers");
    answer.json().await.expect("the answer is JSON")
}

#[tokio::test]
async fn a_query_is_one_tree_across_the_gateway_and_its_subgraphs() {
    let (_, collector) = telemetry();
    let (gateway, _, url) = at_the_edge().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    let answer = ask(&gateway, &url, format!("00-{trace}-{CALLER}-01")).await;
    flush();

    assert_eq!(answer["data"]["product"]["inStock"], true, "{answer}");
    let taken = collector.spans_of(trace);
    assert!(
        taken
            .iter()
            .all(|(process, token, _)| process == "hansa-test" && token == "Bearer for-the-collector")
    );
    let tree = Tree::of(taken.into_iter().map(|(_, _, span)| span).collect());
    assert_eq!(
        tree.written(CALLER, 0),
        "\
POST /graphql
  query
    authorize
    cost
    execute
      fetch inventory
        POST /graphql
      fetch products
        POST /graphql
      fetch reviews
        POST /graphql
    parse
    plan
    project
    validate
"
    );
    let request = &tree.spans[CALLER][0];
    assert_eq!(request.kind, SpanKind::Server as i32);
    let of_request = |key| attribute(&request.attributes, key);
    assert_eq!(
        [
            of_request("http.route"),
            of_request("http.response.status_code"),
            of_request("request.id")
        ],
        ["/graphql", "200", "abc-1"]
    );
    let operation = &tree.spans[&hex(&request.span_id)][0];
    let of_operation = |key| attribute(&operation.attributes, key);
    assert_eq!(
        [
            of_operation("graphql.operation.name"),
            of_operation("graphql.operation.type")
        ],
        ["Traced", "query"]
    );
    assert_eq!(of_operation("graphql.operation.hash").len(), 64);
    let fetch = tree.spans.values().flatten().find(|span| span.name == "fetch");
    let fetch = fetch.expect("there is one");
    assert_eq!(fetch.kind, SpanKind::Client as i32);
    assert_eq!(attribute(&fetch.attributes, "http.response.status_code"), "200");
    let retries = fetch.attributes.iter().find(|attribute| attribute.key == "retries");
    let retries = retries.and_then(|retries| retries.value.clone()?.value);
    assert_eq!(retries, Some(any_value::Value::IntValue(0)), "numbers are numbers");
    let everything = format!("{:?}", tree.spans);
    assert!(!everything.contains("secret"), "neither variables nor tokens are told");
}

#[tokio::test]
async fn what_the_caller_does_not_sample_is_not_exported_but_handed_on() {
    let (_, collector) = telemetry();
    let (gateway, reviews, url) = at_the_edge().await;
    let trace = "11111111111111112222222222222222";

    ask(&gateway, &url, format!("00-{trace}-{CALLER}-00")).await;
    flush();

    assert!(collector.spans_of(trace).is_empty());
    let headers = reviews.last_headers();
    let handed_on = headers["traceparent"].to_str().expect("it is text");
    assert!(
        handed_on.starts_with(&format!("00-{trace}-")) && handed_on.ends_with("-00"),
        "{handed_on}"
    );
    assert!(
        !handed_on.contains(CALLER),
        "the subgraph's parent is the gateway's span"
    );
    assert_eq!(headers["x-request-id"], "abc-1");
}

#[tokio::test]
async fn a_subgraph_that_is_away_is_an_error_in_the_trace() {
    let (_, collector) = telemetry();
    // Bound and closed again: nobody listens there.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let away = closed.expect("there is a free port");
    let sdl = supergraph(&[("products", &shop::products().sdl, away)]);
    let gateway = TestGateway::start(&sdl, settings(json!({})), Peers::new()).await;
    let address = serve(stack(gateway.gateway.router(), &Limits::default())).await;
    let trace = "33333333333333334444444444444444";
    let request = gateway.client.post(&format!("http://{address}/graphql"));
    let request = request.json(&json!({ "query": "{ topProducts { name } }" }));

    let answer = request
        .header("traceparent", format!("00-{trace}-{CALLER}-01"))
        .send()
        .await;
    flush();

    assert_eq!(answer.expect("the gateway answers").status(), 200);
    let taken = collector.spans_of(trace);
    let named = |name: &str| {
        taken
            .iter()
            .find(|(_, _, span)| span.name == name)
            .expect("it is exported")
    };
    let (_, _, fetch) = named("fetch");
    let status = fetch.status.clone().unwrap_or_default();
    assert_eq!(
        (status.code(), status.message.as_str()),
        (StatusCode::Error, "cannot be reached")
    );
    assert_eq!(attribute(&fetch.attributes, "retries"), "2");
    let (_, _, operation) = named("query");
    assert_eq!(attribute(&operation.attributes, "error.code"), "UNAVAILABLE");
}

/// Spans by the id of their parent.
struct Tree {
    spans: BTreeMap<String, Vec<Span>>,
}

impl Tree {
    fn of(all: Vec<Span>) -> Self {
        let mut spans = BTreeMap::<String, Vec<Span>>::new();
        for span in all {
            spans.entry(hex(&span.parent_span_id)).or_default().push(span);
        }
        Self { spans }
    }

    /// The names below a parent, in the order of the alphabet: what happens at the same time has no other.
    fn written(&self, parent: &str, depth: usize) -> String {
        let children = self.spans.get(parent).into_iter().flatten();
        let mut lines: Vec<String> = children
            .map(|span| {
                let subgraph = attribute(&span.attributes, "subgraph.name");
                let name = format!("{} {subgraph}", span.name);
                let below = self.written(&hex(&span.span_id), depth + 1);
                format!("{:indent$}{}\n{below}", "", name.trim(), indent = depth * 2)
            })
            .collect();
        lines.sort();
        lines.concat()
    }
}
