//! What linked specifications and their elements may be called.

use federation_composition::Code::*;

use crate::check::{composed, refused, refuses};

const FEDERATION: &str = r#"@link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])"#;

/// A subgraph that links another specification with these arguments.
fn other(arguments: &str) -> String {
    linked(&format!(
        "{FEDERATION} @link(url: \"https://example.org/x/v1.0\"{arguments})"
    ))
}

fn linked(links: &str) -> String {
    format!("# a: as it is\nextend schema {links}\ntype Query {{ t: Int }}")
}

#[test]
fn a_name_is_one_from_which_elements_can_be_told_apart() {
    for right in ["x1", "_x", "x-y", "Query"] {
        composed(&other(&format!(", as: \"{right}\"")));
    }
    for wrong in ["", "1x", "a__b", "a_", "a b", "@a", "link", "federation"] {
        refuses(&other(&format!(", as: \"{wrong}\"")), &[InvalidLinkDirectiveUsage]);
    }
}

#[test]
fn what_is_imported_from_federation_is_known_whatever_federation_is_called() {
    for name in ["fed", "my-fed", "fed.2"] {
        let links = FEDERATION.replace(", import", &format!(", as: \"{name}\", import"));
        let entity = "type T @key(fields: \"id\") { id: ID! }";
        let definition = "directive @key(fields: String!, resolvable: Boolean) repeatable on OBJECT | INTERFACE";

        composed(&format!("{}\n{entity}", linked(&links)));
        composed(&format!("{}\n{entity}\n{definition}", linked(&links)));
        refuses(
            &format!("{}\n{}", linked(&links), entity.replace("@key", "@keys")),
            &[InvalidGraphql],
        );
    }
}

#[test]
fn an_import_has_a_name_that_nothing_else_could_have() {
    for right in [
        r#""@a", "@a", "b""#,
        r#"{ name: "@a", as: "@x__a" }"#,
        r#""@x""#,
        r#""y__a""#,
    ] {
        composed(&other(&format!(", import: [{right}]")));
    }
    for wrong in [
        r#"{ name: "@a", as: "@b" }, "@b""#,
        r#"{ name: "@a", as: "@x" }"#,
        r#"{ name: "A", as: "x__B" }"#,
        r#""@link""#,
        r#""@link__a""#,
        r#""@federation""#,
        r#"{ name: "@a", as: "@federation__key" }"#,
        r#"{ name: "@a", as: null }"#,
        r#"{ name: "@a", as: "@a", to: "@b" }"#,
    ] {
        refuses(&other(&format!(", import: [{wrong}]")), &[InvalidLinkDirectiveUsage]);
    }
}

#[test]
fn no_directive_of_federation_has_the_name_of_one_of_graphql() {
    let import =
        |alias: &str| linked(&FEDERATION.replace("\"@key\"", &format!("{{ name: \"@key\", as: \"{alias}\" }}")));

    composed(&import("@primary"));
    for wrong in ["@skip", "@deprecated", "@specifiedBy"] {
        refuses(&import(wrong), &[DirectiveDefinitionInvalid]);
    }
}

#[test]
fn a_url_ends_with_a_name_and_a_version() {
    let url = |url: &str| linked(&format!("{FEDERATION} @link(url: \"{url}\")"));

    for right in [
        "http://example.org:80/a/b/x/v1.20",
        "https://example.org/x/v1.0?a=b",
        "https://example.org/x/v1.0#@a",
    ] {
        composed(&url(right));
    }
    for wrong in [
        "https://example.org/x",
        "https://example.org/x/",
        "https://example.org/x/v1.0/",
        "https://example.org/v1.0",
        "https://example.org/x//v1.0",
        "https:///x/v1.0",
        "https://exam ple.org/x/v1.0",
        "https://example.org/x/v1",
        "https://example.org/x/v1.+2",
    ] {
        refuses(&url(wrong), &[InvalidLinkIdentifier]);
    }
}

#[test]
fn a_name_that_an_import_has_replaced_is_told_with_the_one_that_replaced_it() {
    let text = other(", import: [{ name: \"@a\", as: \"@b\" }]");
    let definitions = "directive @b on FIELD_DEFINITION\ndirective @x__a on FIELD_DEFINITION";

    let errors = refused(&format!("{}\n{definitions}", text.replace("t: Int", "t: Int @x__a")));

    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].code, InvalidLinkDirectiveUsage);
    assert!(errors[0].message.contains("\"@x__a\" is used"), "{errors:?}");
    assert!(
        errors[0].message.contains("imported as \"@b\": use that name"),
        "{errors:?}"
    );
    composed(&format!("{}\n{definitions}", text.replace("t: Int", "t: Int @b")));
}

#[test]
fn another_directive_called_link_may_mean_anything() {
    composed(
        "# a: as it is
        directive @link(url: String, as: String) repeatable on SCHEMA
        extend schema @link(url: \"https://example.org\", as: \"my__home\") @link(url: \"https://example.org/x\")
        type Query { t: Int }",
    );
}
