//! Access requirements of several places put together.

use federation_composition::Code::*;

use crate::check::{composed, has, refused, refuses};

/// Two subgraphs that share a field with these scopes.
fn scopes(a: &str, b: &str) -> String {
    let part = |name: &str, scopes: &str| {
        format!("# {name}\ntype Query {{ x: Int @shareable @requiresScopes(scopes: {scopes}) }}\n")
    };
    part("a", a) + &part("b", b)
}

#[test]
fn an_empty_list_asks_for_nothing() {
    let merged = composed(&scopes("[]", "[[\"a\"]]"));
    let open = composed(&scopes("[]", "[[]]"));

    has(&merged, &["x: Int @requiresScopes(scopes: [[\"a\"]])"]);
    has(&open, &["x: Int @requiresScopes(scopes: [[]])"]);
}

#[test]
fn what_is_no_list_of_lists_of_texts_asks_for_no_less() {
    for (written, merged) in [
        ("[\"a\", \"b\"]", "[[\"a\", \"c\"], [\"b\", \"c\"]]"),
        ("\"a\"", "[[\"a\", \"c\"]]"),
        ("[[1, a]]", "[[\"1\", \"a\", \"c\"]]"),
    ] {
        let composition = composed(&scopes(written, "[[\"c\"]]"));

        has(&composition, &[&format!("x: Int @requiresScopes(scopes: {merged})")]);
    }
}

/// An interface whose types each ask for one of two scopes of their own.
fn pairs(count: usize) -> String {
    let types = (0..count).map(|number| {
        format!(
            "type T{number} implements I @requiresScopes(scopes: [[\"a{number}\"], [\"b{number}\"]]) {{ x: Int }}\n"
        )
    });
    format!(
        "# a\ntype Query {{ i: I }}\ninterface I {{ x: Int }}\n{}",
        types.collect::<String>()
    )
}

#[test]
fn requirements_without_anything_in_common_are_refused_before_they_multiply() {
    composed(&pairs(9));
    for count in [10, 60] {
        let errors = refused(&pairs(count));

        assert_eq!(errors.len(), 1, "{errors:#?}");
        assert_eq!(errors[0].code, UnsupportedFeature);
        assert!(
            errors[0].message.contains("\"I\" has more than 1000 alternatives"),
            "{}",
            errors[0]
        );
    }
}

#[test]
fn what_a_field_and_its_type_ask_for_together_has_an_end_too() {
    let many = |letter: char| {
        let alternatives = (0..40)
            .map(|number| format!("[\"{letter}{number}\"]"))
            .collect::<Vec<_>>();
        format!("@requiresScopes(scopes: [{}])", alternatives.join(", "))
    };

    refuses(
        &format!(
            "# a\ntype Query {{ t: T }}\ntype T @key(fields: \"id\") {{ id: ID! x: Int }}
            # b\ntype T @key(fields: \"id\") {} {{ id: ID! x: Int @external y: Int @requires(fields: \"x\") {} }}",
            many('t'),
            many('f')
        ),
        &[UnsupportedFeature],
    );
}

#[test]
fn the_same_alternatives_in_another_order_are_no_more() {
    let list = |numbers: &mut dyn Iterator<Item = usize>| {
        let alternatives = numbers.map(|number| format!("[\"{number:02}\"]")).collect::<Vec<_>>();
        format!("[{}]", alternatives.join(", "))
    };
    let (up, down) = (list(&mut (0..90)), list(&mut (0..90).rev()));

    let composition = composed(&scopes(&up, &down));

    has(&composition, &[&format!("x: Int @requiresScopes(scopes: {up})")]);
}

#[test]
fn a_type_that_has_the_field_of_an_interface_object_is_protected_like_it() {
    let composition = composed(
        "# a
        type Query { i: I a: A }
        interface I @key(fields: \"id\") { id: ID! }
        type A implements I @key(fields: \"id\") { id: ID! x: Int @shareable @requiresScopes(scopes: [[\"a\"]]) }
        type B implements I @key(fields: \"id\") { id: ID! }
        # b
        type I @interfaceObject @key(fields: \"id\") { id: ID! x: Int @shareable @authenticated @requiresScopes(scopes: [[\"i\"]]) }",
    );

    has(
        &composition,
        &[
            "x: Int @authenticated @requiresScopes(scopes: [[\"a\", \"i\"]])",
            "x: Int @join__field @authenticated @requiresScopes(scopes: [[\"i\"]])",
            "x: Int @join__field(graph: B) @authenticated @requiresScopes(scopes: [[\"a\", \"i\"]])",
        ],
    );
}

#[test]
fn a_type_of_two_interfaces_is_protected_like_both() {
    let composition = composed(
        "# a
        type Query { i: I j: J }
        interface I @key(fields: \"id\") { id: ID! }
        interface J @key(fields: \"id\") { id: ID! }
        type A implements I & J @key(fields: \"id\") { id: ID! }
        # b
        type I @interfaceObject @key(fields: \"id\") { id: ID! x: Int @shareable @policy(policies: [[\"i\"]]) }
        # c
        type J @interfaceObject @key(fields: \"id\") { id: ID! x: Int @shareable @policy(policies: [[\"j\"]]) }",
    );

    has(
        &composition,
        &["x: Int @join__field @policy(policies: [[\"i\", \"j\"]])"],
    );
}
