//! How directives that stand in several subgraphs become one.

use federation_composition::{Code::*, HintCode};

use crate::check::{composed, has, has_not, hints, refuses};

/// Two subgraphs that share a field with these directives.
fn shared(a: &str, b: &str) -> String {
    format!(
        "# a\ntype Query {{ x(n: Int): [Int] @shareable {a} }}\n# b\ntype Query {{ x(n: Int): [Int] @shareable {b} }}"
    )
}

#[test]
fn repeatable_directives_are_collected() {
    let composition = composed(&shared(
        "@tag(name: \"one\") @tag(name: \"two\")",
        "@tag(name: \"two\") @tag(name: \"three\")",
    ));

    has(
        &composition,
        &["x(n: Int): [Int] @tag(name: \"one\") @tag(name: \"two\") @tag(name: \"three\")"],
    );
}

#[test]
fn whoever_passes_fulfils_every_subgraph() {
    let composition = composed(&shared(
        "@requiresScopes(scopes: [[\"a\"], [\"b\"]]) @policy(policies: [[\"p\", \"q\"]])",
        "@requiresScopes(scopes: [[\"c\"], [\"b\"]]) @policy(policies: [[\"p\"]]) @authenticated",
    ));

    has(
        &composition,
        &[
            "x(n: Int): [Int] @requiresScopes(scopes: [[\"b\"], [\"a\", \"c\"]]) @policy(policies: [[\"p\", \"q\"]]) @authenticated",
        ],
    );
    assert_eq!(
        hints(&composition),
        [HintCode::MergedNonRepeatableDirectiveArguments; 2]
    );
}

#[test]
fn the_greatest_cost_holds() {
    let composition = composed(&shared(
        "@cost(weight: 2) @listSize(assumedSize: 5, slicingArguments: [\"n\"])",
        "@cost(weight: 7) @listSize(assumedSize: 3, requireOneSlicingArgument: false)",
    ));

    has(
        &composition,
        &[
            "x(n: Int): [Int] @cost(weight: 7) @listSize(assumedSize: 5, slicingArguments: [\"n\"], requireOneSlicingArgument: false)",
        ],
    );
}

#[test]
fn a_single_value_is_merged_like_a_list_of_it() {
    let composition = composed(&shared(
        "@listSize(slicingArguments: \"n\")",
        "@listSize(assumedSize: 3)",
    ));

    has(
        &composition,
        &["x(n: Int): [Int] @listSize(assumedSize: 3, slicingArguments: [\"n\"], requireOneSlicingArgument: true)"],
    );
}

#[test]
fn of_other_arguments_the_most_frequent_hold() {
    let composition = composed(&shared("@deprecated(reason: \"a\")", "@deprecated(reason: \"b\")"));

    has(&composition, &["x(n: Int): [Int] @deprecated(reason: \"a\")"]);
    assert_eq!(
        hints(&composition),
        [HintCode::InconsistentNonRepeatableDirectiveArguments]
    );
}

#[test]
fn one_subgraph_hides_for_all() {
    let composition = composed(&format!(
        "{}\n# c\ntype Query {{ y: Int }}",
        shared("@inaccessible", "")
    ));

    has(
        &composition,
        &["x(n: Int): [Int] @join__field(graph: A) @join__field(graph: B) @inaccessible"],
    );
    assert!(!composition.api_sdl.contains('x'), "{}", composition.api_sdl);
}

#[test]
fn a_directive_has_one_name() {
    let text = |alias: &str| {
        format!(
            "# a: as it is\nextend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [{{ name: \"@tag\", as: \"@label\" }}])\ntype Query {{ x: Int @label(name: \"x\") }}
# b: as it is\nextend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [{{ name: \"@tag\", as: \"@{alias}\" }}])\ntype Query {{ y: Int @{alias}(name: \"y\") }}"
        )
    };

    has(
        &composed(&text("label")),
        &["y: Int @join__field(graph: B) @label(name: \"y\")"],
    );
    refuses(&text("tag"), &[LinkImportNameMismatch]);
}

/// A subgraph with a custom directive `@mine` of this specification.
fn custom(name: &str, url: &str, definition: &str) -> String {
    format!(
        "# {name}\nextend schema @link(url: \"{url}\", import: [\"@mine\"]) @composeDirective(name: \"@mine\")\ndirective @mine{definition}\ntype Query {{ {name}: Int @mine }}\n"
    )
}

