//! A GraphQL service that knows nothing of federation beside the services of the binary.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::Stdio,
};

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, ObjectType, Schema, SimpleObject};

use crate::program::Folder;

#[derive(SimpleObject)]
struct User {
    id: ID,
    name: String,
    /// The series they look at.
    watches: Vec<FinancialSeries>,
}

/// A series of the other service, known by its id alone.
#[derive(SimpleObject)]
struct FinancialSeries {
    id: ID,
}

struct Query;

#[Object]
impl Query {
    async fn user(&self, id: ID) -> Option<User> {
        let watches = vec![FinancialSeries { id: gdp() }];
        let name = "Ada".into();
        (*id == "1").then_some(User { id, name, watches })
    }
    async fn series(&self, id: ID) -> FinancialSeries {
        FinancialSeries { id }
    }
}

/// What the demo's GDP is known by everywhere.
fn gdp() -> ID {
    GDP.get().expect("a test has asked for it").clone().into()
}

static GDP: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// Starts a service with these fields; it lasts as long as the test's process.
pub(crate) fn service(query: impl ObjectType + 'static) -> SocketAddr {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let schema = Schema::new(query, EmptyMutation, EmptySubscription);
            let router = platform_graphql::router(schema, platform_graphql::Settings::default());
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).await.unwrap();
        });
    });
    receiver.recv().unwrap()
}

#[test]
fn the_older_name_of_a_monolith_joins_it_and_both_answer() {
    let url = format!("http://{}/graphql", service(Query));
    let folder = Folder::new();
    folder.file(
        "hansa.toml",
        "[stitch.monolith]\nhide = [\"Query.series\"]\n[stitch.monolith.entities]\nFinancialSeries = { key = \"id\", field = \"series\", arguments = { id = \"id\" } }\n",
    );

    let args = [
        "up",
        "--only",
        "financial-data",
        "--demo",
        "--config",
        "hansa.toml",
        "--port",
        "0",
        "--gateway-port",
        "0",
    ];
    let server = folder.start_with(&args, &[("MONOLITHIC_BACKEND_URL", &url)]);
    let series = server.ask_gateway(r#"{ financialSeries(id: "GDP") { id title } }"#);
    let id = series.split(r#""id":""#).nth(1).unwrap().split('"').next().unwrap();
    GDP.set(id.to_owned()).unwrap();
    let joined = server.ask_gateway(r#"{ user(id: "1") { name watches { title } } }"#);

    assert!(series.contains("Gross Domestic Product"), "{series}");
    assert!(
        joined.contains(r#""name":"Ada","watches":[{"title":"Gross Domestic Product"}]"#),
        "{joined}"
    );
}

#[test]
fn a_monolith_that_is_away_is_waited_for_and_told_with_what_to_do() {
    let folder = Folder::new();
    let mut command = folder.command(&["up", "--only", "financial-data", "--port", "0", "--gateway-port", "0"]);
    command.env("MONOLITHIC_BACKEND_URL", "http://127.0.0.1:1/graphql");

    let mut server = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut errors, mut told) = (BufReader::new(server.stderr.take().unwrap()), String::new());
    while !told.contains("not complete yet") && errors.read_line(&mut told).unwrap() > 0 {}
    let is_running = server.try_wait().unwrap().is_none();
    server.kill().unwrap();
    server.wait().unwrap();

    assert!(is_running, "{told}");
    for words in [
        "subgraph monolith at http://127.0.0.1:1/graphql",
        "start it",
        "stitch.monolith.schema",
    ] {
        assert!(told.contains(words), "{words:?} in {told}");
    }
}

#[test]
fn a_list_of_subgraphs_with_a_monolith_composes() {
    let folder = Folder::new();
    folder.file(
        "shop.graphql",
        "type Query { item(id: ID!): Item } type Item { id: ID! name: String }",
    );
    folder.file("stock.graphql", "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\"]) type Query { low: [Item] } type Item @key(fields: \"id\") { id: ID! left: Int }");
    folder.file(
        "supergraph.yaml",
        "subgraphs:\n  shop:\n    routing_url: http://127.0.0.1:1/shop\n    schema: { file: shop.graphql }\n    stitch: { entities: { Item: { key: id, field: item, arguments: { id: id } } } }\n  stock:\n    routing_url: http://127.0.0.1:1/stock\n    schema: { file: stock.graphql }\n",
    );
    folder.file("query.graphql", "{ low { left name } }");

    let supergraph = folder
        .run(&["schema", "compose", "--config", "supergraph.yaml"])
        .succeeds();
    folder.file("supergraph.graphql", supergraph);
    let plan = folder.run(&["plan", "--supergraph", "supergraph.graphql", "--query", "query.graphql"]);
    let check = [
        "schema",
        "check",
        "--config",
        "supergraph.yaml",
        "--against",
        "supergraph.graphql",
    ];

    let plan: serde_json::Value = serde_json::from_str(&plan.succeeds()).unwrap();
    assert_eq!(plan["node"]["nodes"][1]["subgraph"], "shop", "{plan}");
    assert_eq!(folder.run(&check).succeeds(), "no changes\n");
}

#[test]
fn without_a_gateway_a_service_answers_alone_and_as_a_subgraph() {
    let server = Folder::new().up(&["--demo", "--no-gateway"]);

    let alone = server.post("/graphql", r#"{"query": "{ financialSeries(id: \"GDP\") { title } }"}"#);
    let as_subgraph = server.post("/graphql", r#"{"query": "{ _service { sdl } }"}"#);

    assert!(!server.said.contains("gateway"), "{}", server.said);
    assert!(alone.contains("Gross Domestic Product"), "{alone}");
    assert!(as_subgraph.contains("@key"), "{as_subgraph}");
}
