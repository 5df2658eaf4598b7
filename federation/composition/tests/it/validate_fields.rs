//! Federation directives on fields and types that may not have them.

use federation_composition::{Code::*, HintCode};

use crate::check::{composed, has, has_not, hints, refuses};

#[test]
fn an_external_field_is_used() {
    let text = |field: &str| {
        format!(
            "# a\ntype Query {{ t: T }}\ntype T @key(fields: \"id\") {{ id: ID! x: Int @external {field} }}
            # b\ntype T @key(fields: \"id\") {{ id: ID! x: Int }}"
        )
    };

    refuses(&text(""), &[ExternalUnused]);
    composed(&text("y: Int @requires(fields: \"x\")"));
}

#[test]
fn fields_of_interfaces_are_not_resolved() {
    for (directive, codes) in [
        ("@external", vec![ExternalOnInterface, ExternalUnused]),
        ("@shareable", vec![InvalidShareableUsage]),
        ("@override(from: \"b\")", vec![OverrideOnInterface]),
        (
            "@requires(fields: \"x\")",
            vec![RequiresUnsupportedOnInterface, RequiresFieldsMissingExternal],
        ),
        (
            "@provides(fields: \"x\")",
            vec![ProvidesUnsupportedOnInterface, ProvidesFieldsMissingExternal],
        ),
        ("@cost(weight: 1)", vec![CostAppliedToInterfaceField]),
        ("@authenticated", vec![AuthRequirementsAppliedOnInterface]),
    ] {
        let text = format!(
            "# a\ntype Query {{ i: I }}\ninterface I {{ x: Int t: T {directive} }}\ntype T implements I {{ x: Int t: T }}"
        );
        refuses(&text, &codes);
    }
}

#[test]
fn shareable_stands_once_per_field() {
    refuses(
        "# a\ntype Query { x: Int @shareable @shareable }",
        &[InvalidShareableUsage],
    );
    refuses(
        "# a\ntype Query { x: Int }\ntype Subscription { x: Int @shareable }",
        &[InvalidFieldSharing],
    );
}

