//! Mutations: what they store, refuse and report.

use chrono::TimeDelta;
use platform_testing::TestService;
use serde_json::{Value, json};

use super::{data_of, gdp, read, upload, with_gdp};

const UPSERT: &str = "mutation($input: BulkDataPointsInput!) {
    bulkUpsertDataPoints(input: $input) {
        batchId repeated snapshotId
        summary { totalProcessed successful failed unchanged newSeries }
        errors { row field errorType }
        results { dataPointId success errors { message } }
    }
}";

async fn upsert(service: &TestService, input: Value) -> Value {
    data_of(service.graphql_with(UPSERT, json!({ "input": input })).await)["bulkUpsertDataPoints"].take()
}

#[tokio::test]
async fn what_can_be_stored_is_and_the_rest_is_reported_by_row() {
    let service = with_gdp().await;
    let rows = json!([
        { "externalId": "CPI", "date": "2019-01-01", "value": "2.10", "revisionDate": "2019-02-13" },
        { "externalId": "CPI", "date": "2019-13-01", "value": "1" },
        { "externalId": "CPI", "timestamp": "2019-02-01T00:00:00Z", "value": "many" },
        { "externalId": "CPI", "date": "2019-03-01" },
        { "externalId": "CPI", "timestamp": "2019-04-01T12:00:00Z", "value": "1" },
        { "seriesId": "00000000-0000-0000-0000-000000000007", "date": "2019-05-01", "value": 7 },
        { "externalId": "CPI", "timestamp": "2019-06-01T02:00:00+02:00", "value": null },
    ]);

    let report = upload(&service, rows).await;

    assert_eq!(
        (&report["totalProcessed"], &report["successful"], &report["failed"]),
        (&json!(7), &json!(2), &json!(5))
    );
    assert_eq!(report["newSeries"], 1);
    let reasons = report["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| [&error["row"], &error["field"], &error["errorType"]]);
    let expected = [
        json!([2, "date", "InvalidDateFormat"]),
        json!([3, "value", "InvalidNumericValue"]),
        json!([4, "value", "MissingRequiredField"]),
        json!([5, "date", "InvalidDateFormat"]),
        json!([6, "series_id", "InvalidSeriesReference"]),
    ];
    assert_eq!(reasons.map(|reason| json!(reason)).collect::<Vec<_>>(), expected);
    let stored = read(
        &service,
        "{ financialSeries(id: \"CPI\") { observations { nodes { date value revisionDate } } } }",
    )
    .await;
    let points = json!([
        { "date": "2019-01-01", "value": "2.10", "revisionDate": "2019-02-13" },
        { "date": "2019-06-01", "value": null, "revisionDate": "2026-01-15" },
    ]);
    assert_eq!(stored["financialSeries"]["observations"]["nodes"], points);
}

#[tokio::test]
async fn the_mutation_of_the_seed_answers_with_its_summary() {
    let service = with_gdp().await;
    let document = "mutation BulkUpsertDataPoints($input: BulkDataPointsInput!) {
        bulkUpsertDataPoints(input: $input) {
            summary {
                totalProcessed
                successful
                failed
            }
        }
    }";
    let points = json!([{ "date": "2020-01-01", "value": "99.9" }, { "date": "never", "value": "1" }]);

    let input = json!({ "input": { "source": "FRED", "seriesId": "GDP", "dataPoints": points } });
    let answer = data_of(service.graphql_with(document, input).await);

    let summary = json!({ "totalProcessed": 2, "successful": 1, "failed": 1 });
    assert_eq!(answer["bulkUpsertDataPoints"]["summary"], summary);
}

#[tokio::test]
async fn each_point_of_a_batch_is_answered_with_the_id_it_can_be_read_by() {
    let service = with_gdp().await;
    let points = json!([{ "date": "2020-01-01", "value": "99.9" }, { "date": "2020-02-31", "value": "1" }]);

    let report = upsert(
        &service,
        json!({ "source": "FRED", "seriesId": "GDP", "dataPoints": points }),
    )
    .await;

    let newest = gdp(&service, "latest { id value }").await;
    assert_eq!(
        newest["latest"],
        json!({ "id": report["results"][0]["dataPointId"], "value": "99.9" })
    );
    assert_eq!(report["results"][1]["success"], false);
    assert_eq!(report["results"][1]["dataPointId"], Value::Null);
}

#[tokio::test]
async fn a_batch_is_stored_once_per_key_and_a_key_stands_for_one_content() {
    let service = with_gdp().await;
    let input = |value: &str| {
        let points =
            [json!({ "externalId": "CPI", "date": "2019-01-01", "value": value, "revisionDate": "2019-02-13" })];
        json!({ "source": "FRED", "batchId": "b-1", "dataPoints": points })
    };

    let first = upsert(&service, input("1")).await;
    let again = upsert(&service, input("1")).await;
    let other = service.graphql_with(UPSERT, json!({ "input": input("2") })).await;

    assert_eq!((&first["repeated"], &again["repeated"]), (&json!(false), &json!(true)));
    assert_eq!(first["summary"], again["summary"]);
    assert_eq!(other["errors"][0]["extensions"]["code"], "CONFLICT");
}

