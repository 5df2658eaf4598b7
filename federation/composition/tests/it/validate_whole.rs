//! What must hold of all subgraphs together, apart from how elements merge.

use federation_composition::{Code::*, HintCode};

use crate::check::{composed, has, hints, refused, refuses};

#[test]
fn an_extension_has_a_base() {
    refuses(
        "# a\ntype Query { t: T }\nextend type T { x: Int }",
        &[ExtensionWithNoBase],
    );
    composed(
        "# a\ntype Query { t: T }\nextend type T @key(fields: \"id\") { id: ID! @external }\n# b\ntype T @key(fields: \"id\") { id: ID! }",
    );
}

#[test]
fn a_type_has_one_kind() {
    let errors = refused("# a\ntype Query { t: T }\ntype T { x: Int }\n# b\ninterface T { x: Int }");

    assert_eq!(
        errors.iter().map(|error| error.code).collect::<Vec<_>>(),
        [TypeKindMismatch]
    );
    assert_eq!(errors[0].subgraphs, ["a", "b"]);
    assert_eq!(errors[0].locations.len(), 2);
}

#[test]
fn an_interface_has_its_fields_on_all_implementations() {
    refuses(
        "# a\ntype Query { i: I }\ninterface I { x: Int y: Int }\ntype A implements I { x: Int y: Int }
        # b\ntype Query { b: I }\ninterface I { x: Int }\ntype B implements I { x: Int }",
        &[InterfaceFieldNoImplem],
    );
}

#[test]
fn an_implementation_stays_one_after_merging() {
    refuses(
        "# a\ntype Query { i: I }\ninterface I { x: J }\ninterface J { y: Int }\ntype A implements I @shareable { x: B }\ntype B implements J @shareable { y: Int }
        # b\ntype Query { b: A }\nunion U = B\ntype A @shareable { x: U }\ntype B @shareable { y: Int }",
        &[InvalidGraphql],
    );
}

#[test]
fn a_key_of_an_interface_is_on_all_implementations() {
    let text = |key: &str| {
        format!(
            "# a\ntype Query {{ i: I }}\ninterface I @key(fields: \"id x\") {{ id: ID! x: Int }}\ntype A implements I {key} {{ id: ID! x: Int }}"
        )
    };

    refuses(&text(""), &[InterfaceKeyNotOnImplementation]);
    refuses(
        &text("@key(fields: \"id x\", resolvable: false)"),
        &[InterfaceKeyNotOnImplementation],
    );
    composed(&text("@key(fields: \"x id\")"));
}

#[test]
fn a_subgraph_with_a_key_on_an_interface_knows_all_implementations() {
    refuses(
        "# a\ntype Query { i: I }\ninterface I @key(fields: \"id\") { id: ID! }\ntype A implements I @key(fields: \"id\") { id: ID! }
        # b\ninterface I { id: ID! }\ntype B implements I @key(fields: \"id\") { id: ID! }",
        &[InterfaceKeyMissingImplementationType],
    );
}

#[test]
fn an_interface_object_is_an_entity_and_an_interface_elsewhere() {
    let interface = "# a\ntype Query { i: I }\ninterface I @key(fields: \"id\") { id: ID! }\ntype A implements I @key(fields: \"id\") { id: ID! }\n# b\n";
    let object = "type I @interfaceObject @key(fields: \"id\") { id: ID! x: Int }";

    composed(&format!("{interface}{object}"));
    refuses(
        &format!("{interface}type I @interfaceObject {{ id: ID! x: Int }}"),
        &[InterfaceObjectUsageError],
    );
    refuses(
        &format!("{interface}{object}\ntype A {{ y: Int }}"),
        &[InterfaceObjectUsageError],
    );
    refuses(
        &format!("# a\ntype Query {{ i: I }}\n{object}"),
        &[InterfaceObjectUsageError],
    );
    refuses(
        &format!("{interface}type I @interfaceObject @key(fields: \"id\") {{ id: ID! x: Int @override(from: \"a\") }}")
            .replace("{ id: ID! }\n#", "{ id: ID! x: Int }\n#"),
        &[OverrideCollisionWithAnotherDirective, InvalidFieldSharing],
    );
}

#[test]
fn external_fields_look_like_what_they_stand_for() {
    let text = |theirs: &str| {
        format!(
            "# a\ntype Query {{ t: T }}\ntype T @key(fields: \"id\") {{ id: ID! y: Int @requires(fields: \"x\") {theirs} }}
            # b\ntype T @key(fields: \"id\") {{ id: ID! x(n: Int = 1): Int }}"
        )
    };

    composed(&text("x(n: Int = 1): Int @external"));
    refuses(&text("x(n: Int = 1): Int! @external"), &[ExternalTypeMismatch]);
    refuses(&text("x: Int @external"), &[ExternalArgumentMissing]);
    refuses(
        &text("x(n: String = \"1\"): Int @external"),
        &[ExternalArgumentTypeMismatch, ExternalArgumentDefaultMismatch],
    );
    refuses(
        &text("x(n: Int = 2): Int @external"),
        &[ExternalArgumentDefaultMismatch],
    );
}

