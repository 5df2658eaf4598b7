//! Access requirements and contexts.

use federation_composition::Code::*;

use crate::check::{composed, has, refused, refuses};

#[test]
fn computed_fields_are_as_protected_as_what_they_are_computed_from() {
    let text = |own: &str, theirs: &str| {
        format!(
            "# a\ntype Query {{ t: T }}\ntype T @key(fields: \"id\") {{ id: ID! u: U @external y: Int @requires(fields: \"u {{ x }}\") {own} }}\ntype U {{ x: Int @external }}
            # b\ntype T @key(fields: \"id\") {{ id: ID! u: U }}\ntype U {theirs}"
        )
    };
    let scoped = "@requiresScopes(scopes: [[\"a\"]]) { x: Int @requiresScopes(scopes: [[\"b\"], [\"c\"]]) }";

    refuses(
        &text("", "{ x: Int @authenticated }"),
        &[MissingTransitiveAuthRequirements],
    );
    composed(&text("@authenticated", "{ x: Int @authenticated }"));
    refuses(
        &text("@requiresScopes(scopes: [[\"a\"]])", scoped),
        &[MissingTransitiveAuthRequirements],
    );
    refuses(
        &text("@requiresScopes(scopes: [[\"a\", \"b\"], [\"c\"]])", scoped),
        &[MissingTransitiveAuthRequirements],
    );
    composed(&text("@requiresScopes(scopes: [[\"a\", \"b\", \"d\"]])", scoped));
    refuses(
        &text(
            "@policy(policies: [[\"q\"]])",
            "{ x: Int @policy(policies: [[\"p\"]]) }",
        ),
        &[MissingTransitiveAuthRequirements],
    );
}

