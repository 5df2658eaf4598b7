//! Series found by name, filter and search, page by page.

use platform_testing::TestService;
use serde_json::{Value, json};

use super::{read, refusal, upload, with_gdp};

/// A service with GDP and three more series.
async fn with_four_series() -> TestService {
    let service = with_gdp().await;
    let series = json!([
        { "externalId": "UNRATE", "title": "Unemployment Rate", "frequency": "MONTHLY", "isActive": false,
          "startDate": "1948-01-01", "endDate": "1990-12-01" },
        { "externalId": "CPI", "title": "Consumer Price Index", "frequency": "MONTHLY",
          "seasonalAdjustment": "Seasonally Adjusted",
          "dataPoints": [{ "date": "2015-01-01", "value": "2.1", "revisionDate": "2015-02-13" }] },
        { "source": "BEA", "externalId": "GDPC1", "title": "Real Gross Domestic Product", "frequency": "QUARTERLY" },
    ]);
    upload(&service, series).await;
    service
}

async fn ids(service: &TestService, filter: &str) -> Vec<String> {
    let found = read(
        service,
        &format!("{{ financialSeriesList(filter: {filter}) {{ externalId }} }}"),
    )
    .await;
    let list = found["financialSeriesList"].as_array().unwrap();
    list.iter()
        .map(|series| series["externalId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_filter_keeps_the_series_for_which_all_of_it_holds() {
    let service = with_four_series().await;
    for (filter, found) in [
        ("{}", &["CPI", "GDP", "GDPC1", "UNRATE"][..]),
        ("{ source: \"bea\" }", &["GDPC1"]),
        ("{ frequency: MONTHLY, isActive: true }", &["CPI"]),
        ("{ seasonalAdjustment: \"seasonally adjusted\" }", &["CPI"]),
        ("{ externalIdPrefix: \"gdp\" }", &["GDP", "GDPC1"]),
        ("{ ids: [\"UNRATE\", \"FRED:GDP\", \"NONE\"] }", &["GDP", "UNRATE"]),
        ("{ searchQuery: \"unemployment\" }", &["UNRATE"]),
        ("{ observedFrom: \"2016-01-01\" }", &["GDP"]),
        ("{ observedTo: \"2018-12-31\" }", &["CPI", "UNRATE"]),
        (
            "{ observedFrom: \"1990-12-01\", observedTo: \"2015-01-01\" }",
            &["CPI", "UNRATE"],
        ),
    ] {
        assert_eq!(ids(&service, filter).await, found, "{filter}");
    }
}

#[tokio::test]
async fn pages_of_series_follow_each_other() {
    let service = with_four_series().await;
    for filter in [
        "{}",
        "{ observedTo: \"2030-01-01\", ids: [\"CPI\", \"GDP\", \"UNRATE\"] }",
    ] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let arguments = format!("filter: {filter}, first: 2{after}");
            let page = "{ edges { cursor node { externalId } } pageInfo { endCursor hasNextPage } totalCount }";
            let page =
                read(&service, &format!("{{ seriesConnection({arguments}) {page} }}")).await["seriesConnection"].take();
            let edges = page["edges"].as_array().unwrap();
            seen.extend(
                edges
                    .iter()
                    .map(|edge| edge["node"]["externalId"].as_str().unwrap().to_owned()),
            );
            assert_eq!(edges.last().unwrap()["cursor"], page["pageInfo"]["endCursor"]);
            after = format!(", after: {}", page["pageInfo"]["endCursor"]);
            if page["pageInfo"]["hasNextPage"] == false {
                assert_eq!(page["totalCount"], seen.len());
                break;
            }
        }
        assert_eq!(seen, ids(&service, filter).await);
    }
}

