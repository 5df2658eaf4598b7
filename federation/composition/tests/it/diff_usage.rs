//! Which changes recorded operations meet.

use federation_composition::diff::{Change, RecordedOperation, Severity, UsageReport, diff_with_usage};

const SHOP: &str = "
    type Query { product(id: ID, order: Order, filter: Filter): Product media: Media }
    type Product { id: ID name: String price(currency: String): Int }
    enum Order { UP DOWN }
    input Filter { text: String limit: Int }
    union Media = Book | Film
    type Book { id: ID }
    type Film { id: ID }";

#[test]
fn a_removed_field_that_nobody_asks_for_is_safe() {
    let report = used(&SHOP.replace("name: String", ""), &["{ product { id } }"]);

    let change = only(&report);
    assert_eq!(change.severity, Severity::Safe);
    assert_eq!(change.reason.as_deref(), Some("no recorded operation uses it"));
}

#[test]
fn a_removed_field_that_clients_ask_for_breaks_and_says_how_many() {
    let report = used(
        &SHOP.replace("name: String", ""),
        &[
            "{ product { name } }",
            "query Q { product { ...F } } fragment F on Product { name }",
        ],
    );

    let change = only(&report);
    assert_eq!(change.severity, Severity::Breaking);
    assert_eq!(
        change.reason.as_deref(),
        Some("recorded operations use it: 2, in requests: 20")
    );
}

#[test]
fn an_argument_counts_where_it_is_given() {
    let new = SHOP.replace("(currency: String)", "");

    assert_eq!(only(&used(&new, &["{ product { price } }"])).severity, Severity::Safe);
    assert_eq!(
        only(&used(&new, &["{ product { price(currency: \"EUR\") } }"])).severity,
        Severity::Breaking
    );
}

#[test]
fn a_new_required_argument_counts_wherever_the_field_is_asked_for() {
    let new = SHOP.replace("name: String", "name(long: Boolean!): String");

    assert_eq!(only(&used(&new, &["{ product { id } }"])).severity, Severity::Safe);
    assert_eq!(
        only(&used(&new, &["{ product { name } }"])).severity,
        Severity::Breaking
    );
}

#[test]
fn an_enum_value_counts_where_it_is_sent_or_could_be() {
    let new = SHOP.replace("DOWN", "");

    assert_eq!(
        only(&used(&new, &["{ product(order: UP) { id } }"])).severity,
        Severity::Safe
    );
    assert_eq!(
        only(&used(&new, &["{ product(order: DOWN) { id } }"])).severity,
        Severity::Breaking
    );
    assert_eq!(
        only(&used(&new, &["query($o: Order) { product(order: $o) { id } }"])).severity,
        Severity::Breaking
    );
}

#[test]
fn an_input_field_counts_where_it_is_sent_or_could_be() {
    let new = SHOP.replace("limit: Int", "");

    assert_eq!(
        only(&used(&new, &["{ product(filter: {text: \"x\"}) { id } }"])).severity,
        Severity::Safe
    );
    assert_eq!(
        only(&used(&new, &["{ product(filter: {limit: 1}) { id } }"])).severity,
        Severity::Breaking
    );
    assert_eq!(
        only(&used(&new, &["query($f: Filter) { product(filter: $f) { id } }"])).severity,
        Severity::Breaking
    );
}

#[test]
fn a_union_member_counts_where_a_fragment_names_it() {
    let new = SHOP.replace("Book | Film", "Book");

    assert_eq!(
        only(&used(&new, &["{ media { ... on Book { id } } }"])).severity,
        Severity::Safe
    );
    assert_eq!(
        only(&used(&new, &["{ media { ... on Film { id } } }"])).severity,
        Severity::Breaking
    );
}

#[test]
fn operations_that_do_not_fit_the_old_schema_are_no_evidence_and_are_named() {
    let report = used(&SHOP.replace("name: String", ""), &["{ nothing }"]);

    assert_eq!(only(&report).severity, Severity::Safe);
    assert_eq!(report.ignored[0].text, "{ nothing }");
    assert!(report.ignored[0].error.contains("nothing"));
}

fn used(new: &str, operations: &[&str]) -> UsageReport {
    let record = |text: &&str| RecordedOperation {
        text: (*text).to_owned(),
        count: 10,
    };
    let operations: Vec<_> = operations.iter().map(record).collect();
    diff_with_usage(SHOP, new, &operations).unwrap()
}

#[track_caller]
fn only(report: &UsageReport) -> &Change {
    assert_eq!(report.changes.len(), 1, "{:#?}", report.changes);
    &report.changes[0]
}
