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
fn operations_that_do_not_fit_the_old_schema_count_by_their_fields_and_are_named() {
    let report = used(&SHOP.replace("name: String", ""), &["{ nothing }"]);

    assert_eq!(only(&report).severity, Severity::Safe);
    assert_eq!(report.ignored[0].text, "{ nothing }");
    assert!(report.ignored[0].error.contains("nothing"));

    let recorded = RecordedOperation {
        text: Some("{ product { name nothing } }".to_owned()),
        fields: vec!["Product.name".to_owned()],
        count: 3,
    };
    let report = diff_with_usage(SHOP, &SHOP.replace("name: String", ""), &[recorded]).unwrap();
    assert_eq!(only(&report).severity, Severity::Breaking);
    assert_eq!(report.ignored.len(), 1);
}

#[test]
fn any_directive_may_have_stood_in_an_operation_whose_text_is_not_known() {
    let old = format!("{SHOP} enum Zone {{ EAST WEST }} directive @at(zone: Zone) on FIELD");
    let recorded = RecordedOperation {
        text: None,
        fields: vec!["Query.product".to_owned()],
        count: 1,
    };
    let judged = |gone: &str| {
        let report = diff_with_usage(&old, &old.replace(gone, ""), std::slice::from_ref(&recorded)).unwrap();
        only(&report).severity
    };

    assert_eq!(judged("directive @at(zone: Zone) on FIELD"), Severity::Breaking);
    assert_eq!(judged("(zone: Zone)"), Severity::Breaking);
    assert_eq!(judged("WEST"), Severity::Breaking);
}

#[test]
fn a_type_that_is_only_asked_for_its_name_is_in_use() {
    let recorded = RecordedOperation {
        text: None,
        fields: vec!["Query.media".to_owned(), "Film.__typename".to_owned()],
        count: 1,
    };
    let report = diff_with_usage(SHOP, &SHOP.replace("Book | Film", "Book"), &[recorded]).unwrap();

    assert_eq!(only(&report).severity, Severity::Breaking);
}

#[test]
fn an_operation_whose_text_is_not_known_counts_by_what_it_asks_for() {
    let asks = |fields: &[&str], new: &str| {
        let recorded = RecordedOperation {
            text: None,
            fields: fields.iter().map(ToString::to_string).collect(),
            count: 7,
        };
        only(&diff_with_usage(SHOP, new, &[recorded]).unwrap()).severity
    };
    let nameless = SHOP.replace("name: String", "");
    let unordered = SHOP.replace("DOWN", "");
    let unfiltered = SHOP.replace("limit: Int", "");

    assert_eq!(asks(&["Query.product", "Product.name"], &nameless), Severity::Breaking);
    assert_eq!(asks(&["Query.product", "Product.id"], &nameless), Severity::Safe);
    assert_eq!(asks(&["Query.product(order:)"], &unordered), Severity::Breaking);
    assert_eq!(asks(&["Query.product(id:)"], &unordered), Severity::Safe);
    assert_eq!(asks(&["Query.product(filter:)"], &unfiltered), Severity::Breaking);
    assert_eq!(
        asks(&["Film.id"], &SHOP.replace("Book | Film", "Book")),
        Severity::Breaking
    );
    assert_eq!(asks(&["Book.id"], &SHOP.replace("Book | Film", "Book")), Severity::Safe);
    assert_eq!(asks(&["Gone.id", "no coordinate"], &nameless), Severity::Safe);
}

fn used(new: &str, operations: &[&str]) -> UsageReport {
    let record = |text: &&str| RecordedOperation {
        text: Some((*text).to_owned()),
        fields: Vec::new(),
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
