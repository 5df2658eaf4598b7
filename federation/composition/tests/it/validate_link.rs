//! What a subgraph may link, what it may be called, and that it must be GraphQL.

use federation_composition::{Code::*, compose};

use crate::check::{composed, has, refused, refuses, subgraphs};

/// A subgraph with these links.
fn links(links: &str) -> String {
    format!("# a: as it is\nextend schema {links}\ntype Query {{ t: Int }}")
}

const FEDERATION: &str = r#"@link(url: "https://specs.apollo.dev/federation/v2.3")"#;

#[test]
fn versions_from_2_0_to_2_9_are_understood() {
    for minor in 0..=9 {
        composed(&links(&FEDERATION.replace("2.3", &format!("2.{minor}"))));
    }
    refuses(
        &links(&FEDERATION.replace("2.3", "2.10")),
        &[UnknownFederationLinkVersion],
    );
    refuses(
        &links(&FEDERATION.replace("2.3", "3.0")),
        &[UnknownFederationLinkVersion],
    );
}

#[test]
fn the_link_specification_has_one_version() {
    composed(&links(&format!(
        "@link(url: \"https://specs.apollo.dev/link/v1.0\") {FEDERATION}"
    )));
    refuses(
        &links(&format!(
            "@link(url: \"https://specs.apollo.dev/link/v2.0\") {FEDERATION}"
        )),
        &[UnknownLinkVersion],
    );
}

#[test]
fn a_link_has_a_url_with_a_version() {
    refuses(&links(&FEDERATION.replace("/v2.3", "")), &[InvalidLinkIdentifier]);
    refuses(
        &links(&format!("{FEDERATION} @link(url: \"federation\")")),
        &[InvalidLinkIdentifier],
    );
    refuses(
        &links(&format!("{FEDERATION} @link(url: 5)")),
        &[InvalidLinkDirectiveUsage],
    );
    refuses(
        &links(&format!("{FEDERATION} @link(as: \"x\")")),
        &[InvalidLinkDirectiveUsage],
    );
}

#[test]
fn only_what_a_version_has_can_be_imported() {
    let import = |what: &str| links(&FEDERATION.replace(")", &format!(", import: {what})")));

    for wrong in [
        "[\"@nope\"]",
        "[\"key\"]",
        "[\"@policy\"]",
        "[{ name: \"@key\", as: \"k\" }]",
        "[5]",
        "\"@key\"",
        "[\"@key\", { name: \"@key\", as: \"@k\" }]",
    ] {
        refuses(&import(wrong), &[InvalidLinkDirectiveUsage]);
    }
    composed(&import("[\"@key\", \"FieldSet\", { name: \"@tag\", as: \"@t\" }]"));
}

#[test]
fn links_have_different_names() {
    let other = r#"@link(url: "https://example.org/federation/v1.0")"#;
    let same_import = r#"@link(url: "https://example.org/x/v1.0", import: ["@key"])"#;
    let with_key = FEDERATION.replace(")", ", import: [\"@key\"])");

    refuses(
        &links(&format!("{FEDERATION} {FEDERATION}")),
        &[InvalidLinkDirectiveUsage],
    );
    refuses(&links(&format!("{FEDERATION} {other}")), &[InvalidLinkDirectiveUsage]);
    refuses(
        &links(&format!("{with_key} {same_import}")),
        &[InvalidLinkDirectiveUsage],
    );
}

#[test]
fn a_single_specification_is_linked_beside_federation_only() {
    let tag = r#"@link(url: "https://specs.apollo.dev/tag/v0.3")"#;
    let tagged = |text: String| text.replace("t: Int", "t: Int @tag(name: \"x\")");

    refuses(&tagged(links(tag)), &[InvalidLinkDirectiveUsage]);
    let composition = composed(&tagged(links(&format!("{FEDERATION} {tag}"))));
    has(&composition, &["t: Int @tag(name: \"x\")"]);
}

#[test]
fn a_directive_that_is_not_imported_has_a_prefix() {
    let text = |name: &str| format!("{}\ntype T @{name}(fields: \"id\") {{ id: ID! }}", links(FEDERATION));

    let composition = composed(&text("federation__key"));
    has(&composition, &["type T @join__type(graph: A, key: \"id\") {"]);
    refuses(&text("key"), &[InvalidGraphql]);
}

#[test]
fn federation_directives_are_defined_as_specified() {
    let define = |definition: &str| format!("# a: as it is\n{definition}\ntype Query {{ t: Int }}");

    for right in [
        "directive @key(fields: String!) on OBJECT",
        "directive @key(fields: _FieldSet!, resolvable: Boolean) repeatable on OBJECT | INTERFACE\nscalar _FieldSet",
    ] {
        composed(&define(right));
    }
    for wrong in [
        "directive @key(fields: Int!) on OBJECT",
        "directive @key on OBJECT",
        "directive @key(fields: String!, x: Int) on OBJECT",
        "directive @key(fields: String!) on FIELD_DEFINITION",
    ] {
        refuses(&define(wrong), &[DirectiveDefinitionInvalid]);
    }
    let composition = format!("{}\ntype federation__FieldSet {{ x: Int }}", links(FEDERATION));
    refuses(&composition, &[TypeDefinitionInvalid]);
}

#[test]
fn a_subgraph_is_graphql() {
    for wrong in [
        "type Query { a: Nope }",
        "type Query { a: Int",
        "type Query { a: Int a: Int }",
        "type Query { a(x: Int = \"x\"): Int }",
        "type Query { a: Int @nope }",
        "type Query { a: Int } { a }",
        "type Query implements I { a: Int } interface I { b: Int }",
    ] {
        refuses(&format!("# a\n{wrong}"), &[InvalidGraphql]);
    }
}

