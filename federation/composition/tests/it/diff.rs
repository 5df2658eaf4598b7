//! What a change of an API means to its clients.

use federation_composition::diff::{Change, diff};

#[track_caller]
fn check(old: &str, new: &str, expected: &[&str]) {
    let describe = |it: &Change| format!("{:?} {} {}", it.severity, it.code, it.path);
    let changes: Vec<_> = diff(old, new).unwrap().iter().map(describe).collect();
    assert_eq!(changes, expected);
}

#[test]
fn equal_schemas_have_no_changes_whatever_their_order() {
    check(
        "type Query { a(x: Int, y: Int): Int b: E } enum E { A B }",
        "enum E { B A } type Query { b: E a(y: Int, x: Int): Int }",
        &[],
    );
}

#[test]
fn types_come_and_go() {
    check(
        "type Query { a: Int } type Old { x: Int }",
        "type Query { a: Int } scalar New",
        &["Breaking TYPE_REMOVED Old", "Safe TYPE_ADDED New"],
    );
}

#[test]
fn a_type_of_another_kind_breaks() {
    check(
        "type Query { a: S } scalar S",
        "type Query { a: S } enum S { A }",
        &["Breaking TYPE_KIND_CHANGED S"],
    );
}

#[test]
fn roots_come_go_and_change() {
    check(
        "schema { query: Query mutation: M } type Query { a: Int } type M { b: Int }",
        "schema { query: Query subscription: M } type Query { a: Int } type M { b: Int }",
        &["Breaking ROOT_TYPE_REMOVED schema", "Safe ROOT_TYPE_ADDED schema"],
    );
    check(
        "schema { query: A } type A { a: Int } type B { a: Int }",
        "schema { query: B } type A { a: Int } type B { a: Int }",
        &["Breaking ROOT_TYPE_CHANGED schema"],
    );
}

#[test]
fn fields_come_and_go() {
    check(
        "type Query { a: Int b: Int @deprecated }",
        "type Query { a: Int c: Int }",
        &["Breaking FIELD_REMOVED Query.b", "Safe FIELD_ADDED Query.c"],
    );
}

#[test]
fn an_answer_may_become_stricter_but_not_looser() {
    check(
        "type Query { a: Int b: [Int] }",
        "type Query { a: Int! b: [Int!]! }",
        &["Safe FIELD_TYPE_CHANGED Query.a", "Safe FIELD_TYPE_CHANGED Query.b"],
    );
    check(
        "type Query { a: Int! b: [Int!] c: Int }",
        "type Query { a: Int b: [Int] c: [Int] }",
        &[
            "Breaking FIELD_TYPE_CHANGED Query.a",
            "Breaking FIELD_TYPE_CHANGED Query.b",
            "Breaking FIELD_TYPE_CHANGED Query.c",
        ],
    );
}

#[test]
fn an_argument_may_become_looser_but_not_stricter() {
    check(
        "type Query { a(x: Int!, y: [Int!]!): Int }",
        "type Query { a(x: Int, y: [Int]): Int }",
        &[
            "Safe ARGUMENT_TYPE_CHANGED Query.a(x:)",
            "Safe ARGUMENT_TYPE_CHANGED Query.a(y:)",
        ],
    );
    check(
        "type Query { a(x: Int, y: Int): Int }",
        "type Query { a(x: Int!, y: String): Int }",
        &[
            "Breaking ARGUMENT_TYPE_CHANGED Query.a(x:)",
            "Breaking ARGUMENT_TYPE_CHANGED Query.a(y:)",
        ],
    );
}

#[test]
fn arguments_come_and_go() {
    check(
        "type Query { a(x: Int): Int }",
        "type Query { a(y: Int, z: Int!, w: Int! = 1): Int }",
        &[
            "Breaking ARGUMENT_REMOVED Query.a(x:)",
            "Breaking REQUIRED_ARGUMENT_ADDED Query.a(z:)",
            "Dangerous ARGUMENT_ADDED Query.a(w:)",
            "Dangerous ARGUMENT_ADDED Query.a(y:)",
        ],
    );
}

#[test]
fn a_changed_default_is_dangerous_and_a_lost_one_may_break() {
    check(
        "type Query { a(x: Int = 1, y: Int! = 1): Int }",
        "type Query { a(x: Int = 2, y: Int!): Int }",
        &[
            "Breaking ARGUMENT_DEFAULT_CHANGED Query.a(y:)",
            "Dangerous ARGUMENT_DEFAULT_CHANGED Query.a(x:)",
        ],
    );
}

#[test]
fn a_default_says_nothing_new_where_it_is_the_same_value_or_could_not_be_left_out() {
    check(
        "type Query { a(f: F = {x: 1, y: [2]}, r: Float = 1, s: Float = 1.0): Int } input F { x: Int y: [Int] }",
        "type Query { a(f: F = {y: [2], x: 1}, r: Float = 1.0, s: Float = 1.00): Int } input F { x: Int y: [Int] }",
        &[],
    );
    check(
        "type Query { a(x: Int!): Int }",
        "type Query { a(x: Int! = 1): Int }",
        &["Safe ARGUMENT_DEFAULT_CHANGED Query.a(x:)"],
    );
}

#[test]
fn what_every_schema_has_may_be_written_out() {
    check(
        "type Query { a: Int }",
        "scalar Int directive @skip(if: Boolean!) on FIELD type Query { a: Int b: Int }",
        &["Safe FIELD_ADDED Query.b"],
    );
}

