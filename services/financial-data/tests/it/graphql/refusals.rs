//! What is refused, with a code and a reason.

use std::path::{Path, PathBuf};

use platform_testing::TestService;
use serde_json::json;

use super::{data_of, read, refusal, upload, with_gdp};

#[tokio::test]
async fn arguments_that_contradict_each_other_are_refused_with_a_reason() {
    let service = with_gdp().await;
    let asked = |selection: &str| format!("{{ financialSeries(id: \"GDP\") {{ {selection} }} }}");
    for (selection, reason) in [
        (
            "columns(asOf: \"2020-01-01\", release: 0)",
            "release cannot be asked for together with asOf",
        ),
        (
            "columns(allRevisions: true, units: PC1)",
            "units and frequencies apply to one vintage",
        ),
        ("columns(aggregation: SUM)", "aggregation needs frequency"),
        (
            "columns(systemTime: \"2026-01-01\", snapshotId: 1)",
            "snapshotId cannot be asked for together with systemTime",
        ),
        (
            "columns(snapshotId: \"first\")",
            "snapshotId is not the number of a snapshot",
        ),
        (
            "columns(timeRange: { start: \"2020-01-02\", end: \"2020-01-01\" })",
            "timeRange ends before it starts",
        ),
        ("columns(asOf: \"2020-02-30\")", "write a date as YYYY-MM-DD"),
        (
            "observations(first: 10001) { totalCount }",
            "first is 10001 and must be from 0 to 10000",
        ),
        ("observations(first: -1) { totalCount }", "first is -1"),
        (
            "observations(after: \"x\") { totalCount }",
            "after is not a cursor of this list",
        ),
        (
            "vintageMatrix(last: 1, vintages: [])",
            "last cannot be asked for together with vintages",
        ),
    ] {
        let (code, message) = refusal(&service, &asked(selection)).await;
        assert_eq!(code, "INVALID", "{selection}: {message}");
        assert!(message.contains(reason), "{selection}: {message}");
    }
    assert_eq!(refusal(&service, &asked("columns(snapshotId: 1)")).await.0, "NOT_FOUND");
}

#[tokio::test]
async fn more_points_than_fit_an_answer_are_refused_and_never_cut() {
    let service = TestService::with(financial_data::service(), &[("financial-data.page-limit", "2")]).await;
    let point = |day: u32| json!({ "date": format!("2020-01-{day:02}"), "value": "1" });
    upload(
        &service,
        json!([{ "externalId": "D", "dataPoints": [point(1), point(2), point(3)] }]),
    )
    .await;
    let asked = |range: &str| format!("{{ financialDataPoints(seriesId: \"D\", timeRange: {range}) {{ value }} }}");

    let (code, message) = refusal(&service, &asked("{}")).await;
    let fitting = read(&service, &asked("{ start: \"2020-01-02\" }")).await;

    assert_eq!(code, "INVALID");
    assert!(
        message.starts_with("timeRange holds 3 points, and one answer has at most 2"),
        "{message}"
    );
    assert_eq!(
        fitting["financialDataPoints"],
        json!([{ "value": "1" }, { "value": "1" }])
    );
}