#[test]
fn a_field_of_an_interface_object_is_computed_for_each_type_alone() {
    let text = |of_type: &str, own: &str| {
        format!(
            "# a
            type Query {{ i: I b: B }}
            interface I @key(fields: \"id\") {{ id: ID! x: Int }}
            type A implements I @key(fields: \"id\") @authenticated {{ id: ID! x: Int @authenticated }}
            type B implements I @key(fields: \"id\") {of_type} {{ id: ID! x: Int @authenticated }}
            # b
            type I @interfaceObject @key(fields: \"id\") {{ id: ID! x: Int @external y: Int @requires(fields: \"x\") {own} }}"
        )
    };

    refuses(&text("", ""), &[MissingTransitiveAuthRequirements]);
    composed(&text("@authenticated", ""));
    composed(&text("", "@authenticated"));
}

#[test]
fn a_context_is_as_protected_as_the_type_that_sets_it() {
    let text = |field: &str| {
        context(field).replace(
            "type T @key(fields: \"id\")",
            "type T @key(fields: \"id\") @authenticated",
        )
    };
    let field = "f(x: String @fromContext(field: \"$ctx { name }\")): Int";

    refuses(&text(field), &[MissingTransitiveAuthRequirements]);
    composed(&text(&format!("{field} @authenticated")));
}

#[test]
fn interfaces_are_as_protected_as_all_types_behind_them() {
    let composition = composed(
        "# a
        type Query { i: I }
        interface I { x: Int }
        type A implements I @requiresScopes(scopes: [[\"a\"], [\"b\"]]) { x: Int @authenticated }
        type B implements I @requiresScopes(scopes: [[\"c\"]]) { x: Int }",
    );

    has(
        &composition,
        &[
            "interface I @join__type(graph: A) @requiresScopes(scopes: [[\"a\", \"c\"], [\"b\", \"c\"]]) {",
            "x: Int @authenticated",
        ],
    );
}

/// A subgraph where `U.f` reads a context that `T` and `S` set.
fn context(field: &str) -> String {
    format!(
        "# a
        type Query {{ t: T s: S }}
        type T @key(fields: \"id\") @context(name: \"ctx\") {{ id: ID! u: U! name: String! tags: [String!]! maybe: String inner: Inner }}
        type S @key(fields: \"id\") @context(name: \"ctx\") {{ id: ID! u: U! name: String! inner: Inner }}
        type Inner {{ name: String }}
        type U @key(fields: \"id\") {{ id: ID! {field} }}"
    )
}

#[test]
fn a_context_yields_one_fitting_value() {
    for right in ["$ctx { name }", "$ctx ... on T { name } ... on S { inner { name } }"] {
        composed(&context(&format!("f(x: String @fromContext(field: \"{right}\")): Int")));
    }
    for wrong in [
        "$ctx { nope }",
        "$ctx { maybe }",
        "$ctx { name id }",
        "$ctx { n: name }",
        "$ctx { name @skip(if: true) }",
        "$ctx ... on T { name }",
        "$ctx { id }",
        "$ctx { name",
        "$ctx ... on T { name } id",
    ] {
        refuses(
            &context(&format!("f(x: String @fromContext(field: \"{wrong}\")): Int")),
            &[ContextInvalidSelection],
        );
    }
}

#[test]
fn an_argument_that_a_context_fills_can_be_null() {
    for (ty, selection) in [
        ("String!", "{ name }"),
        ("String!", "{ inner { name } }"),
        ("String!", "... on T { name } ... on S { name }"),
    ] {
        let errors = refused(&context(&format!(
            "f(x: {ty} @fromContext(field: \"$ctx {selection}\")): Int"
        )));
        assert_eq!(errors[0].code, ContextInvalidSelection, "{errors:?}");
        assert!(errors[0].message.contains("cannot be null"), "{errors:?}");
    }
}

#[test]
fn a_context_is_named_and_set() {
    for missing in ["name", "$ctx", "{ name }", "$ { name }"] {
        refuses(
            &context(&format!("f(x: String @fromContext(field: \"{missing}\")): Int")),
            &[NoContextInSelection],
        );
    }
    refuses(
        &context("f(x: String @fromContext(field: \"$nope { name }\")): Int"),
        &[ContextNotSet],
    );
    refuses(
        &context("f(x: String = \"x\" @fromContext(field: \"$ctx { name }\")): Int"),
        &[ContextNotSet],
    );
    for wrong in ["", "a_b", "_a", "1a", "a b"] {
        refuses(
            &format!("# a\ntype Query {{ x: T }}\ntype T @context(name: \"{wrong}\") {{ x: Int }}"),
            &[ContextNameInvalid],
        );
    }
}

#[test]
fn a_context_is_read_by_fields_of_entities() {
    let field = "f(x: String @fromContext(field: \"$ctx { name }\")): Int";
    let unresolvable = context(field).replace(
        "type U @key(fields: \"id\")",
        "type U @key(fields: \"id\", resolvable: false)",
    );
    refuses(&unresolvable, &[ContextNoResolvableKey]);
    let implementing = context(field).replace("type U", "interface I { f(x: String): Int }\n type U implements I");
    refuses(&implementing, &[ContextNotSet]);
    let abstracted = format!("{}\ninterface I {{ {field} }}", context(""));
    refuses(&abstracted.replace("id: ID!  }", "id: ID! }"), &[ContextNotSet]);
    let directive = format!(
        "{}\ndirective @d(x: String @fromContext(field: \"$ctx {{ name }}\")) on FIELD",
        context("")
    );
    refuses(&directive, &[ContextNotSet]);
}

#[test]
fn a_contextual_argument_is_optional_elsewhere() {
    let text = |argument: &str| {
        let field = "f(x: String @fromContext(field: \"$ctx { name }\")): Int @shareable";
        format!(
            "{}\n# b\ntype U @key(fields: \"id\") {{ id: ID! f{argument}: Int @shareable }}",
            context(field)
        )
    };

    composed(&text(""));
    composed(&text("(x: String)"));
    refuses(&text("(x: String!)"), &[ContextualArgumentNotContextualInAllSubgraphs]);
}
