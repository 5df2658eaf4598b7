//! What the documentation shows is what the gateway answers.

use federation_gateway::{Peers, Settings, Source, StitchSettings};
use platform_config::Config;
use platform_http::{Client, ClientSettings};
use platform_service::Peer;
use serde_json::{Value, json};

use crate::support::{
    Part, TestGateway, in_process,
    monolith::{monolith, reviews},
    serve,
    stand_in::StandIn,
};

const UNPLANNED: &str = include_str!("../../../../docs/unplanned.md");
const GATEWAY: &str = include_str!("../../../../docs/gateway.md");
const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \"@requires\", \"@external\", \"@context\", \"@fromContext\"])";

/// The section under a heading.
fn section<'d>(page: &'d str, heading: &str) -> &'d str {
    let start = format!("\n## {heading}\n");
    let (_, rest) = page
        .split_once(&start)
        .unwrap_or_else(|| panic!("there is no section {heading}"));
    rest.split("\n## ").next().unwrap_or(rest)
}

/// The blocks of a language.
fn blocks<'d>(section: &'d str, language: &str) -> impl Iterator<Item = &'d str> {
    let fence = format!("```{language}\n");
    let parts: Vec<&str> = section.split(&*fence).skip(1).collect();
    parts.into_iter().filter_map(|part| part.split("\n```").next())
}

/// The subgraphs that a block of schemas shows, each after a line `# in NAME`.
fn schemas(block: &str) -> Vec<(&str, String)> {
    let parts = block.split("# in ").skip(1);
    let named = parts.filter_map(|part| part.split_once('\n'));
    named.map(|(name, sdl)| (name, format!("{LINK} {sdl}"))).collect()
}

/// Runs each `$ ask '…'` of a section, and compares what is shown below it.
async fn hold(section: &str, gateway: &TestGateway) {
    let mut count = 0;
    for block in blocks(section, "console") {
        let mut lines = block.lines();
        while let Some(line) = lines.next() {
            let Some(asked) = line.strip_prefix("$ ask '") else {
                continue;
            };
            let (query, _) = asked.rsplit_once('\'').expect("the operation is quoted");
            let answer = gateway.post(&json!({ "query": query })).await.text().await;
            let answer = answer.expect("the answer is text");
            assert_eq!(answer, lines.next().unwrap_or_default(), "{query}");
            count += 1;
        }
    }
    assert!(count > 0, "nothing is shown");
}

/// The gateway of a section, whose subgraphs always answer this, by their names.
async fn shown(section: &str, answers: &[(&'static str, Value)]) -> TestGateway {
    let schemas: Vec<_> = blocks(section, "graphql").flat_map(schemas).collect();
    let part = |(name, answer): &(&'static str, Value)| -> Part {
        let (_, sdl) = schemas
            .iter()
            .find(|(shown, _)| shown == name)
            .expect("the schema is shown");
        StandIn::json(json!({ "data": answer })).part(name, sdl)
    };
    assert_eq!(schemas.len(), answers.len());
    in_process(answers.iter().map(part).collect(), Settings::default()).await
}

#[tokio::test]
async fn arguments_from_a_context_are_refused_as_shown() {
    let section = section(UNPLANNED, "Arguments from a context");
    let shop = json!({ "shop": { "__typename": "Shop", "id": "1", "item": { "__typename": "Item", "id": "7" } } });

    hold(section, &shown(section, &[("a", shop)]).await).await;
}

#[tokio::test]
async fn requirements_that_depend_on_each_other_are_met_as_shown() {
    let section = section(UNPLANNED, "Requirements that depend on each other");
    let item = |more: Value| {
        let mut item = json!({ "__typename": "Item", "id": "1" });
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        item
    };
    let entity = |entity: Value| json!({ "_entities": [entity] });
    let answers = [
        [
            json!({ "pets": [{ "__typename": "Pet", "id": "1", "weight": 4 }] }),
            entity(json!({ "age": 3, "fee": 5 })),
            entity(json!({ "checkup": { "__typename": "Checkup", "id": "9" }, "grade": 1 })),
        ],
        [
            json!({ "users": [{ "__typename": "User", "email": "a@b" }] }),
            entity(json!({ "prize": 100 })),
            entity(json!({ "id": "7", "rank": 1 })),
        ],
        [
            json!({ "items": [item(json!({}))], "_entities": [item(json!({ "price": 10, "weight": 1 }))] }),
            entity(json!({ "euro": 12, "dollar": 13 })),
            entity(json!({ "next": [item(json!({}))] })),
        ],
    ];
    let examples: Vec<&str> = section.split("\n```graphql").skip(1).collect();
    assert_eq!(examples.len(), answers.len());

    for (example, [a, b, c]) in examples.into_iter().zip(answers) {
        let example = format!("```graphql{example}");
        let gateway = shown(&example, &[("a", a), ("b", b), ("c", c)]).await;

        hold(&example, &gateway).await;
    }
}

/// What every supergraph begins with.
const JOIN: &str = r#"schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT
directive @join__field(graph: join__Graph) repeatable on FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
scalar join__FieldSet
enum join__Graph { A @join__graph(name: "a", url: "http://a.test") B @join__graph(name: "b", url: "http://b.test") }
"#;

#[tokio::test]
async fn a_supergraph_that_leads_nowhere_is_refused_as_shown() {
    let section = section(UNPLANNED, "Supergraphs that lead nowhere");
    let shown = blocks(section, "graphql").next().expect("a supergraph is shown");
    let answers = StandIn::json(json!({ "data": { "product": { "__typename": "Product", "id": "1" } } }));
    let peers = Peers::from([
        ("a".to_owned(), Peer::Local(answers.router().into())),
        ("b".to_owned(), Peer::Local(answers.router().into())),
    ]);

    let gateway = TestGateway::start(&format!("{JOIN}{shown}"), Settings::default(), peers).await;

    hold(section, &gateway).await;
}

#[tokio::test]
async fn a_service_without_federation_joins_as_shown() {
    let section = section(GATEWAY, "A GraphQL service without federation");
    let described = blocks(section, "toml").next().expect("a description is shown");
    let config = Config::parse(described).expect("the description is TOML");
    let mut described: StitchSettings = config.section("stitch").expect("the description is one");
    let service = serve(monolith().router).await;
    for stitch in described.0.values_mut() {
        stitch.url = Some(format!("http://{service}/graphql"));
    }
    let beside = format!("http://{}/graphql", serve(reviews().router).await);
    let source = Source::Live(vec![("reviews".into(), beside)], described);
    let client = Client::new(&ClientSettings::default()).expect("a client can be made");
    let sdl = source
        .load(&client, &Peers::new())
        .await
        .expect("the subgraphs compose");

    let gateway = TestGateway::start(&sdl, Settings::default(), Peers::new()).await;

    hold(section, &gateway).await;
}
