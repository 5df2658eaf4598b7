//! What clients see of a supergraph is what composition says they see.

use federation_composition::diff::diff;
use federation_gateway::{Settings, Supergraph};
use serde_json::{Value, json};

use crate::support::{
    composed,
    corpus::{self, Case},
    in_process, over_sockets, shop,
    stand_in::StandIn,
};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.8\", import: [\"@inaccessible\", \"@composeDirective\"])";

#[test]
fn every_case_of_the_corpus_shows_clients_the_same_schema_as_a_supergraph_and_as_an_api() {
    let (mut compared, mut differing) = (0, Vec::new());
    for Case {
        name,
        api_sdl,
        supergraph,
        ..
    } in corpus::cases()
    {
        compared += 1;
        match diff(&supergraph.api_sdl(), &api_sdl) {
            Ok(changes) if changes.is_empty() => {}
            outcome => differing.push(format!("{name}: {outcome:?}")),
        }
    }

    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(compared > 150, "only {compared} were compared");
}

#[tokio::test]
async fn directives_are_told_once_and_stand_where_the_specification_has_them() {
    let gateway = in_process(shop::parts(), Settings::default()).await;

    let data = gateway.data("{ __schema { directives { name locations } } }").await;

    let told = data["__schema"]["directives"].as_array().unwrap();
    let of = |name: &str| -> Vec<&Value> { told.iter().filter(|told| told["name"] == name).collect() };
    for name in ["skip", "include", "deprecated", "specifiedBy", "oneOf"] {
        assert_eq!(of(name).len(), 1, "{name}");
    }
    assert_eq!(of("oneOf")[0]["locations"], json!(["INPUT_OBJECT"]));
    let deprecated = of("deprecated")[0]["locations"].as_array().unwrap();
    assert!(deprecated.contains(&json!("ARGUMENT_DEFINITION")), "{deprecated:?}");
}

