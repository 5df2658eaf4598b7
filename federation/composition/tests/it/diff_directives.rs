//! When an applied directive counts as another one.

use federation_composition::diff::diff;

/// What it means that a field carries something else.
fn changes(old: &str, new: &str) -> Vec<String> {
    let with = |usage: &str| {
        format!(
            "directive @d(n: Any, of: Of, text: String) on FIELD_DEFINITION scalar Any
             input Of {{ a: Int b: [Int] }} type Query {{ a: Int {usage} }}"
        )
    };
    let changes = diff(&with(old), &with(new)).unwrap();
    changes.iter().map(|it| it.code.to_string()).collect()
}

#[test]
fn what_a_directive_is_given_is_the_same_however_it_is_written() {
    for (old, new) in [
        ("@d(n: 1.0)", "@d(n: 1.00)"),
        ("@d(n: [100, -0.5, 0])", "@d(n: [1e2, -50E-2, -0.0])"),
        ("@d(of: {a: 1, b: [2]})", "@d(of: {b: [2], a: 1})"),
        ("@d(text: \"a\\nb\")", "@d(text: \"\"\"\n  a\n  b\n\"\"\")"),
        ("@d(n: 1, text: \"a\")", "@d(text: \"a\", n: 1)"),
    ] {
        assert_eq!(changes(old, new), [""; 0], "{old} {new}");
    }
}

#[test]
fn what_a_directive_is_given_is_another_where_it_means_something_else() {
    for (old, new) in [
        ("@d(n: 0.1234567890123456788)", "@d(n: 0.1234567890123456789)"),
        ("@d(n: 1e998)", "@d(n: 1e999)"),
        ("@d(n: 1)", "@d(n: -1)"),
        ("@d(n: 1)", "@d(n: 10)"),
        ("@d(of: {b: [1, 2]})", "@d(of: {b: [2, 1]})"),
        ("@d(text: \"1.0\")", "@d(text: \"1.00\")"),
        ("@d(n: 1)", "@d(n: 1, text: null)"),
    ] {
        let changed = ["DIRECTIVE_USAGE_ADDED", "DIRECTIVE_USAGE_REMOVED"];
        assert_eq!(changes(old, new), changed, "{old} {new}");
    }
}