#[test]
fn somebody_resolves_an_external_field() {
    refuses(
        "# a\ntype Query { t: T }\ntype T @key(fields: \"id\") { id: ID! x: Int @external y: Int @requires(fields: \"x\") }",
        &[ExternalMissingOnBase],
    );
}

#[test]
fn an_interface_object_resolves_an_external_field_too() {
    let text = |x: &str| {
        format!(
            "# a
            type Query {{ i: I }}
            interface I @key(fields: \"id\") {{ id: ID! }}
            type A implements I @key(fields: \"id\") {{ id: ID! x(n: Int): Int @external y: Int @requires(fields: \"x(n: 1)\") }}
            # b
            type I @interfaceObject @key(fields: \"id\") {{ id: ID! {x} }}"
        )
    };

    let composition = composed(&text("x(n: Int): Int"));

    has(
        &composition,
        &[
            "x(n: Int): Int @join__field(graph: A, external: true)",
            "x(n: Int): Int @join__field(graph: B)",
        ],
    );
    refuses(&text("z: Int"), &[ExternalMissingOnBase]);
}

#[test]
fn what_an_interface_object_resolves_is_not_moved_to_one_type() {
    let text = |from: &str| {
        format!(
            "# a
            type Query {{ i: I a: A }}
            interface I @key(fields: \"id\") {{ id: ID! }}
            type A implements I @key(fields: \"id\") {{ id: ID! x: Int @override(from: \"{from}\") @shareable }}
            # b
            type I @interfaceObject @key(fields: \"id\") {{ id: ID! x: Int @shareable }}
            # c
            type I @interfaceObject @key(fields: \"id\") {{ id: ID! z: Int }}"
        )
    };

    refuses(&text("b"), &[OverrideCollisionWithAnotherDirective]);
    assert!(hints(&composed(&text("c"))).contains(&HintCode::OverrideDirectiveCanBeRemoved));
}

#[test]
fn what_is_hidden_is_not_needed_by_what_is_visible() {
    for (schema, code) in [
        ("type Query @inaccessible { x: Int }", QueryRootTypeInaccessible),
        ("type Query { x: Int @inaccessible }", OnlyInaccessibleChildren),
        (
            "type Query { x: T }\ntype T @inaccessible { x: Int }",
            ReferencedInaccessible,
        ),
        (
            "type Query { x(e: E): Int }\nenum E @inaccessible { A }",
            ReferencedInaccessible,
        ),
        (
            "type Query { x: T }\ntype T { x: Int @inaccessible }",
            OnlyInaccessibleChildren,
        ),
        (
            "type Query { x: E }\nenum E { A @inaccessible }",
            OnlyInaccessibleChildren,
        ),
        (
            "type Query { x: U }\nunion U = T\ntype T @inaccessible { x: Int }",
            OnlyInaccessibleChildren,
        ),
        (
            "type Query { x(i: In): Int }\ninput In { a: Int @inaccessible }",
            OnlyInaccessibleChildren,
        ),
        (
            "type Query { x(i: In): Int }\ninput In { a: Int! @inaccessible b: Int }",
            RequiredInaccessible,
        ),
        ("type Query { x(a: Int! @inaccessible): Int }", RequiredInaccessible),
        (
            "type Query { x(e: [E] = [A]): Int }\nenum E { A @inaccessible B }",
            DefaultValueUsesInaccessible,
        ),
        (
            "type Query { x(i: In = { a: 1 }): Int }\ninput In { a: Int @inaccessible b: Int }",
            DefaultValueUsesInaccessible,
        ),
        (
            "type Query { x: I }\ninterface I { a: Int }\ntype T implements I { a: Int @inaccessible b: Int }",
            ImplementedByInaccessible,
        ),
        (
            "type Query { x: I }\ninterface I { a(n: Int): Int }\ntype T implements I { a(n: Int @inaccessible): Int }",
            ImplementedByInaccessible,
        ),
    ] {
        refuses(&format!("# a\n{schema}"), &[code]);
    }
}

#[test]
fn the_api_has_nothing_that_is_hidden() {
    let composition = composed(
        "# a
        type Query { x(a: Int, b: Int @inaccessible): E y: Int @inaccessible t: T }
        enum E { A B @inaccessible }
        interface I @inaccessible { id: ID! }
        type T implements I @tag(name: \"x\") { id: ID! @deprecated(reason: \"old\") }
        type Hidden @inaccessible { x: Int }",
    );

    let expected = "schema {\n  query: Query\n}\n\nenum E {\n  A\n}\n\ntype Query {\n  x(a: Int): E\n  t: T\n}\n\ntype T {\n  id: ID! @deprecated(reason: \"old\")\n}\n";
    assert_eq!(composition.api_sdl, expected);
}
