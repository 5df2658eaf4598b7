//! How the declarations of several subgraphs become one.

use federation_composition::{Code::*, HintCode};

use crate::check::{composed, has, has_not, hints, refuses};

/// Two subgraphs with a shared query field.
fn two(a: &str, b: &str) -> String {
    format!("# a\n{a}\n# b\n{b}")
}

#[test]
fn the_most_general_type_of_a_field_holds() {
    let types = "interface I { x: Int }\ntype A implements I @shareable { x: Int }\nunion U = A | B\ntype B @shareable { x: Int }";
    for (a, b, merged) in [
        ("Int!", "Int", "Int"),
        ("[Int!]!", "[Int]", "[Int]"),
        ("A", "I", "I"),
        ("A!", "U", "U"),
        ("[A!]!", "[I]!", "[I]!"),
    ] {
        let text = two(
            &format!("type Query {{ x: {a} @shareable }}\n{types}"),
            &format!("type Query {{ x: {b} @shareable }}\n{types}"),
        );

        let composition = composed(&text);

        let line = format!("x: {merged} @join__field(graph: A, type: \"{a}\") @join__field(graph: B, type: \"{b}\")");
        has(&composition, &[&line]);
        assert!(hints(&composition).contains(&HintCode::InconsistentButCompatibleFieldType));
    }
}

#[test]
fn types_without_a_common_one_are_refused() {
    for (a, b) in [
        ("Int", "String"),
        ("[Int]", "Int"),
        ("[Int!]", "[Int]!"),
        ("Int!", "[Int]"),
    ] {
        let query = |ty: &str| format!("type Query {{ x: {ty} @shareable }}");
        refuses(&two(&query(a), &query(b)), &[FieldTypeMismatch]);
    }
}

#[test]
fn the_most_restrictive_type_of_an_argument_holds() {
    let composition = composed(&two(
        "type Query { x(n: Int!, l: [Int]): Int @shareable }",
        "type Query { x(n: Int, l: [Int]!): Int @shareable }",
    ));

    has(&composition, &["x(n: Int!, l: [Int]!): Int"]);
    refuses(
        &two(
            "type Query { x(n: Int): Int @shareable }",
            "type Query { x(n: String): Int @shareable }",
        ),
        &[FieldArgumentTypeMismatch],
    );
}

#[test]
fn arguments_are_those_that_all_have() {
    let composition = composed(&two(
        "type Query { x(a: Int, b: Int): Int @shareable }",
        "type Query { x(b: Int): Int @shareable }",
    ));

    has(&composition, &["x(b: Int): Int"]);
    assert_eq!(hints(&composition), [HintCode::InconsistentArgumentPresence]);
    refuses(
        &two(
            "type Query { x(a: Int!, b: Int): Int @shareable }",
            "type Query { x(b: Int): Int @shareable }",
        ),
        &[RequiredArgumentMissingInSomeSubgraph],
    );
}

#[test]
fn defaults_agree_or_there_is_none() {
    let query = |default: &str| format!("type Query {{ x(n: Int{default}): Int @shareable }}");

    has(&composed(&two(&query(" = 1"), &query(" = 1"))), &["x(n: Int = 1): Int"]);
    let composition = composed(&two(&query(" = 1"), &query("")));
    has(&composition, &["x(n: Int): Int"]);
    assert_eq!(hints(&composition), [HintCode::InconsistentDefaultValuePresence]);
    refuses(&two(&query(" = 1"), &query(" = 2")), &[FieldArgumentDefaultMismatch]);
}

#[test]
fn input_fields_are_those_that_all_have() {
    let input = |fields: &str| format!("input In {{ {fields} }}\ntype Query {{ x(i: In): Int @shareable }}");

    let composition = composed(&two(&input("a: Int b: Int!"), &input("b: Int c: Int")));
    has(
        &composition,
        &["b: Int! @join__field(graph: A, type: \"Int!\") @join__field(graph: B, type: \"Int\")"],
    );
    has_not(&composition, &["a: Int", "c: Int"]);
    refuses(
        &two(&input("a: Int! b: Int"), &input("b: Int")),
        &[RequiredInputFieldMissingInSomeSubgraph],
    );
    refuses(&two(&input("a: Int"), &input("b: Int")), &[EmptyMergedInputType]);
    refuses(
        &two(&input("a: Int = 1"), &input("a: Int = 2")),
        &[InputFieldDefaultMismatch],
    );
    refuses(&two(&input("a: Int"), &input("a: String")), &[FieldTypeMismatch]);
}

#[test]
fn enums_merge_by_how_they_are_used() {
    let text = |query: &str| {
        two(
            &format!("enum E {{ A B }}\ntype Query {{ x: Int {query} }}"),
            "enum E { A C }\ntype Query { y: Int }",
        )
    };

    let input = composed(&text("f(e: E): Int"));
    has(&input, &["A @join__enumValue(graph: A) @join__enumValue(graph: B)"]);
    has_not(&input, &["B @join__enumValue", "C @join__enumValue"]);
    let output = composed(&text("f: E"));
    has(
        &output,
        &["B @join__enumValue(graph: A)", "C @join__enumValue(graph: B)"],
    );
    let unused = composed(&text(""));
    assert!(hints(&unused).contains(&HintCode::UnusedEnumType));
    refuses(&text("f(e: E): E"), &[EnumValueMismatch]);
    refuses(
        &text("f(e: E): Int").replace("{ A C }", "{ C }"),
        &[EmptyMergedEnumType],
    );
}