#[test]
fn an_external_field_provides_nothing() {
    refuses(
        "# a
        type Query { t: T }
        type T @key(fields: \"id\") { id: ID! u: U @external @provides(fields: \"x\") y: Int @requires(fields: \"u { x }\") }
        type U @key(fields: \"id\") { id: ID! x: Int @external }
        # b
        type T @key(fields: \"id\") { id: ID! u: U }
        type U @key(fields: \"id\") { id: ID! x: Int }",
        &[ExternalCollisionWithAnotherDirective],
    );
}

#[test]
fn merged_directives_stand_where_a_field_is_resolved() {
    refuses(
        "# a
        type Query { t: T }
        type T @key(fields: \"id\") { id: ID! x: Int @external @tag(name: \"x\") y: Int @requires(fields: \"x\") }
        # b
        type T @key(fields: \"id\") { id: ID! x: Int }",
        &[MergedDirectiveApplicationOnExternal],
    );
}

/// A subgraph `b` whose field `T.x` overrides that of `a`.
fn overrides(ours: &str, theirs: &str) -> String {
    format!(
        "# a\ntype Query {{ t: T }}\ntype T @key(fields: \"id\") {{ id: ID! {theirs} }}\ntype U @key(fields: \"id\") {{ id: ID! y: Int @external }}
        # b\ntype T @key(fields: \"id\") {{ id: ID! {ours} }}\ntype U @key(fields: \"id\") {{ id: ID! y: Int }}"
    )
    .replace("y: Int @external }", if theirs.contains("@provides") { "y: Int @external }" } else { "}" })
}

#[test]
fn an_overridden_field_moves() {
    let composition = composed(&overrides("x: Int @override(from: \"a\")", "x: Int"));

    has(&composition, &["x: Int @join__field(graph: B, override: \"a\")"]);
    assert_eq!(hints(&composition), [HintCode::OverriddenFieldCanBeRemoved]);
}

#[test]
fn an_override_with_a_label_keeps_both() {
    let composition = composed(&overrides(
        "x: Int @override(from: \"a\", label: \"percent(5)\")",
        "x: Int",
    ));

    has(
        &composition,
        &[
            "x: Int @join__field(graph: A, overrideLabel: \"percent(5)\") @join__field(graph: B, override: \"a\", overrideLabel: \"percent(5)\")",
        ],
    );
    assert_eq!(hints(&composition), [HintCode::OverrideMigrationInProgress]);
}

#[test]
fn the_label_of_an_override_has_a_form() {
    for right in ["a", "A-1_b:c.d/e", "percent(0)", "percent(99.12345678)", "percent(100)"] {
        composed(&overrides(
            &format!("x: Int @override(from: \"a\", label: \"{right}\")"),
            "x: Int",
        ));
    }
    for wrong in [
        "1a",
        "a b",
        "percent(101)",
        "percent(100.0)",
        "percent()",
        "percent(1.123456789)",
        "ä",
    ] {
        let text = overrides(&format!("x: Int @override(from: \"a\", label: \"{wrong}\")"), "x: Int");
        refuses(&text, &[OverrideLabelInvalid]);
    }
}

#[test]
fn an_override_names_another_subgraph() {
    refuses(
        &overrides("x: Int @override(from: \"b\")", ""),
        &[OverrideFromSelfError],
    );
    let composition = composed(&overrides("x: Int @override(from: \"nobody\")", ""));
    assert_eq!(hints(&composition), [HintCode::FromSubgraphDoesNotExist]);
    let composition = composed(&overrides("x: Int @override(from: \"a\")", ""));
    assert_eq!(hints(&composition), [HintCode::OverrideDirectiveCanBeRemoved]);
}

#[test]
fn an_overriding_field_is_not_overridden() {
    refuses(
        &overrides("x: Int @override(from: \"a\")", "x: Int @override(from: \"b\")"),
        &[OverrideSourceHasOverride, InvalidFieldSharing],
    );
}

#[test]
fn an_override_collides_with_what_needs_the_field_to_stay() {
    refuses(
        &overrides("x: U @override(from: \"a\")", "x: U @provides(fields: \"y\")"),
        &[OverrideCollisionWithAnotherDirective, InvalidFieldSharing],
    );
    refuses(
        &overrides(
            "x: Int @override(from: \"a\") @external y: Int @requires(fields: \"x\")",
            "x: Int",
        ),
        &[OverrideCollisionWithAnotherDirective],
    );
}

#[test]
fn costs_are_of_lists_that_exist() {
    let text = |field: &str| format!("# a\ntype Query {{ {field} }}\ntype Page {{ items: [Int] count: Int }}");

    refuses(&text("x: Int @listSize(assumedSize: 1)"), &[ListSizeAppliedToNonList]);
    refuses(
        &text("x: [Int] @listSize(assumedSize: -1)"),
        &[ListSizeInvalidAssumedSize],
    );
    refuses(
        &text("x(n: String): [Int] @listSize(slicingArguments: [\"n\"])"),
        &[ListSizeInvalidSlicingArgument],
    );
    refuses(
        &text("x: [Int] @listSize(slicingArguments: [\"n\"])"),
        &[ListSizeInvalidSlicingArgument],
    );
    refuses(
        &text("x: Page @listSize(sizedFields: [\"nope\"])"),
        &[ListSizeInvalidSizedField],
    );
    refuses(
        &text("x: Page @listSize(sizedFields: [\"count\"])"),
        &[ListSizeAppliedToNonList],
    );
    refuses(
        &text("x: Int @listSize(sizedFields: [\"items\"])"),
        &[ListSizeInvalidSizedField],
    );
    composed(&text(
        "x(n: Int!): Page @listSize(sizedFields: [\"items\"], slicingArguments: [\"n\"])",
    ));
}

#[test]
fn unused_external_fields_of_federation_1_are_dropped() {
    let composition = composed(
        "# a: as it is
        type Query { t: T }
        type T @key(fields: \"id\") { id: ID! x: Int }
        # b: as it is
        extend type T @key(fields: \"id\") { id: ID! @external x: Int @external y: Int }",
    );

    has(&composition, &["id: ID!", "x: Int @join__field(graph: A)"]);
    has_not(&composition, &["external: true"]);
}

#[test]
fn a_type_of_federation_1_is_more_than_unused_external_fields() {
    refuses(
        "# a: as it is\ntype Query { t: T }\ntype T { x: Int @external }
        # b\ntype T @key(fields: \"id\") { id: ID! x: Int }",
        &[TypeWithOnlyUnusedExternal],
    );
}