#[tokio::test]
async fn a_list_goes_on_behind_a_series_that_was_deleted_meanwhile() {
    for filter in [
        "{}",
        "{ observedFrom: \"1900-01-01\", ids: [\"CPI\", \"GDP\", \"UNRATE\"] }",
    ] {
        let service = with_four_series().await;
        let page = async |after: &str| {
            let page = format!(
                "{{ seriesConnection(filter: {filter}, first: 1{after}) {{ nodes {{ id externalId }} pageInfo {{ endCursor }} }} }}"
            );
            read(&service, &page).await["seriesConnection"].take()
        };
        let first = page("").await;
        read(&service, "mutation { deleteFinancialSeries(id: \"CPI\") }").await;

        let second = page(&format!(", after: {}", first["pageInfo"]["endCursor"])).await;
        let by_id = format!("{{ financialSeriesList(after: {}) {{ id }} }}", first["nodes"][0]["id"]);
        let by_id = refusal(&service, &by_id).await;

        assert_eq!(first["nodes"][0]["externalId"], "CPI");
        assert_eq!(second["nodes"][0]["externalId"], "GDP", "{filter}");
        assert!(
            by_id.1.contains("no longer in the list"),
            "an id says nothing of its place: {by_id:?}"
        );
    }
}

#[tokio::test]
async fn a_search_forgives_a_typo_and_ranks_the_best_first() {
    let service = with_four_series().await;

    let typo = read(
        &service,
        "{ searchSeries(text: \"unemploymnt\") { nodes { name } totalCount } }",
    )
    .await;
    let both = read(
        &service,
        "{ seriesConnection(search: \"gross domestic product\") { nodes { name } } }",
    )
    .await;
    let second = read(
        &service,
        "{ searchSeries(text: \"gdp\", filter: { source: \"BEA\" }) { nodes { name source { name } } } }",
    )
    .await;

    assert_eq!(
        typo["searchSeries"],
        json!({ "nodes": [{ "name": "Unemployment Rate" }], "totalCount": 1 })
    );
    assert_eq!(both["seriesConnection"]["nodes"].as_array().map(Vec::len), Some(2));
    let real = json!([{ "name": "Real Gross Domestic Product", "source": { "name": "BEA" } }]);
    assert_eq!(second["searchSeries"]["nodes"], real);
}

#[tokio::test]
async fn sources_are_listed_and_found_by_name_whatever_its_case() {
    let service = with_four_series().await;

    let found = read(
        &service,
        "{ sources { name } source(id: \"fred\") { id name } none: source(id: \"x\") { id } }",
    )
    .await;

    assert_eq!(found["sources"], json!([{ "name": "BEA" }, { "name": "FRED" }]));
    assert_eq!(found["source"]["name"], "FRED");
    assert_eq!(found["none"], Value::Null);
}

#[tokio::test]
async fn a_name_that_two_sources_use_needs_its_source() {
    let service = with_gdp().await;
    upload(
        &service,
        json!([{ "source": "BEA", "externalId": "GDP", "title": "Another one" }]),
    )
    .await;

    let (code, message) = refusal(&service, "{ financialSeries(id: \"GDP\") { id } }").await;
    let found = read(
        &service,
        "{ financialSeries(id: \"BEA:GDP\") { name } none: financialSeries(id: \"X\") { id } }",
    )
    .await;
    let missing = refusal(
        &service,
        "{ financialDataPoints(seriesId: \"X\", timeRange: {}) { value } }",
    )
    .await;

    assert_eq!(code, "INVALID");
    assert!(message.contains("FRED:GDP") && message.contains("BEA:GDP"), "{message}");
    assert_eq!(
        found,
        json!({ "financialSeries": { "name": "Another one" }, "none": null })
    );
    assert_eq!(missing, ("NOT_FOUND".into(), "there is no series X".into()));
}

#[tokio::test]
async fn a_variable_that_is_left_out_means_as_much_as_no_argument() {
    let service = with_four_series().await;
    for field in [
        "financialSeriesList(first: $first) { externalId }",
        "seriesConnection(first: $first) { totalCount }",
        "searchSeries(text: \"gdp\", first: $first) { totalCount }",
        "financialSeries(id: \"UNRATE\") { observations(first: $first) { totalCount } }",
    ] {
        let left_out = read(&service, &format!("query ($first: Int) {{ {field} }}")).await;

        let unsaid = read(
            &service,
            &format!("{{ {} }}", field.replace("first: $first", "first: null")),
        )
        .await;
        assert_eq!(left_out, unsaid, "{field}");
    }
}
