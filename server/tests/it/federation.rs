//! The gateway and the tools around it, as a user runs them.

use crate::program::{Ended, Folder};

const ACCOUNTS: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
type Query { me: User }
type User @key(fields: "id") { id: ID! name: String }
"#;
const REVIEWS: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
type User @key(fields: "id") { id: ID! reviews: [Review!]! }
type Review { body: String stars: Int }
"#;
const CLIENTS_SEE: &str = "type Query { me: User } type User { id: ID! name: String email: String }";

/// A folder with two subgraphs that compose.
pub(crate) fn project() -> Folder {
    let folder = Folder::new();
    folder.file("accounts.graphql", ACCOUNTS);
    folder.file("reviews.graphql", REVIEWS);
    let subgraph = |name: &str| {
        format!("  {name}:\n    routing_url: http://127.0.0.1:1/{name}\n    schema: {{ file: {name}.graphql }}\n")
    };
    folder.file(
        "supergraph.yaml",
        format!("subgraphs:\n{}{}", subgraph("accounts"), subgraph("reviews")),
    );
    folder
}

#[test]
fn subgraphs_compose_to_a_supergraph_on_standard_output() {
    let printed = project()
        .run(&["schema", "compose", "--config", "supergraph.yaml"])
        .succeeds();

    assert!(
        printed.contains("enum join__Graph") && printed.contains("REVIEWS"),
        "{printed}"
    );
}

#[test]
fn what_keeps_subgraphs_from_composing_is_told_with_codes_and_places() {
    let folder = project();
    folder.file("reviews.graphql", REVIEWS.replace("reviews: [Review!]!", "name: Int"));

    let ended = folder.run(&["schema", "compose", "--config", "supergraph.yaml"]);

    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(
        ended.stderr.contains("FIELD_TYPE_MISMATCH") && ended.stderr.contains("at reviews:"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_change_that_breaks_clients_is_refused_and_one_that_nobody_uses_is_not() {
    let folder = project();
    folder.file("old.graphql", CLIENTS_SEE);
    let check = [
        "schema",
        "check",
        "--config",
        "supergraph.yaml",
        "--against",
        "old.graphql",
    ];
    let usage = r#"{"since": 0, "operations": [{"name": null, "hash": "", "kind": "query", "count": 3, "errors": 0,
        "lastSeen": 0, "fields": [], "document": "{ me { name } }"}], "fields": {}}"#;
    folder.file("usage.json", usage);

    let refused = folder.run(&check);
    let unused = folder.run(&[&check[..], &["--usage", "usage.json"]].concat());

    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stdout.contains("breaking   User.email"), "{}", refused.stdout);
    assert!(unused.succeeds().contains("safe       User.email"));
}

#[test]
fn what_clients_sent_cannot_move_the_cursor_of_who_is_told_of_it() {
    let folder = Folder::new();
    folder.file("old.graphql", "type Query { a: Int }");
    let usage = r#"{"since": 0, "operations": [{"name": null, "hash": "", "kind": "query", "count": 1, "errors": 0,
        "lastSeen": 0, "fields": [], "document": "{ gone } # \u001b[2J\u009b2J"}], "fields": {}}"#;
    folder.file("usage.json", usage);

    let ended = folder.run(&["schema", "diff", "old.graphql", "old.graphql", "--usage", "usage.json"]);

    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("{ gone } #  [2J 2J"), "{:?}", ended.stderr);
}

