//! Which fragments break when objects leave interfaces and unions.

use std::fmt::Write;

use apollo_compiler::{ExecutableDocument, Schema};
use federation_composition::diff::{RecordedOperation, Severity, diff_with_usage};
use proptest::{array::uniform3, prelude::*};

const MEDIA: &str = "
    type Query { search: Search node: Node titled: Titled film: Film }
    union Search = Film | Book
    interface Node { id: ID }
    interface Titled { title: String }
    type Film implements Node & Titled { id: ID title: String }
    type Book { title: String }
    type Show implements Titled { title: String }";
const OBJECTS: [&str; 3] = ["A", "B", "C"];
const ABSTRACT: [&str; 4] = ["I", "J", "U", "V"];

#[test]
fn a_fragment_that_only_the_type_that_left_an_interface_satisfied_breaks() {
    let new = MEDIA.replace("Node & Titled", "Node");

    check(&new, "{ search { ... on Titled { title } } }", Severity::Breaking);
    check(&new, "{ titled { ... on Node { id } } }", Severity::Breaking);
    check(
        &new,
        "{ titled { ...F } } fragment F on Search { __typename }",
        Severity::Breaking,
    );
    check(&new, "{ titled { ... on Show { title } } }", Severity::Safe);
    check(&new, "{ node { ... on Film { title } } }", Severity::Safe);
}

#[test]
fn a_fragment_that_only_the_type_that_left_a_union_satisfied_breaks() {
    let new = MEDIA.replace("Film | Book", "Book");

    check(&new, "{ node { ... on Search { __typename } } }", Severity::Breaking);
    check(&new, "{ film { ... on Search { __typename } } }", Severity::Breaking);
    check(&new, "{ search { ... on Titled { title } } }", Severity::Breaking);
    check(&new, "{ search { ... on Book { title } } }", Severity::Safe);
}

#[test]
fn a_fragment_that_passes_over_a_type_it_was_met_by_breaks_although_it_is_valid() {
    let old = MEDIA.replace("type Book", "type Book implements Titled");
    let new = old.replace("Node & Titled", "Node");

    assert_eq!(
        severity(&old, &new, "{ search { ... on Titled { title } } }"),
        Severity::Breaking
    );
    assert_eq!(
        severity(&old, &new, "{ titled { ... on Search { __typename } } }"),
        Severity::Safe
    );
}

#[test]
fn a_fragment_that_only_a_removed_type_satisfied_breaks() {
    let new = MEDIA
        .replace("film: Film", "")
        .replace("Film | Book", "Book")
        .replace("type Film implements Node & Titled { id: ID title: String }", "");

    check(&new, "{ node { ... on Titled { title } } }", Severity::Breaking);
    check(&new, "{ node { id } }", Severity::Safe);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn exactly_the_fragments_that_become_invalid_or_pass_over_something_break(
        (old, new) in (uniform3(0u8..16), uniform3(0u8..32)),
        (within, on) in (0usize..7, 0usize..7),
    ) {
        let within = *OBJECTS.iter().chain(&ABSTRACT).nth(within).unwrap();
        let on = *OBJECTS.iter().chain(&ABSTRACT).nth(on).unwrap();
        let text = format!("{{ {} {{ ... on {on} {{ __typename }} }} }}", within.to_lowercase());
        let (before, after) = (sdl(&old), sdl(&new));
        prop_assume!(is_valid(&before, &text));

        let severity = severity(&before, &after, &text);

        let is_passed_over = (0..3).any(|object| {
            let is = |all: &[u8; 3], ty: &str| is_a(object, all[object], ty);
            is(&old, within) && is(&old, on) && is(&new, within) && !is(&new, on)
        });
        let breaks = is_passed_over || !is_valid(&after, &text);
        prop_assert_eq!(severity == Severity::Breaking, breaks, "{}\n{}\n{}", text, before, after);
    }
}

/// A schema in which the bits of an object say which abstract types it belongs to; the fifth, that it is not there.
fn sdl(objects: &[u8; 3]) -> String {
    let mut sdl = String::from("interface I { x: Int } interface J { x: Int } type InU { x: Int } type InV { x: Int }");
    sdl.push_str(" type Query { i: I j: J u: U v: V ");
    let there = || OBJECTS.iter().enumerate().filter(|(at, _)| objects[*at] < 16);
    there().for_each(|(_, name)| write!(sdl, "{}: {name} ", name.to_lowercase()).unwrap());
    sdl.push('}');
    for (at, name) in there() {
        let interfaces = ["I", "J"].into_iter().filter(|ty| is_a(at, objects[at], ty));
        let implements = interfaces.map(|ty| format!("implements {ty} ")).collect::<String>();
        let implements = implements.replacen(" implements", " &", 1);
        write!(sdl, " type {name} {implements}{{ x: Int }}").unwrap();
    }
    for union in ["U", "V"] {
        let members = there().filter(|(at, _)| is_a(*at, objects[*at], union));
        let members: String = members.map(|(_, name)| format!(" | {name}")).collect();
        write!(sdl, " union {union} = In{union}{members}").unwrap();
    }
    sdl
}

fn is_a(object: usize, bits: u8, ty: &str) -> bool {
    let belongs = ABSTRACT
        .iter()
        .position(|it| *it == ty)
        .is_some_and(|at| bits & (1 << at) != 0);
    bits < 16 && (OBJECTS[object] == ty || belongs)
}

fn is_valid(sdl: &str, operation: &str) -> bool {
    let schema = Schema::parse_and_validate(sdl, "schema.graphql").unwrap();
    ExecutableDocument::parse_and_validate(&schema, operation, "operation.graphql").is_ok()
}

#[track_caller]
fn check(new: &str, operation: &str, expected: Severity) {
    assert_eq!(severity(MEDIA, new, operation), expected, "{operation}");
}

/// The worst of what a change means to whoever sent an operation.
pub(crate) fn severity(old: &str, new: &str, operation: &str) -> Severity {
    let recorded = RecordedOperation {
        text: Some(operation.to_owned()),
        fields: Vec::new(),
        count: 1,
    };
    let report = diff_with_usage(old, new, &[recorded]).unwrap();
    assert_eq!(report.ignored, [], "{operation}");
    report
        .changes
        .iter()
        .map(|it| it.severity)
        .min()
        .unwrap_or(Severity::Safe)
}