#[tokio::test]
async fn a_batch_that_is_sent_again_after_midnight_is_the_same_batch() {
    let service = with_gdp().await;
    let points = json!([{ "externalId": "CPI", "date": "2019-01-01", "value": "1" }]);
    let input = json!({ "source": "FRED", "batchId": "b-1", "dataPoints": points });
    let first = upsert(&service, input.clone()).await;

    service.clock().advance(TimeDelta::hours(13));
    let again = upsert(&service, input).await;

    assert_eq!((&first["repeated"], &again["repeated"]), (&json!(false), &json!(true)));
    let stored = read(&service, "{ financialSeries(id: \"CPI\") { latest { id } } }").await;
    assert_eq!(
        stored["financialSeries"]["latest"]["id"],
        first["results"][0]["dataPointId"]
    );
}

#[tokio::test]
async fn all_or_nothing_stores_nothing_when_a_point_is_refused() {
    let service = with_gdp().await;
    let points = json!([{ "date": "2020-01-01", "value": "1" }, { "date": "2020-04-01", "value": "x" }]);
    let input = json!({ "source": "FRED", "seriesId": "GDP", "dataPoints": points, "allOrNothing": true });

    let answer = service.graphql_with(UPSERT, json!({ "input": input })).await;

    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "INVALID");
    assert_eq!(
        error["message"],
        "1 of 2 rows were refused and nothing was stored, as you asked"
    );
    assert_eq!(error["extensions"]["details"]["report"]["errors"][0]["row"], 2);
    assert_eq!(gdp(&service, "latest { date }").await["latest"]["date"], "2019-10-01");
}

#[tokio::test]
async fn a_crawl_adds_only_what_changed_and_may_withdraw_what_is_missing() {
    let service = with_gdp().await;
    let points = json!([{ "date": "2019-01-01", "value": "101.0" }, { "date": "2019-10-01", "value": "104.2" }]);
    let input = json!({
        "source": "FRED", "seriesId": "GDP", "dataPoints": points, "mode": "CHANGES", "withdrawMissing": true,
    });

    let report = upsert(&service, input).await;

    assert_eq!(
        (&report["summary"]["successful"], &report["summary"]["unchanged"]),
        (&json!(2), &json!(1))
    );
    let values = gdp(&service, "columns").await["columns"]["values"].take();
    assert_eq!(values, json!(["101.0", null, null, "104.2"]));
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_stores_its_points() {
    let service = with_gdp().await;
    let update = |data: &str| {
        format!("mutation {{ updateFinancialSeries(id: \"GDP\", data: {data}) {{ name units latest {{ value }} }} }}")
    };

    let updated = read(
        &service,
        &update("{ name: \"Output\", dataPoints: [{ date: \"2020-01-01\", value: \"105\" }] }"),
    )
    .await;
    let renamed = service.graphql(&update("{ externalId: \"GNP\" }")).await;
    let elsewhere = service.graphql(&update("{ source: \"BEA\" }")).await;

    let series = json!({ "name": "Output", "units": "Billions of Dollars", "latest": { "value": "105" } });
    assert_eq!(updated["updateFinancialSeries"], series);
    assert_eq!(renamed["errors"][0]["extensions"]["code"], "INVALID");
    assert_eq!(
        elsewhere["errors"][0]["message"],
        "source cannot be changed: the id of a series is made of it"
    );
}

#[tokio::test]
async fn a_series_that_is_described_and_then_named_is_one_new_series() {
    let service = with_gdp().await;
    let point = json!([{ "date": "2019-01-01", "value": "1", "revisionDate": "2019-02-01" }]);
    let data = json!([
        { "externalId": "GDP", "title": "Known so far" },
        { "externalId": "CPI", "title": "Consumer Prices", "dataPoints": point },
        { "externalId": "CPI", "units": "Index" },
        { "externalId": "M2", "title": "Described alone" },
        { "externalId": "RATE", "dataPoints": point },
    ]);

    let (first, again) = (upload(&service, data.clone()).await, upload(&service, data).await);

    assert_eq!((&first["newSeries"], &first["successful"]), (&json!(3), &json!(2)));
    assert_eq!(again["newSeries"], 0);
}

#[tokio::test]
async fn a_deleted_series_is_gone_with_its_points() {
    let service = with_gdp().await;
    let delete = "mutation { deleteFinancialSeries(id: \"FRED:GDP\") }";

    let first = read(&service, delete).await;
    let second = read(&service, delete).await;

    assert_eq!(
        (&first["deleteFinancialSeries"], &second["deleteFinancialSeries"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        read(&service, "{ financialSeries(id: \"GDP\") { id } }").await["financialSeries"],
        Value::Null
    );
}

#[tokio::test]
async fn too_many_points_are_sent_elsewhere_and_numbers_that_lost_digits_are_not_taken() {
    let service = with_gdp().await;
    let many: Vec<_> = (0..10_001)
        .map(|_| json!({ "date": "2020-01-01", "value": "1" }))
        .collect();

    let refused = service
        .graphql_with(UPSERT, json!({ "input": { "seriesId": "GDP", "dataPoints": many } }))
        .await;
    let float = json!({ "input": { "seriesId": "GDP", "dataPoints": [{ "date": "2020-01-01", "value": 1.1 }] } });
    let float = service.graphql_with(UPSERT, float).await;

    let error = &refused["errors"][0];
    assert_eq!(
        error["message"],
        "data has 10001 points, and one mutation takes at most 10000"
    );
    assert_eq!(
        error["extensions"]["hint"],
        "send larger batches to POST /api/v1/financial-data/bulk"
    );
    assert!(
        float["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("send decimals as strings"),
        "{float}"
    );
}