#[tokio::test]
async fn one_request_gets_so_many_points_however_it_spreads_them() {
    let service = TestService::with(financial_data::service(), &[("financial-data.page-limit", "2")]).await;
    let point =
        |year: u32| json!({ "date": format!("{}-01-01", 1800 + year), "value": "1", "revisionDate": "2020-01-01" });
    let points: Vec<_> = (0..150).map(point).collect();
    upload(&service, json!([{ "externalId": "D", "dataPoints": points }])).await;
    let known = read(&service, "{ financialSeries(id: \"D\") { id columns } }").await;
    let entity = json!({ "__typename": "FinancialSeries", "id": known["financialSeries"]["id"] });
    let entities = "query($of: [_Any!]!) { _entities(representations: $of) { ... on FinancialSeries { columns } } }";
    let asked = async |count: usize| {
        service
            .graphql_with(entities, json!({ "of": vec![&entity; count] }))
            .await
    };

    let mut refused = vec![asked(2).await];
    for query in [
        "{ a: financialSeries(id: \"D\") { columns } b: financialSeries(id: \"D\") { columns } }",
        "{ financialSeries(id: \"D\") { columns vintageMatrix } }",
        "{ financialSeries(id: \"D\") { columns } panel(seriesIds: [\"D\"]) { columns } }",
        "{ panel(seriesIds: [\"D\", \"D\"]) { columns } }",
    ] {
        refused.push(service.graphql(query).await);
    }

    assert_eq!(
        data_of(asked(1).await)["_entities"][0]["columns"]["dates"][149],
        "1949-01-01"
    );
    for refusal in refused {
        let error = &refusal["errors"][0];
        assert_eq!(error["extensions"]["code"], "INVALID", "{refusal}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with("timeRange holds more points than fit one answer"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn what_would_cost_too_much_is_refused_before_it_is_run() {
    let service = with_gdp().await;

    let points = "dataPoints(timeRange: {}) { timestamp value }";
    let (code, _) = refusal(
        &service,
        &format!("{{ financialSeriesList(first: 500) {{ {points} }} }}"),
    )
    .await;
    let fitting = read(&service, &format!("{{ financialSeriesList {{ name {points} }} }}")).await;
    let (_, deep) = refusal(
        &service,
        "{ searchSeries(text: \"gdp\", offset: 2147483647) { totalCount } }",
    )
    .await;
    let (_, page) = refusal(&service, "{ financialSeriesList(first: 1001) { id } }").await;

    assert_eq!(code, "INVALID");
    assert_eq!(
        fitting["financialSeriesList"][0]["dataPoints"].as_array().map(Vec::len),
        Some(4)
    );
    assert!(deep.starts_with("offset is 2147483647"), "{deep}");
    assert_eq!(page, "first is 1001 and must be from 0 to 1000; use after for more");
}

#[tokio::test]
async fn a_body_is_as_large_as_set_and_no_larger() {
    let service = TestService::with(financial_data::service(), &[("http.body", "4MB")]).await;
    let sized = async |size: usize| {
        let body = json!({ "query": "{ sources { name } }", "variables": { "note": "x".repeat(size) } });
        service.post("/graphql", &body).await
    };

    let (taken, refused) = (sized(3_000_000).await, sized(4_000_000).await);

    assert_eq!(taken.json(), json!({ "data": { "sources": [] } }));
    assert_eq!(refused.status, 413, "{}", refused.text());
    assert_eq!(refused.json()["limitBytes"], 4_000_000);
}

#[tokio::test]
async fn a_description_that_is_refused_is_named() {
    let service = with_gdp().await;
    let data = "[{ externalId: \"CPI\" }, { externalId: \"M2\", startDate: \"2020-01-02\", endDate: \"2020-01-01\" }]";

    let (code, message) = refusal(
        &service,
        &format!("mutation {{ bulkUploadFinancialData(data: {data}) {{ successful }} }}"),
    )
    .await;

    assert_eq!(
        (code.as_str(), message.as_str()),
        (
            "INVALID",
            "series 1 (M2) of the request is refused: end_date is before start_date"
        )
    );
}

#[tokio::test]
async fn a_batch_without_a_printable_name_or_source_is_refused_before_it_is_read() {
    let service = with_gdp().await;
    for (field, reason) in [
        ("batchId: \"\"", "batch_id has 1 to 255 printable characters"),
        (
            "source: \" \"",
            "source has 1 to 100 printable characters without a colon",
        ),
    ] {
        let document = format!("mutation {{ bulkUploadFinancialData(data: [], {field}) {{ successful }} }}");

        let (code, message) = refusal(&service, &document).await;

        assert_eq!((code.as_str(), message.as_str()), ("INVALID", reason));
    }
}

#[tokio::test]
async fn points_that_cannot_be_read_take_nothing_else_of_a_series_away() {
    let service = with_gdp().await.restart(financial_data::service()).await;
    for file in data_files(&service.folder().join("lake")) {
        std::fs::remove_file(file).unwrap();
    }

    let answer = service
        .graphql("{ financialSeries(id: \"GDP\") { name latest { value } } }")
        .await;

    let series = json!({ "name": "Gross Domestic Product", "latest": null });
    assert_eq!(answer["data"]["financialSeries"], series, "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["financialSeries", "latest"]));
}

fn data_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let below = entries.flat_map(|entry| match entry.path() {
        folder if folder.is_dir() => data_files(&folder),
        file => vec![file],
    });
    below
        .filter(|file| file.extension().is_some_and(|kind| kind == "parquet"))
        .collect()
}