#[test]
fn every_subgraph_has_a_name_of_its_own() {
    refuses("# _\ntype Query { a: Int }", &[InvalidSubgraphName]);
    refuses(
        "# a\ntype Query { a: Int }\n# a\ntype Query { b: Int }",
        &[InvalidSubgraphName],
    );
}

#[test]
fn names_that_look_alike_are_numbered() {
    let composition =
        composed("# a-b\ntype Query { a: Int }\n# a_b\ntype Query { b: Int }\n# 1\ntype Query { c: Int }");

    has(
        &composition,
        &[
            "_1 @join__graph(name: \"1\", url: \"http://1.test\")",
            "A_B_1 @join__graph(name: \"a-b\", url: \"http://a-b.test\")",
            "A_B_2 @join__graph(name: \"a_b\", url: \"http://a_b.test\")",
        ],
    );
}

#[test]
fn any_name_of_a_subgraph_becomes_one_that_graphql_allows() {
    let all = |names: &[&str]| {
        let parts = names.iter().enumerate();
        composed(
            &parts
                .map(|(at, name)| format!("# {name}\ntype Query {{ x{at}: Int }}\n"))
                .collect::<String>(),
        )
    };
    let line = |value: &str, name: &str| format!("{value} @join__graph(name: \"{name}\", url: \"http://{name}.test\")");

    for (names, values) in [
        (["_in", "__x", "é", "ü"], ["_IN", "_X", "_1", "_2"]),
        (["a-b", "a_b", "a_b_1", "-c"], ["A_B_2", "A_B_3", "A_B_1", "_C"]),
    ] {
        let composition = all(&names);
        for (value, name) in values.into_iter().zip(names) {
            has(&composition, &[&line(value, name)]);
        }
    }
}

#[test]
fn there_is_a_query() {
    refuses("# a\ntype T @shareable { x: Int }", &[NoQueries]);
    assert_eq!(compose(&[]).unwrap_err()[0].code, NoQueries);
}

#[test]
fn a_root_has_no_namesake() {
    for (operation, code) in [
        ("query", RootQueryUsed),
        ("mutation", RootMutationUsed),
        ("subscription", RootSubscriptionUsed),
    ] {
        let other = if operation == "query" { "" } else { "query: Q" };
        let mut name = operation.to_owned();
        name[..1].make_ascii_uppercase();
        let text = format!(
            "# a\nschema {{ {other} {operation}: R }}\ntype R {{ x: Int }}\ntype Q {{ x: Int }}\ntype {name} {{ x: Int }}"
        );
        refuses(&text, &[code]);
    }
}

#[test]
fn a_type_with_the_name_of_a_root_is_none_where_the_schema_does_not_name_it() {
    let roots = |head: &str| {
        let text = format!("# a\n{head} type Query {{ x: Mutation }}\ntype Mutation {{ x: Int }}");
        let composition = composed(&text);
        let has = |sdl: &str| sdl.contains("mutation: Mutation");
        (has(&composition.supergraph_sdl), has(&composition.api_sdl))
    };

    assert_eq!(roots("schema { query: Query }"), (false, false));
    assert_eq!(roots("schema { query: Query mutation: Mutation }"), (true, true));
    assert_eq!(roots(""), (true, true));
}

#[test]
fn a_type_with_the_name_of_a_root_is_one_in_all_subgraphs_or_in_none() {
    for (operation, name, code) in [
        ("mutation", "Mutation", RootMutationUsed),
        ("subscription", "Subscription", RootSubscriptionUsed),
    ] {
        let text = |head: &str| {
            format!(
                "# a\nschema {{ query: Query }}\ntype Query {{ x: {name} }}\ntype {name} {{ x: Int }}
                 # b\n{head}\ntype Query {{ y: Int }}\ntype Root {{ y: Int }}"
            )
        };

        refuses(&text(&format!("schema {{ query: Query {operation}: Root }}")), &[code]);
        composed(&text("schema { query: Query }"));
    }
}

#[test]
fn what_serves_the_gateway_is_no_part_of_the_api() {
    let composition = composed(
        "# a: as it is
        directive @key(fields: _FieldSet!) repeatable on OBJECT | INTERFACE
        scalar _FieldSet
        scalar _Any
        union _Entity = T
        type _Service { sdl: String }
        type Query { t: T _service: _Service! _entities(representations: [_Any!]!): [_Entity]! }
        type T @key(fields: \"id\") { id: ID! }",
    );

    for name in ["_service", "_entities", "_Any", "_Entity", "_Service", "_FieldSet!"] {
        assert!(!composition.api_sdl.contains(name), "{}", composition.api_sdl);
    }
}

#[test]
fn errors_of_several_subgraphs_are_shown_at_once() {
    let errors = refused("# a\ntype Query { a: Nope }\n# b\ntype T @key(fields: \"x\") { id: ID! }");

    let named: Vec<_> = errors
        .iter()
        .map(|error| (error.code, error.subgraphs.concat()))
        .collect();
    assert_eq!(
        named,
        [(InvalidGraphql, "a".to_owned()), (KeyInvalidFields, "b".to_owned())]
    );
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow() {
    let text = format!(
        "# a\ntype Query {{ a(x: {}Int{}): Int }}",
        "[".repeat(3000),
        "]".repeat(3000)
    );
    assert!(compose(&subgraphs(&text)).is_err());
    let key = format!("{}x{}", "x { ".repeat(3000), " }".repeat(3000));
    let text = format!("# a\ntype Query {{ t: T }}\ntype T @key(fields: \"{key}\") {{ x: T }}");
    refuses(&text, &[KeyInvalidFields]);
}