#[test]
fn a_hidden_value_may_differ() {
    let composition = composed(&two(
        "enum E { A B @inaccessible }\ntype Query { x(e: E): E }",
        "enum E { A }\ntype Query { y: Int }",
    ));

    has(&composition, &["B @join__enumValue(graph: A) @inaccessible"]);
    assert!(!composition.api_sdl.contains(" B"));
}

#[test]
fn a_union_has_all_members() {
    let composition = composed(&two(
        "union U = A | B\ntype A { x: Int }\ntype B @shareable { y: Int }\ntype Query { u: U }",
        "union U = B | C\ntype B @shareable { y: Int }\ntype C { z: Int }\ntype Query { v: U }",
    ));

    has(
        &composition,
        &[
            "union U @join__type(graph: A) @join__type(graph: B) @join__unionMember(graph: A, member: \"A\") @join__unionMember(graph: A, member: \"B\") @join__unionMember(graph: B, member: \"B\") @join__unionMember(graph: B, member: \"C\") = A | B | C",
        ],
    );
    assert_eq!(hints(&composition), [HintCode::InconsistentUnionMember; 2]);
}

#[test]
fn what_several_resolve_is_shareable_everywhere() {
    let query = |directive: &str| format!("type Query {{ x: Int {directive} }}");

    composed(&two(&query("@shareable"), &query("@shareable")));
    refuses(&two(&query("@shareable"), &query("")), &[InvalidFieldSharing]);
    refuses(&two(&query(""), &query("")), &[InvalidFieldSharing]);
}

#[test]
fn key_fields_are_shareable_by_themselves() {
    composed(&two(
        "type Query { t: T }\ntype T @key(fields: \"u { x }\") { u: U! }\ntype U { x: Int }",
        "type T @key(fields: \"u { x }\") { u: U! y: Int }\ntype U { x: Int }",
    ));
}

#[test]
fn interface_objects_share_like_everybody() {
    let text = |directive: &str| {
        format!(
            "# a\ntype Query {{ i: I }}\ninterface I @key(fields: \"id\") {{ id: ID! }}\ntype A implements I @key(fields: \"id\") {{ id: ID! }}
            # b\ntype I @interfaceObject @key(fields: \"id\") {{ id: ID! x: Int {directive} }}
            # c\ntype I @interfaceObject @key(fields: \"id\") {{ id: ID! x: Int {directive} }}"
        )
    };

    refuses(&text(""), &[InvalidFieldSharing]);
    has(&composed(&text("@shareable")), &["x: Int @join__field"]);
}

#[test]
fn federation_1_shares_what_it_does_not_forbid() {
    let composition = composed(
        "# a: as it is\ntype Query { t: T x: Int }\ntype T { x: Int y: Int }\n# b: as it is\ntype Query { x: Int }\ntype T { x: Int }",
    );

    has(&composition, &["x: Int", "t: T @join__field(graph: A)"]);
    assert_eq!(hints(&composition), [HintCode::InconsistentObjectValueTypeField]);
}

#[test]
fn federation_1_does_not_share_for_others() {
    refuses(
        "# a: as it is\ntype Query { x: Int }\n# b\ntype Query { x: Int }",
        &[InvalidFieldSharing],
    );
}

#[test]
fn the_most_frequent_description_holds() {
    let query = |text: &str| format!("\"{text}\" type Query {{ x: Int @shareable }}");
    let composition = composed(&format!(
        "# a\n{}\n# b\n{}\n# c\n{}",
        query("one"),
        query("two"),
        query("two")
    ));

    assert!(
        composition.api_sdl.contains("\"\"\"two\"\"\"\ntype Query"),
        "{}",
        composition.api_sdl
    );
    assert_eq!(hints(&composition), [HintCode::InconsistentDescription]);
}

#[test]
fn the_order_of_subgraphs_does_not_matter() {
    let (a, b) = (
        "# a\ntype Query { x: Int @shareable }",
        "# b\ntype Query { y: Int x: Int @shareable }",
    );

    let one = composed(&format!("{a}\n{b}"));
    let other = composed(&format!("{b}\n{a}"));

    assert_eq!(one.supergraph_sdl, other.supergraph_sdl);
    assert_eq!(one.hints, other.hints);
}

#[test]
fn the_join_version_is_as_old_as_possible() {
    for (version, join) in [
        ("2.0", "v0.3"),
        ("2.6", "v0.3"),
        ("2.7", "v0.4"),
        ("2.8", "v0.5"),
        ("2.9", "v0.5"),
    ] {
        let text = format!(
            "# a: as it is\nextend schema @link(url: \"https://specs.apollo.dev/federation/v{version}\")\ntype Query {{ x: Int }}"
        );

        let composition = composed(&text);

        let link = format!("https://specs.apollo.dev/join/{join}\"");
        assert!(
            composition.supergraph_sdl.contains(&link),
            "{}",
            composition.supergraph_sdl
        );
    }
}