#[test]
fn a_message_has_one_line() {
    let old = "directive @d(x: [Int]) on FIELD_DEFINITION type Query { a(x: [Int] = [1, 2]): Int @d(x: [1, 2]) }";
    let changes = diff(old, "type Query { a(x: [Int] = [3, 4]): Int }").unwrap();

    assert_eq!(changes.len(), 3);
    assert!(changes.iter().all(|it| !it.message.contains('\n')), "{changes:#?}");
}

#[test]
fn a_new_enum_value_is_dangerous_where_clients_read_it() {
    check(
        "type Query { a: E } enum E { A B }",
        "type Query { a: E } enum E { A C }",
        &["Breaking ENUM_VALUE_REMOVED E.B", "Dangerous ENUM_VALUE_ADDED E.C"],
    );
    check(
        "type Query { a(e: E): Int } enum E { A }",
        "type Query { a(e: E): Int } enum E { A C }",
        &["Safe ENUM_VALUE_ADDED E.C"],
    );
}

#[test]
fn unions_and_interfaces_gain_dangerously_and_lose_breakingly() {
    let rest = "type A { x: Int } type B { x: Int }";
    check(
        &format!("type Query {{ u: U }} union U = A {rest}"),
        &format!("type Query {{ u: U }} union U = B {rest}"),
        &["Breaking UNION_MEMBER_REMOVED U", "Dangerous UNION_MEMBER_ADDED U"],
    );
    check(
        "type Query { a: A } interface I { x: Int } interface J { x: Int } type A implements I { x: Int }",
        "type Query { a: A } interface I { x: Int } interface J { x: Int } type A implements J { x: Int }",
        &["Breaking INTERFACE_REMOVED A", "Dangerous INTERFACE_ADDED A"],
    );
}

#[test]
fn input_types_change_like_arguments() {
    check(
        "type Query { a(f: F): Int } input F { x: Int y: Int = 1 z: Int! w: Int }",
        "type Query { a(f: F): Int } input F { x: Int! y: Int = 2 z: Int v: Int u: Int! }",
        &[
            "Breaking REQUIRED_INPUT_FIELD_ADDED F.u",
            "Breaking INPUT_FIELD_REMOVED F.w",
            "Breaking INPUT_FIELD_TYPE_CHANGED F.x",
            "Dangerous INPUT_FIELD_ADDED F.v",
            "Dangerous INPUT_FIELD_DEFAULT_CHANGED F.y",
            "Safe INPUT_FIELD_TYPE_CHANGED F.z",
        ],
    );
}

#[test]
fn directives_of_operations_matter_and_others_do_not() {
    check(
        "type Query { a: Int } directive @a(x: Int, y: Int) repeatable on FIELD | QUERY directive @b on FIELD directive @c on OBJECT",
        "type Query { a: Int } directive @a(x: Int!, z: Int!) on FIELD | FIELD_DEFINITION directive @d on FIELD",
        &[
            "Breaking DIRECTIVE_LOCATION_REMOVED @a",
            "Breaking DIRECTIVE_REPEATABLE_REMOVED @a",
            "Breaking DIRECTIVE_ARGUMENT_TYPE_CHANGED @a(x:)",
            "Breaking DIRECTIVE_ARGUMENT_REMOVED @a(y:)",
            "Breaking REQUIRED_DIRECTIVE_ARGUMENT_ADDED @a(z:)",
            "Breaking DIRECTIVE_REMOVED @b",
            "Safe DIRECTIVE_LOCATION_ADDED @a",
            "Safe DIRECTIVE_REMOVED @c",
            "Safe DIRECTIVE_ADDED @d",
        ],
    );
}

#[test]
fn deprecations_and_descriptions_are_safe() {
    check(
        "type Query { a: Int b: Int @deprecated c: Int @deprecated(reason: \"x\") }",
        "\"Roots\" type Query { \"A number\" a: Int @deprecated b: Int c: Int @deprecated(reason: \"y\") }",
        &[
            "Safe TYPE_DESCRIPTION_CHANGED Query",
            "Safe FIELD_DESCRIPTION_CHANGED Query.a",
            "Safe DEPRECATION_ADDED Query.a",
            "Safe DEPRECATION_REMOVED Query.b",
            "Safe DEPRECATION_REASON_CHANGED Query.c",
        ],
    );
}

#[test]
fn scalars_name_their_specification_and_fields_carry_directives() {
    check(
        "directive @d on FIELD_DEFINITION type Query { a: S @d b: S } scalar S @specifiedBy(url: \"x\")",
        "directive @d on FIELD_DEFINITION type Query { a: S b: S @d } scalar S @specifiedBy(url: \"y\")",
        &[
            "Dangerous DIRECTIVE_USAGE_REMOVED Query.a",
            "Dangerous DIRECTIVE_USAGE_ADDED Query.b",
            "Dangerous SPECIFIED_BY_CHANGED S",
        ],
    );
}

#[test]
fn a_schema_that_is_not_valid_is_refused_by_name() {
    assert!(
        diff("type Query {", "type Query { a: Int }")
            .unwrap_err()
            .to_string()
            .starts_with("the old schema")
    );
    assert!(
        diff("type Query { a: Int }", "type Query { a: X }")
            .unwrap_err()
            .to_string()
            .starts_with("the new schema")
    );
}

#[test]
fn a_text_that_is_no_schema_is_not_told_word_by_word() {
    let told = diff(&"{\"kind\": 1} ".repeat(20_000), "type Query { a: Int }")
        .unwrap_err()
        .to_string();

    assert!(told.starts_with("the old schema is not valid"), "{told}");
    assert_eq!(told.lines().count(), 100);
}
