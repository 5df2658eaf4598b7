//! Where errors point to.

use federation_composition::Location;

use crate::check::{refused, subgraphs};

#[test]
fn errors_of_one_subgraph_point_at_what_is_wrong() {
    points_at("# a\ntype Query {\n  x: Nope\n}", &["a: Nope"]);
    points_at("# a\ntype Query {\n  x Int\n}", &["a: Int", "a: }"]);
    points_at("# a\ntype Query {\n  x: Int @nope\n}", &["a: @nope"]);
    points_at(
        "# a\ntype Query {\n  x(\n    y: Int = \"z\"): Int\n}",
        &["a: \"z\"): Int"],
    );
    points_at(
        "# a\nextend schema\n  @link(url: \"nonsense\")\ntype Query { x: Int }",
        &["a: @link(url: \"nonsense\")"],
    );
    points_at(
        "# a\nschema { query: Q }\ntype Q { x: Int }\ntype\n  Query { x: Int }",
        &["a: Query { x: Int }"],
    );
}

#[test]
fn errors_of_federation_point_at_the_directive_or_the_field() {
    let product = "# a\ntype Query { product: Product }\ntype Product @key(fields: \"id\") {\n  id: ID!";
    points_at(
        "# a\ntype Query { t: T }\ntype T\n  @key(fields: \"no\") {\n  id: ID!\n}",
        &["a: @key(fields: \"no\") {"],
    );
    points_at(
        &format!("{product}\n  x: Int\n  y: Int\n    @requires(fields: \"x\")\n}}"),
        &["a: @requires(fields: \"x\")"],
    );
    points_at(&format!("{product}\n  x: Int @external\n}}"), &["a: x: Int @external"]);
    points_at(
        &format!("{product}\n}}\nextend type Product {{\n  x: Int @external\n}}"),
        &["a: x: Int @external"],
    );
    points_at("# a\ntype Query { t: T }\nextend type T {\n  x: Int\n}", &["a: T {"]);
}

#[test]
fn errors_of_several_subgraphs_point_into_each() {
    points_at(
        "# a\ntype Query { x: Int }\n# b\ntype Query {\n  x: Int\n}",
        &["a: x: Int }", "b: x: Int"],
    );
    points_at(
        "# a\ntype Query { t: T }\ntype T { x: Int }\n# b\n\nscalar T",
        &["a: T { x: Int }", "b: T"],
    );
    points_at(
        "# a\ntype Query {\n  x(y: Int): Int @shareable\n}\n# b\ntype Query { x(y: ID): Int @shareable }",
        &["a: y: Int): Int @shareable", "b: y: ID): Int @shareable }"],
    );
}

#[test]
fn what_is_hidden_where_it_cannot_be_is_pointed_at() {
    points_at(
        "# a\ntype Query { t: T }\ntype T\n  @inaccessible { x: Int }",
        &["a: @inaccessible { x: Int }"],
    );
    points_at(
        "# a\ntype Query {\n  x(y: Int! @inaccessible): Int\n}",
        &["a: @inaccessible): Int"],
    );
    points_at(
        "# a\ntype Query { u: U }\ntype\n  U { x: Int @inaccessible }",
        &["a: U { x: Int @inaccessible }"],
    );
    points_at(
        "# a\ntype Query { x(e: E = B): E }\nenum E {\n  A\n  B @inaccessible\n}",
        &["a: @inaccessible"],
    );
}

#[test]
fn columns_are_characters_and_lines_are_those_of_graphql() {
    points_at("# a\ntype Query {\n  \"Grüße 🎉\" x: Nope\n}", &["a: Nope"]);
    points_at("# a\n\"one\u{2028}line\u{b}\" type Query {\n  x: Nope\n}", &["a: Nope"]);
    points_at("# a\ntype Query {\r  x: Nope\r}", &["a: Nope"]);
}

/// Checks the places of all errors: a subgraph, and the text that begins there.
#[track_caller]
fn points_at(text: &str, expected: &[&str]) {
    let subgraphs = subgraphs(text);
    let place = |at: &Location| {
        let subgraph = subgraphs.iter().find(|it| it.name == at.subgraph).unwrap();
        let line = subgraph.sdl.split(['\n', '\r']).nth(at.line - 1).unwrap();
        let rest: String = line.chars().skip(at.column - 1).collect();
        format!("{}: {rest}", at.subgraph)
    };
    let errors = refused(text);
    let found: Vec<_> = errors.iter().flat_map(|it| it.locations.iter().map(place)).collect();
    assert_eq!(found, expected, "{errors:#?}");
}
