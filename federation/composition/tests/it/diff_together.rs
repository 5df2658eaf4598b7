//! What it means that a field can no longer be null, to an operation that asks for it under one name with another.

use apollo_compiler::{ExecutableDocument, Schema};
use federation_composition::diff::{Change, RecordedOperation, Severity, diff, diff_with_usage};

use crate::diff_spreads::severity;

const MEDIA: &str = "
    type Query { search: Search film: Film }
    union Search = Film | Book
    type Film { title: String length: Int maker: Maker }
    type Book { title: String pages: Int author: Author }
    type Maker { name: String }
    type Author { name: String }";
/// Operations that are valid whatever of `schema` can be null.
const OPERATIONS: [&str; 9] = [
    "{ u { ... on A { f } ... on B { f } } }",
    "{ u { ... on A { n: f } ... on B { n: g } } }",
    "{ u { ... on A { x { n } } ... on B { x: y { n } } } }",
    "{ u { ...A ...B } } fragment A on A { x { ...X } } fragment X on X { n } fragment B on B { x: y { n: m } }",
    "{ u { ... on A { x { n } } ... on B { y { n } } } }",
    "{ u { ... on A { k: f } ... on B { f } } }",
    "{ i { ... on A { f } ... on I { __typename } ... on B { f } } }",
    "{ a { f } b { f } }",
    "{ i { ...F } j: i { ...F } } fragment F on I { ... on A { x { n } } ... on B { y { n: m } } }",
];

#[test]
fn a_field_that_can_no_longer_be_null_is_dangerous_where_another_can_stand_beside_it() {
    let new = MEDIA.replace("type Film { title: String", "type Film { title: String!");

    let change = only(&diff(MEDIA, &new).unwrap());

    assert_eq!(change.severity, Severity::Dangerous);
    assert!(change.message.contains("`Book.title` under one name"), "{change:?}");
}

#[test]
fn a_field_that_can_no_longer_be_null_is_safe_where_nothing_alike_stands_beside_it() {
    let alone = MEDIA
        .replace("search: Search", "")
        .replace("union Search = Film | Book", "");
    let everywhere = MEDIA
        .replace("title: String", "title: String!")
        .replace("name: String", "name: String!");
    let length = MEDIA
        .replace("length: Int", "length: Int!")
        .replace("pages: Int", "pages: Int!");

    let changes = [
        diff(&alone, &alone.replace("title: String", "title: String!")),
        diff(MEDIA, &everywhere),
        diff(MEDIA, &length),
    ];

    for change in changes.into_iter().flat_map(Result::unwrap) {
        assert_eq!(change.severity, Severity::Safe, "{change:?}");
    }
}

#[test]
fn it_breaks_if_an_operation_asks_for_both_under_one_name() {
    let new = MEDIA.replace("type Film { title: String", "type Film { title: String!");

    let broken = judged(&new, "{ search { ... on Film { title } ... on Book { title } } }");
    let renamed = judged(&new, "{ search { ... on Film { title } ... on Book { t: title } } }");
    let below = judged(
        &MEDIA.replace("type Maker { name: String", "type Maker { name: String!"),
        "{ search { ... on Film { by: maker { name } } ... on Book { by: author { name } } } }",
    );

    assert_eq!(broken.severity, Severity::Breaking);
    assert_eq!(
        broken.reason.as_deref(),
        Some("recorded operations use it: 1, in requests: 2")
    );
    assert_eq!(renamed.severity, Severity::Safe);
    assert_eq!(renamed.reason.as_deref(), Some("no recorded operation uses it"));
    assert_eq!(below.severity, Severity::Breaking);
}

#[test]
fn an_operation_whose_text_is_not_known_may_have_asked_for_both_under_one_name() {
    let new = MEDIA.replace("type Film { title: String", "type Film { title: String!");
    let severity = |fields: &[&str]| {
        let recorded = RecordedOperation {
            text: None,
            fields: fields.iter().map(ToString::to_string).collect(),
            count: 1,
        };
        only(&diff_with_usage(MEDIA, &new, &[recorded]).unwrap().changes).severity
    };

    assert_eq!(severity(&["Film.title", "Book.title"]), Severity::Breaking);
    assert_eq!(severity(&["Film.title", "Book.pages"]), Severity::Safe);
    assert_eq!(severity(&["Film.title"]), Severity::Safe);
}

#[test]
fn exactly_the_operations_that_become_invalid_break() {
    let states = [("Int", "Int"), ("Int", "Int!"), ("Int!", "Int!")];
    let mut broken = 0;
    for case in 0..states.len().pow(5) {
        let state = |at: u32| states[case / states.len().pow(at) % states.len()];
        let types = [0, 1, 2, 3, 4].map(state);
        let (old, new) = (schema(&types.map(|it| it.0)), schema(&types.map(|it| it.1)));
        for operation in OPERATIONS.iter().filter(|it| is_valid(&old, it)) {
            let breaks = !is_valid(&new, operation);
            broken += u32::from(breaks);

            let severity = severity(&old, &new, operation);

            assert_eq!(severity == Severity::Breaking, breaks, "{operation}\n{old}\n{new}");
        }
    }
    assert!(broken > 200, "{broken}");
}

#[test]
fn fragments_in_fragments_are_looked_at_once() {
    let levels = 0..40;
    let fragment = |at: i32| {
        format!(
            "fragment F{at} on Film {{ maker {{ film {{ ...F{} }} name }} a: maker {{ film {{ ...F{} }} }} }} ",
            at + 1,
            at + 1
        )
    };
    let fragments: String = levels.map(fragment).collect();
    let old = MEDIA.replace("type Maker { name: String", "type Maker { name: String film: Film");
    let operation = format!("{{ film {{ ...F0 }} }} {fragments} fragment F40 on Film {{ title }}");

    let severity = severity(&old, &old.replace("title: String", "title: String!"), &operation);

    assert_eq!(severity, Severity::Safe);
}

fn schema([f, g, n, m, other]: &[&str; 5]) -> String {
    format!(
        "type Query {{ u: U i: I a: A b: B }} union U = A | B interface I {{ x: X }}
         type A implements I {{ f: {f} x: X }} type B implements I {{ f: {other} g: {g} x: X y: Y }}
         type X {{ n: {n} }} type Y {{ n: {m} m: {m} }}"
    )
}

fn is_valid(sdl: &str, operation: &str) -> bool {
    let schema = Schema::parse_and_validate(sdl, "schema.graphql").unwrap();
    ExecutableDocument::parse_and_validate(&schema, operation, "operation.graphql").is_ok()
}

/// The only change, judged by one operation.
#[track_caller]
fn judged(new: &str, operation: &str) -> Change {
    let recorded = RecordedOperation {
        text: Some(operation.to_owned()),
        fields: Vec::new(),
        count: 2,
    };
    let report = diff_with_usage(MEDIA, new, &[recorded]).unwrap();
    assert_eq!(report.ignored, [], "{operation}");
    only(&report.changes)
}

#[track_caller]
fn only(changes: &[Change]) -> Change {
    assert_eq!(changes.len(), 1, "{changes:#?}");
    changes[0].clone()
}
