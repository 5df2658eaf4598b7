//! Points as they were known, computed, paged, and in columns.

use platform_testing::TestService;
use serde_json::{Value, json};

use super::{gdp, read, upload, with_gdp};

/// Dates and values of the observations that some arguments ask for.
async fn observations(service: &TestService, arguments: &str) -> Vec<(String, Option<String>)> {
    let found = gdp(
        service,
        &format!("observations{arguments} {{ nodes {{ date value }} }}"),
    )
    .await;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let nodes = found["observations"]["nodes"].as_array().unwrap();
    nodes
        .iter()
        .map(|node| (text(&node["date"]).unwrap(), text(&node["value"])))
        .collect()
}

fn known(points: &[(&str, Option<&str>)]) -> Vec<(String, Option<String>)> {
    points
        .iter()
        .map(|(date, value)| (date.to_string(), value.map(str::to_owned)))
        .collect()
}

#[tokio::test]
async fn a_day_knows_what_was_published_until_then_and_a_withdrawal_hides_its_number() {
    let service = with_gdp().await;

    let before_the_revision = observations(&service, "(asOf: \"2019-07-25\")").await;
    let after_it = observations(&service, "(asOf: \"2019-10-30\")").await;
    let now = observations(&service, "").await;

    assert_eq!(before_the_revision, known(&[("2019-01-01", Some("100.0"))]));
    let known_in_october = [
        ("2019-01-01", Some("101.0")),
        ("2019-04-01", Some("102.00")),
        ("2019-07-01", Some("103.5")),
    ];
    assert_eq!(after_it, known(&known_in_october));
    let known_now = [
        known_in_october[0],
        ("2019-04-01", None),
        known_in_october[2],
        ("2019-10-01", Some("104.1")),
    ];
    assert_eq!(now, known(&known_now));
}

#[tokio::test]
async fn revisions_are_picked_by_number_by_window_by_originality_or_all() {
    let service = with_gdp().await;

    let first = observations(&service, "(release: 0, timeRange: { end: \"2019-04-01\" })").await;
    let second = observations(&service, "(release: 1)").await;
    let original = observations(&service, "(original: true)").await;
    let window = observations(&service, "(vintageFrom: \"2019-07-01\", vintageTo: \"2019-07-31\")").await;
    let all = gdp(
        &service,
        "observations(allRevisions: true) { nodes { date revisionDate releaseRank } totalCount }",
    )
    .await;

    assert_eq!(
        first,
        known(&[("2019-01-01", Some("100.0")), ("2019-04-01", Some("102.00"))])
    );
    assert_eq!(second, known(&[("2019-01-01", Some("101.0")), ("2019-04-01", None)]));
    let new_periods = [
        ("2019-04-01", Some("102.00")),
        ("2019-07-01", Some("103.5")),
        ("2019-10-01", Some("104.1")),
    ];
    assert_eq!(original, known(&new_periods));
    assert_eq!(
        window,
        known(&[("2019-01-01", Some("101.0")), ("2019-04-01", Some("102.00"))])
    );
    assert_eq!(all["observations"]["totalCount"], 6);
    let revision = json!({ "date": "2019-01-01", "revisionDate": "2019-07-26", "releaseRank": 1 });
    assert_eq!(all["observations"]["nodes"][1], revision);
}

#[tokio::test]
async fn growth_and_aggregation_are_computed_on_the_vintage_asked_for() {
    let service = with_gdp().await;

    let growth = observations(
        &service,
        "(asOf: \"2019-10-30\", units: PCH, timeRange: { start: \"2019-07-01\" })",
    )
    .await;
    let years = observations(&service, "(frequency: ANNUAL, aggregation: END_OF_PERIOD)").await;

    assert_eq!(growth, known(&[("2019-07-01", Some("1.4705882353"))]));
    assert_eq!(years.len(), 1);
    assert_eq!(years[0].0, "2019-01-01");
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let service = with_gdp().await;
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let arguments = format!("(allRevisions: true, first: 4{after})");
        let page = gdp(
            &service,
            &format!("observations{arguments} {{ nodes {{ id }} pageInfo {{ endCursor hasNextPage }} }}"),
        )
        .await;
        let page = &page["observations"];
        seen.extend(
            page["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| node["id"].as_str().unwrap().to_owned()),
        );
        after = format!(", after: {}", page["pageInfo"]["endCursor"]);
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }

    let all = gdp(&service, "observations(allRevisions: true) { nodes { id } }").await;
    let all: Vec<_> = all["observations"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["id"].as_str().unwrap())
        .collect();

    assert_eq!(seen, all);
    assert_eq!(seen.len(), 6);
}

#[tokio::test]
async fn columns_hold_the_whole_series_with_its_published_digits() {
    let service = with_gdp().await;

    let found = gdp(
        &service,
        "columns latest { date value revisionDate } vintageDates(first: 2) { nodes totalCount }",
    )
    .await;

    let columns = json!({
        "dates": ["2019-01-01", "2019-04-01", "2019-07-01", "2019-10-01"],
        "values": ["101.0", null, "103.5", "104.1"],
        "revisionDates": ["2019-07-26", "2020-01-30", "2019-10-30", "2020-01-30"],
        "isOriginalRelease": [false, false, true, true],
        "releaseRanks": [1, 1, 0, 0],
    });
    assert_eq!(found["columns"], columns);
    assert_eq!(
        found["latest"],
        json!({ "date": "2019-10-01", "value": "104.1", "revisionDate": "2020-01-30" })
    );
    assert_eq!(
        found["vintageDates"],
        json!({ "nodes": ["2019-04-26", "2019-07-26"], "totalCount": 4 })
    );
}