#[test]
fn a_custom_directive_is_composed_in_its_newest_version() {
    let old = custom("a", "https://example.org/mine/v1.0", "(x: Int) on FIELD_DEFINITION");
    let new = custom(
        "b",
        "https://example.org/mine/v1.1",
        "(x: Int, y: Int) on FIELD_DEFINITION",
    );

    let composition = composed(&format!(
        "{old}{new}# c\ndirective @mine on FIELD_DEFINITION\ntype Query {{ c: Int @mine }}"
    ));

    has(
        &composition,
        &[
            "directive @mine(x: Int, y: Int) on FIELD_DEFINITION",
            "a: Int @join__field(graph: A) @mine",
            "b: Int @join__field(graph: B) @mine",
            "c: Int @join__field(graph: C)",
        ],
    );
    assert!(
        composition
            .supergraph_sdl
            .contains("@link(url: \"https://example.org/mine/v1.1\", import: [\"@mine\"])")
    );
    assert!(!composition.api_sdl.contains("@mine"));
}

#[test]
fn of_definitions_of_one_version_the_last_is_composed() {
    let url = "https://example.org/mine/v1.0";
    let first = custom("a", url, "(x: Int) on FIELD_DEFINITION | FIELD");
    let last = custom("b", url, "(x: Int = 1) on FIELD_DEFINITION | FIELD");

    for text in [first.clone() + &last, last + &first] {
        let composition = composed(&text);

        has(
            &composition,
            &["directive @mine(x: Int = 1) on FIELD_DEFINITION | FIELD"],
        );
    }
}

#[test]
fn a_custom_directive_comes_from_one_specification() {
    let definition = "(x: Int) on FIELD_DEFINITION";
    let first = custom("a", "https://example.org/mine/v1.0", definition);

    for url in ["https://example.org/mine/v2.0", "https://example.org/other/v1.0"] {
        refuses(
            &format!("{first}{}", custom("b", url, definition)),
            &[DirectiveCompositionError],
        );
    }
}

#[test]
fn what_is_composed_is_a_linked_custom_directive() {
    for compose in [
        "",
        "(name: \"\")",
        "(name: \"mine\")",
        "(name: \"@nope\")",
        "(name: \"@mine\")",
        "(name: \"@key\")",
    ] {
        let text = format!(
            "# a\nextend schema @composeDirective{compose}\ndirective @mine on FIELD_DEFINITION\ntype Query {{ x: Int }}"
        );
        refuses(&text, &[DirectiveCompositionError]);
    }
    let composition = composed("# a\nextend schema @composeDirective(name: \"@tag\")\ntype Query { x: Int }");
    assert_eq!(hints(&composition), [HintCode::DirectiveComposition]);
}

#[test]
fn directives_of_operations_are_those_that_all_define() {
    let text = |a: &str, b: &str| format!("# a\n{a}\ntype Query {{ x: Int }}\n# b\n{b}\ntype Query {{ y: Int }}");

    let composition = composed(&text(
        "directive @run(a: Int, b: Int) repeatable on FIELD | QUERY",
        "directive @run(a: Int!) on FIELD | OBJECT",
    ));
    has(&composition, &["directive @run(a: Int!) on FIELD"]);
    assert!(
        composition.api_sdl.contains("directive @run(a: Int!) on FIELD\n"),
        "{}",
        composition.api_sdl
    );
    let composition = composed(&text("directive @run on FIELD", ""));
    has_not(&composition, &["@run"]);
    assert_eq!(hints(&composition), [HintCode::InconsistentExecutableDirectivePresence]);
    let composition = composed(&text("directive @run on FIELD", "directive @run on QUERY"));
    assert_eq!(hints(&composition), [HintCode::NoExecutableDirectiveIntersection]);
    refuses(
        &text("directive @run(a: Int!) on FIELD", "directive @run on FIELD"),
        &[RequiredArgumentMissingInSomeSubgraph],
    );
}

#[test]
fn the_url_of_a_composed_directive_may_have_any_character() {
    let link = r#"@link(url: "https://x.test/\"\\b/my/v1.0", import: ["@mine"])"#;

    let composition = composed(&format!(
        "# a\nextend schema {link} @composeDirective(name: \"@mine\")\ndirective @mine on FIELD_DEFINITION\ntype Query {{ x: Int @mine }}"
    ));

    let sdl = &composition.supergraph_sdl;
    assert!(sdl.contains(link), "{sdl}");
}