#[test]
fn two_schemas_are_compared() {
    let folder = Folder::new();
    folder.file(
        "old.graphql",
        "# no supergraph, it has no join__Graph\ntype Query { a: Int }",
    );
    folder.file("new.graphql", "type Query { a: Int b: Int }");

    let forth = folder.run(&["schema", "diff", "old.graphql", "new.graphql", "--format", "json"]);
    let back = folder.run(&["schema", "diff", "new.graphql", "old.graphql"]);

    assert!(forth.succeeds().contains(r#""severity": "safe""#));
    assert_eq!(back.code, Some(1), "{}", back.stdout);
}

#[test]
fn a_file_without_a_schema_cannot_be_compared() {
    let folder = Folder::new();
    folder.file("right.graphql", "type Query { a: Int }");
    folder.file("empty.graphql", "");
    folder.file("half.graphql", "type Query { a: Int }\n# later\ntype");
    folder.file("wrong.graphql", "type Query {\n  a: Nope\n}");

    let diff = |old, new| folder.run(&["schema", "diff", old, new]).fails();
    let [empty, half] = ["empty.graphql", "half.graphql"].map(|old| diff(old, "right.graphql"));
    let wrong = diff("right.graphql", "wrong.graphql");

    let expected = |file, place| format!("error: {file}: a valid GraphQL schema was expected\n  {place}: ");
    let nothing = expected("empty.graphql", "1:1") + "there are no definitions\n";
    assert!(empty.starts_with(&nothing), "{empty}");
    assert!(half.starts_with(&expected("half.graphql", "3:5")), "{half}");
    assert!(wrong.starts_with(&expected("wrong.graphql", "2:6")), "{wrong}");
}

#[test]
fn a_plan_is_printed_as_json() {
    let folder = project();
    let supergraph = folder
        .run(&["schema", "compose", "--config", "supergraph.yaml"])
        .succeeds();
    folder.file("supergraph.graphql", supergraph);
    folder.file("query.graphql", "{ me { name reviews { stars } } }");
    folder.file("wrong.graphql", "{ me { age } }");

    folder.file(
        "less.graphql",
        "query($all: Boolean = false) { me { name reviews @include(if: $all) { stars } } }",
    );

    let plan = |query| folder.run(&["plan", "--supergraph", "supergraph.graphql", "--query", query]);
    let all = ["--variables", r#"{"all": true}"#];
    let all = [
        &["plan", "--supergraph", "supergraph.graphql", "--query", "less.graphql"],
        &all[..],
    ]
    .concat();
    let kind = |printed: Ended| {
        serde_json::from_str::<serde_json::Value>(&printed.succeeds()).unwrap()["node"]["kind"].clone()
    };

    assert_eq!(kind(plan("query.graphql")), "Sequence");
    assert_eq!(kind(plan("less.graphql")), "Fetch", "what is left out is not asked for");
    assert_eq!(kind(folder.run(&all)), "Sequence");
    assert!(plan("wrong.graphql").fails().contains("age"));
}

#[test]
fn a_gateway_without_a_supergraph_says_how_to_name_one() {
    let told = Folder::new().run(&["gateway"]).fails();

    assert!(told.contains("--supergraph") && told.contains("--config"), "{told}");
}

#[test]
fn custom_directives_and_what_is_hidden_make_no_changes() {
    let folder = Folder::new();
    let link = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@inaccessible", "@composeDirective"])
        @link(url: "https://example.org/mine/v1.0", import: ["@mine"]) @composeDirective(name: "@mine")
        directive @mine(x: Int) repeatable on FIELD_DEFINITION | OBJECT"#;
    let types = r#"type Query { found: Found user: User } union Found = User | Secret
        interface Hidden @inaccessible { id: ID! } type Mutation @inaccessible { drop: Int }
        type User implements Hidden @mine(x: 1) { id: ID! @mine(x: 2) } type Secret @inaccessible { id: ID! }"#;
    folder.file("a.graphql", format!("{link} {types}"));
    let list = "subgraphs:\n  a: { routing_url: http://127.0.0.1:1/a, schema: { file: a.graphql } }\n";
    folder.file("supergraph.yaml", list);
    let supergraph = folder
        .run(&["schema", "compose", "--config", "supergraph.yaml"])
        .succeeds();
    folder.file("supergraph.graphql", &supergraph);

    let args = [
        "schema",
        "check",
        "--config",
        "supergraph.yaml",
        "--against",
        "supergraph.graphql",
    ];
    let same = folder.run(&args).succeeds();

    assert!(supergraph.contains("@mine(x: 2)"), "{supergraph}");
    assert_eq!(same, "no changes\n");
}

#[test]
fn a_plan_is_shown_for_the_labels_that_hold() {
    let folder = Folder::new();
    let link = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@override"])"#;
    let item = "type Item @key(fields: \"id\")";
    folder.file(
        "old.graphql",
        format!("{link} type Query {{ item: Item }} {item} {{ id: ID! price: Int name: String }}"),
    );
    folder.file(
        "new.graphql",
        format!("{link} {item} {{ id: ID! price: Int @override(from: \"old\", label: \"percent(10)\") name: String @override(from: \"old\", label: \"names\") }}"),
    );
    let subgraph = |name: &str| {
        format!("  {name}: {{ routing_url: http://127.0.0.1:1/{name}, schema: {{ file: {name}.graphql }} }}\n")
    };
    folder.file(
        "supergraph.yaml",
        format!("subgraphs:\n{}{}", subgraph("old"), subgraph("new")),
    );
    let supergraph = folder
        .run(&["schema", "compose", "--config", "supergraph.yaml"])
        .succeeds();
    folder.file("supergraph.graphql", supergraph);
    folder.file("price.graphql", "{ item { price } }");
    folder.file("name.graphql", "{ item { name } }");
    let is_new = |query: &str, labels: &[&str]| {
        let plan = ["plan", "--supergraph", "supergraph.graphql", "--query", query];
        folder
            .run(&[&plan[..], labels].concat())
            .succeeds()
            .contains(r#""subgraph": "new""#)
    };

    assert!(is_new("price.graphql", &["--percent", "9"]));
    assert!(!is_new("price.graphql", &["--percent", "10"]));
    assert!(!is_new("name.graphql", &[]));
    assert!(is_new("name.graphql", &["--label", "names"]));
}

#[test]
fn a_plan_that_is_found_in_the_end_comes_without_what_was_tried_before() {
    let folder = Folder::new();
    let link = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@requires", "@external"])"#;
    let schemas = [
        (
            "a",
            r#"type Query { users: [User!]! } type User @key(fields: "id") { id: ID! rank: Int! }"#,
        ),
        (
            "b",
            r#"type User @key(fields: "email") @key(fields: "id") { id: ID! email: String! rank: Int! @external prize: Int! @requires(fields: "rank") }"#,
        ),
        (
            "c",
            r#"type Query { mails: [User!]! } type User @key(fields: "email") { email: String! }"#,
        ),
    ];
    let mut list = String::from("subgraphs:\n");
    for (name, schema) in schemas {
        folder.file(&format!("{name}.graphql"), format!("{link} {schema}"));
        list +=
            &format!("  {name}: {{ routing_url: http://127.0.0.1:1/{name}, schema: {{ file: {name}.graphql }} }}\n");
    }
    folder.file("supergraph.yaml", list);
    let supergraph = folder
        .run(&["schema", "compose", "--config", "supergraph.yaml"])
        .succeeds();
    folder.file("supergraph.graphql", supergraph);
    folder.file("query.graphql", "{ mails { prize } }");

    let plan = folder.run(&["plan", "--supergraph", "supergraph.graphql", "--query", "query.graphql"]);

    assert_eq!((plan.code, &*plan.stderr), (Some(0), ""));
}
