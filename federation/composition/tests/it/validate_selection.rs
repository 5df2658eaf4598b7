//! What `@key`, `@requires` and `@provides` may select.

use federation_composition::Code::*;

use crate::check::{composed, refused, refuses};

/// A subgraph whose type `T` has this key.
fn key(fields: &str) -> String {
    format!(
        "# a
        type Query {{ t: T }}
        type T @key(fields: {fields}) {{ id: ID! sized(x: Int): Int part: Part! either: Either some: Some }}
        type Part {{ id: ID! other: Int }}
        interface Some {{ id: ID! }}
        type Other implements Some {{ id: ID! }}
        union Either = Part | Other"
    )
}

#[test]
fn a_key_is_a_text() {
    refuses(&key("5"), &[KeyInvalidFieldsType]);
    refuses(&key("[\"id\"]"), &[KeyInvalidFieldsType]);
}

#[test]
fn a_key_is_a_selection_of_the_types_fields() {
    for fields in [
        "\"\"",
        "\"id {\"",
        "\"nope\"",
        "\"part\"",
        "\"id { x }\"",
        "\"...F\"",
        "\"alias: id\"",
        "\"... on Other { id }\"",
    ] {
        refuses(&key(fields), &[KeyInvalidFields]);
    }
    for fields in [
        "\"id\"",
        "\" id part { id } \"",
        "\"__typename id\"",
        "\"... on T { id }\"",
        "\"{ id }\"",
    ] {
        composed(&key(fields));
    }
}

#[test]
fn a_key_has_no_arguments_and_directives() {
    refuses(&key("\"sized\""), &[KeyFieldsHasArgs]);
    refuses(&key("\"id @skip(if: true)\""), &[KeyDirectiveInFieldsArg]);
}

#[test]
fn a_key_has_no_interfaces_and_unions() {
    refuses(&key("\"some { id }\""), &[KeyFieldsSelectInvalidType]);
    refuses(&key("\"either { ... on Part { id } }\""), &[KeyFieldsSelectInvalidType]);
}

#[test]
fn a_key_on_an_interface_needs_federation_2_3() {
    let text = |version: &str| {
        format!(
            "# a: as it is
            extend schema @link(url: \"https://specs.apollo.dev/federation/v{version}\", import: [\"@key\"])
            type Query {{ t: T }}
            interface T @key(fields: \"id\") {{ id: ID! }}
            type A implements T @key(fields: \"id\") {{ id: ID! }}"
        )
    };

    refuses(&text("2.2"), &[KeyUnsupportedOnInterface]);
    composed(&text("2.3"));
}

/// Two subgraphs, the first of which requires these fields.
fn requires(fields: &str) -> String {
    format!(
        "# a
        type Query {{ t: T }}
        type T @key(fields: \"id\") {{
          id: ID!
          own: Int
          far: Int @external
          sized(x: Int, y: [In!], e: E): Int @external
          part: Part @external
          wanted: Int @requires(fields: {fields})
          keeps: Int @requires(fields: \"far sized part {{ id }}\")
        }}
        type Part @shareable {{ id: ID! }}
        input In {{ a: Int! b: String }}
        enum E {{ ONE }}
        # b
        type T @key(fields: \"id\") {{ id: ID! far: Int sized(x: Int, y: [In!], e: E): Int part: Part }}
        type Part @shareable {{ id: ID! }}
        input In {{ a: Int! b: String }}
        enum E {{ ONE }}"
    )
}

#[test]
fn a_requirement_is_a_text() {
    refuses(&requires("[1]"), &[RequiresInvalidFieldsType]);
}

#[test]
fn a_requirement_is_a_selection_of_the_types_fields() {
    for fields in [
        "\"nope\"",
        "\"part\"",
        "\"far {\"",
        "\"sized(z: 1)\"",
        "\"sized(x: \\\"1\\\")\"",
        "\"sized(y: [{ b: \\\"x\\\" }])\"",
        "\"sized(e: TWO)\"",
    ] {
        refuses(&requires(fields), &[RequiresInvalidFields]);
    }
    composed(&requires("\"sized(x: 1, y: [{ a: 2 }], e: ONE) part { id }\""));
}

#[test]
fn a_requirement_comes_from_elsewhere() {
    refuses(&requires("\"own\""), &[RequiresFieldsMissingExternal]);
}

#[test]
fn a_requirement_has_no_directives() {
    refuses(&requires("\"far @skip(if: true)\""), &[RequiresDirectiveInFieldsArg]);
}

/// Two subgraphs, the first of which provides these fields.
fn provides(ty: &str, fields: &str) -> String {
    format!(
        "# a
        type Query {{ t: {ty} @provides(fields: {fields}) keeps: T @provides(fields: \"far\") }}
        type T @key(fields: \"id\") {{ id: ID! own: Int far: Int @external }}
        union Either = T
        # b
        type T @key(fields: \"id\") {{ id: ID! far: Int @shareable }}"
    )
}

#[test]
fn a_provision_is_a_selection_of_the_returned_types_fields() {
    refuses(&provides("T", "5"), &[ProvidesInvalidFieldsType]);
    refuses(&provides("T", "\"nope\""), &[ProvidesInvalidFields]);
    refuses(&provides("Int", "\"far\""), &[ProvidesOnNonObjectField]);
    composed(&provides("T", "\"far\""));
    composed(&provides("[T!]!", "\"far\""));
    composed(&provides("Either", "\"... on T { far }\""));
}

#[test]
fn a_provision_comes_from_elsewhere() {
    refuses(&provides("T", "\"own\""), &[ProvidesFieldsMissingExternal]);
}

#[test]
fn a_provision_has_no_directives_and_arguments() {
    refuses(
        &provides("T", "\"far @skip(if: true)\""),
        &[ProvidesDirectiveInFieldsArg],
    );
    let with_arguments = provides("T", "\"far\"").replace("far: Int", "far(x: Int): Int");
    refuses(&with_arguments, &[ProvidesFieldsHasArgs]);
}

#[test]
fn an_error_says_where_it_is() {
    let errors = refused("# a\n\ntype Query { t: T }\ntype T\n  @key(fields: \"nope\") { id: ID! }");

    let [error] = errors.as_slice() else {
        panic!("{errors:?}")
    };
    assert_eq!(error.subgraphs, ["a"]);
    assert_eq!((error.locations[0].line, error.locations[0].column), (5, 3));
    assert!(error.to_string().starts_with("[KEY_INVALID_FIELDS] [a] "), "{error}");
}