#[tokio::test]
async fn a_vintage_matrix_tells_unknown_from_withdrawn() {
    let service = with_gdp().await;

    let chosen = gdp(&service, "vintageMatrix(vintages: [\"2019-07-26\", \"2020-02-01\"])").await;
    let last = gdp(&service, "vintageMatrix(last: 1)").await;

    assert_eq!(chosen["vintageMatrix"]["vintages"], json!(["2019-07-26", "2020-02-01"]));
    let rows = json!([
        { "date": "2019-01-01", "values": ["101.0", "101.0"] },
        { "date": "2019-04-01", "values": ["102.00", "."] },
        { "date": "2019-07-01", "values": [null, "103.5"] },
        { "date": "2019-10-01", "values": [null, "104.1"] },
    ]);
    assert_eq!(chosen["vintageMatrix"]["rows"], rows);
    assert_eq!(last["vintageMatrix"]["vintages"], json!(["2020-01-30"]));
}

#[tokio::test]
async fn a_panel_asks_the_same_of_several_series() {
    let service = with_gdp().await;
    upload(
        &service,
        json!([{ "externalId": "CPI", "date": "2019-01-01", "value": "2.1", "revisionDate": "2019-02-13" }]),
    )
    .await;

    let found = read(
        &service,
        "{ panel(seriesIds: [\"CPI\", \"FRED:GDP\"], asOf: \"2019-07-25\") { series { name } columns } }",
    )
    .await;

    let names: Vec<_> = found["panel"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| &member["series"]["name"])
        .collect();
    assert_eq!(names, ["CPI", "Gross Domestic Product"]);
    assert_eq!(found["panel"][0]["columns"]["values"], json!(["2.1"]));
    assert_eq!(found["panel"][1]["columns"]["values"], json!(["100.0"]));
}

#[tokio::test]
async fn stored_points_tell_when_they_were_stored_and_computed_ones_have_ids_of_their_own() {
    let service = with_gdp().await;

    let stored = gdp(
        &service,
        "observations(first: 1) { nodes { id metadata createdAt updatedAt isOriginalRelease } }",
    )
    .await;
    let computed = gdp(
        &service,
        "observations(first: 1, units: LOG) { nodes { id metadata createdAt } }",
    )
    .await;

    let (stored, computed) = (
        &stored["observations"]["nodes"][0],
        &computed["observations"]["nodes"][0],
    );
    assert_eq!(stored["metadata"], json!({ "of": "2019-01-01" }));
    assert!(
        stored["createdAt"].as_str().unwrap().starts_with("2026-01-15T12:00:00"),
        "{stored}"
    );
    assert_eq!(
        (&computed["metadata"], &computed["createdAt"]),
        (&Value::Null, &Value::Null)
    );
    assert_ne!(stored["id"], computed["id"]);
}

#[tokio::test]
async fn a_snapshot_answers_as_it_was_stored_then() {
    let service = with_gdp().await;
    let point = |value: &str| json!([{ "externalId": "CPI", "date": "2019-01-01", "value": value, "revisionDate": "2019-02-13" }]);
    let first = upload(&service, point("2.1")).await;
    service.clock().advance(chrono::TimeDelta::hours(1));
    upload(&service, point("2.2")).await;

    let query = |arguments: &str| format!("{{ financialSeries(id: \"CPI\") {{ columns{arguments} }} }}");
    let now = read(&service, &query("")).await;
    let then = read(&service, &query(&format!("(snapshotId: {})", first["snapshotId"]))).await;
    let at_noon = read(&service, &query("(systemTime: \"2026-01-15T12:30:00Z\")")).await;

    assert_eq!(now["financialSeries"]["columns"]["values"], json!(["2.2"]));
    assert_eq!(then["financialSeries"]["columns"]["values"], json!(["2.1"]));
    assert_eq!(at_noon["financialSeries"]["columns"]["values"], json!(["2.1"]));
}

#[tokio::test]
async fn a_list_that_is_selected_twice_has_the_fields_of_both_selections() {
    let service = with_gdp().await;

    let found = gdp(
        &service,
        "dataPoints(timeRange: {}) { timestamp } ...Values other: dataPoints(timeRange: {}) { of: __typename } } }
        fragment Values on FinancialSeries { dataPoints(timeRange: {}) { amount: value ... on DataPoint { metadata }",
    );
    let found = found.await;

    let last = json!({ "timestamp": "2019-10-01T00:00:00Z", "amount": "104.1", "metadata": { "of": "2019-10-01" } });
    assert_eq!(found["dataPoints"][3], last);
    assert_eq!(found["other"][0], json!({ "of": "DataPoint" }));
}