#[tokio::test]
async fn the_schema_is_told_as_clients_see_it() {
    let gateway = in_process(shop::parts(), Settings::default()).await;

    let data = gateway
        .data(
            "{ __schema { queryType { name } mutationType { name } subscriptionType { name } directives { name } }
               maker: __type(name: \"Maker\") { kind possibleTypes { name } fields { name type { kind ofType { name } } } }
               product: __type(name: \"Product\") { fields { name args { name defaultValue } } }
               query: __type(name: \"Query\") { fields { name args { name defaultValue type { name kind } } } }
               none: __type(name: \"join__Graph\") { name } me { name } }",
        )
        .await;

    assert_eq!(data["__schema"]["queryType"]["name"], "Query");
    assert_eq!(data["__schema"]["subscriptionType"], Value::Null);
    assert_eq!(data["none"], Value::Null);
    assert_eq!(data["me"]["name"], "Ada");
    assert_eq!(data["maker"]["kind"], "INTERFACE");
    assert_eq!(
        data["maker"]["possibleTypes"],
        json!([{ "name": "Company" }, { "name": "Person" }])
    );
    assert_eq!(
        data["maker"]["fields"][0]["type"],
        json!({ "kind": "NON_NULL", "ofType": { "name": "ID" } })
    );
    let names = |of: &Value| -> Vec<String> {
        of["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|field| field["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(names(&data["product"]).contains(&"shipping".to_owned()));
    assert!(names(&data["query"]).iter().all(|name| !name.starts_with('_')));
    let fields = data["query"]["fields"].as_array().unwrap();
    let top = fields.iter().find(|field| field["name"] == "topProducts").unwrap();
    assert_eq!(top["args"][0]["defaultValue"], "3");
    let directives: Vec<&Value> = data["__schema"]["directives"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert!(directives.contains(&&json!("skip")) && !directives.contains(&&json!("join__field")));
}

#[tokio::test]
async fn a_default_is_told_with_the_characters_that_it_has() {
    let sdl = r#"type Query { say(text: String = "a\nb \"c\" \\ 😀", all: [By] = [{ word: "😀" }]): String }
        input By { word: String }"#;
    let gateway = in_process(vec![StandIn::json(json!({})).part("a", sdl)], Settings::default()).await;

    let data = gateway
        .data("{ __type(name: \"Query\") { fields { args { defaultValue } } } }")
        .await;

    let told = &data["__type"]["fields"][0]["args"];
    assert_eq!(told[0]["defaultValue"], r#""a\nb \"c\" \\ 😀""#);
    assert_eq!(told[1]["defaultValue"], r#"[{word: "😀"}]"#);
}

#[tokio::test]
async fn lists_of_the_schema_inside_one_another_are_refused() {
    let gateway = in_process(shop::parts(), Settings::default()).await;
    let deep =
        "{ __schema { types { interfaces { possibleTypes { ...I } } } } } fragment I on __Type { interfaces { name } }";

    let refused = gateway.run(deep).await;
    let told = gateway
        .data("{ __schema { types { fields { type { ofType { fields { name } } } } } } }")
        .await;

    assert_eq!(refused.get("data"), None);
    assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID");
    let message = refused["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("possibleTypes"), "{message}");
    assert!(told["__schema"]["types"].is_array());
}

#[tokio::test]
async fn a_type_called_mutation_is_a_root_only_where_the_schema_says_so() {
    let schema = format!(
        "{LINK} schema {{ query: Query }} type Query {{ mutations: [Mutation] }} type Mutation {{ name: String }}"
    );
    let answer = json!({ "data": { "mutations": [{ "name": "B.1.1.7" }] } });
    let gateway = over_sockets(
        vec![StandIn::json(answer.clone()).part("a", &schema)],
        Settings::default(),
    )
    .await;

    let read = gateway.run("{ mutations { name } }").await;
    let refused = gateway.run("mutation { name }").await;
    let told = gateway.data("{ __schema { mutationType { name } } }").await;

    assert_eq!(read, answer);
    assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID");
    let message = refused["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("no type for a mutation"), "{message}");
    assert_eq!(told["__schema"]["mutationType"], Value::Null);
}

#[test]
fn clients_see_of_composed_directives_those_of_operations_without_types_of_their_own_and_no_hidden_arguments() {
    let sdl = format!(
        "{LINK} @link(url: \"https://example.org/mine/v1.0\", import: [{{ name: \"@mine\", as: \"@my\" }}, \"@slow\"])
             @composeDirective(name: \"@my\") @composeDirective(name: \"@slow\")
         directive @slow(by: Int) on FIELD | OBJECT
         directive @my(level: mine__Level) on FIELD | OBJECT
         directive @trace(id: ID key: ID @inaccessible) on FIELD
         enum mine__Level {{ LOW HIGH }}
         type Query @my(level: LOW) {{ x: Int }}"
    );
    let composed = composed(sdl);

    let supergraph = Supergraph::parse(&composed.supergraph_sdl).unwrap();

    let api = supergraph.api_sdl();
    assert!(api.contains("@trace(id: ID)"), "{api}");
    assert!(api.contains("@slow(by: Int) on FIELD\n"), "{api}");
    for hidden in ["@my", "mine__Level", "key"] {
        assert!(!api.contains(hidden), "{api}");
        assert!(composed.supergraph_sdl.contains(hidden));
    }
    assert_eq!(diff(&api, &composed.api_sdl).unwrap(), []);
}

#[test]
fn texts_are_printed_with_the_characters_that_they_have() {
    let supergraph = Supergraph::parse(
        r#"schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
        directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT | INPUT_OBJECT
        directive @join__graph(name: String!, url: String!) on ENUM_VALUE
        scalar join__FieldSet
        enum join__Graph { A @join__graph(name: "a", url: "http://a.test") }
        "a 😀 \u0001\b \" 1" type Query @join__type(graph: A) {
            "first\n  second \"\"\" \\\n\n😀\u007e"
            find("\n a" text: String = "😀\u0007\n", all: [By!] = [{ word: "0" }]): Int @deprecated(reason: "a\n😀")
            "" other: Int
        }
        input By @join__type(graph: A) { "  a\n  b" word: String "a\n\tb\r" other: String "  a\nb" last: String }"#,
    )
    .unwrap();

    let printed = supergraph.api_sdl();

    for text in [
        r#""a 😀 \u0001\b \" 1"
type Query {
  """
  first
    second \""" \

  😀~
  """
  find("#,
        r#"("\n a" text: String = "😀\u0007\n", all: [By!] = [{word: "0"}])"#,
        r#"@deprecated(reason: "a\n😀")"#,
        "  \"\"\n  other: Int",
        "  \"  a\\n  b\" word: String",
        r#"  "a\n\tb\r" other: String"#,
        "  \"\"\"\n    a\n  b\n  \"\"\" last: String",
    ] {
        assert!(printed.contains(text), "{text} is not in {printed}");
    }
}
