//! What mutations take for the name of a series, and what they say of it.

use financial_data::series::{SeriesId, SourceId};
use platform_testing::TestService;
use serde_json::{Value, json};

use super::{data_of, gdp, read, refusal, upload, with_gdp};

/// An id as a source of its own may give it to a series.
const OWN: &str = "019A2B1E-0000-7000-8000-0000000000AB";

async fn upsert(service: &TestService, input: Value) -> Value {
    let mutation = "mutation($input: BulkDataPointsInput!) {
        bulkUpsertDataPoints(input: $input) { summary { successful failed } errors { row message } results { dataPointId } }
    }";
    let answer = service.graphql_with(mutation, json!({ "input": input })).await;
    data_of(answer)["bulkUpsertDataPoints"].take()
}

/// The values of a series as known now.
async fn values(service: &TestService, series: &str) -> Value {
    let query = format!("{{ financialSeries(id: \"{series}\") {{ columns }} }}");
    read(service, &query).await["financialSeries"]["columns"]["values"].take()
}

#[tokio::test]
async fn points_of_a_series_without_its_source_do_not_make_a_second_one() {
    let service = with_gdp().await;
    let points = json!([{ "date": "2019-01-01", "value": null, "revisionDate": "2020-06-01" }]);

    let unsourced = upsert(&service, json!({ "seriesId": "GDP", "dataPoints": points })).await;
    assert_eq!(unsourced["summary"], json!({ "successful": 0, "failed": 1 }));
    assert_eq!(
        unsourced["errors"][0]["message"],
        "names no source, and there is a series of this name in FRED"
    );
    assert_eq!(values(&service, "GDP").await[0], "101.0");

    let sourced = upsert(
        &service,
        json!({ "source": " fred ", "seriesId": "GDP", "dataPoints": points }),
    )
    .await;

    assert_eq!(sourced["summary"], json!({ "successful": 1, "failed": 0 }));
    let first = gdp(&service, "observations(first: 1) { nodes { id value } }").await;
    let expected = json!({ "id": sourced["results"][0]["dataPointId"], "value": null });
    assert_eq!(first["observations"]["nodes"][0], expected);
}

#[tokio::test]
async fn a_point_that_names_its_own_series_is_of_the_source_of_its_entry() {
    let service = with_gdp().await;
    let point = |series: &str| json!({ "externalId": series, "date": "2019-01-01", "value": "1" });
    let data = json!([{ "source": "BEA", "externalId": "A", "dataPoints": [point("B"), point("GDP")] }]);

    let report = upload(&service, data).await;

    assert_eq!(report["successful"], 2, "{report}");
    for series in ["BEA:B", "BEA:GDP"] {
        assert_eq!(values(&service, series).await, json!(["1"]), "{series}");
    }
    assert_eq!(values(&service, "FRED:GDP").await[0], "101.0");
}

#[tokio::test]
async fn an_id_in_an_entry_of_a_source_is_of_that_source_or_refused() {
    let service = with_gdp().await;
    let id = SeriesId::of(SourceId::of("FRED"), "GDP");
    let entry = |source: &str, series: &str| {
        let point = json!({ "date": "2021-01-01", "value": "7" });
        json!([{ "source": source, "seriesId": series, "title": "Told", "dataPoints": [point] }])
    };

    let own = upload(&service, entry("ME", OWN)).await;
    let known = upload(&service, entry("fred", &id.to_string())).await;
    let mutation = format!(
        "mutation {{ bulkUploadFinancialData(data: [{{ source: \"BBK\", seriesId: \"{id}\", title: \"Lost\" }}]) {{ newSeries }} }}"
    );
    let (code, message) = refusal(&service, &mutation).await;

    assert_eq!((&own["newSeries"], &known["newSeries"]), (&json!(1), &json!(0)));
    assert_eq!(values(&service, &format!("ME:{OWN}")).await, json!(["7"]));
    assert_eq!(
        gdp(&service, "name latest { value }").await,
        json!({ "name": "Told", "latest": { "value": "7" } })
    );
    assert_eq!(
        (code.as_str(), message),
        (
            "INVALID",
            format!("series {id} is the id of a series of another source")
        )
    );
}

#[tokio::test]
async fn null_takes_back_what_was_said_of_a_series() {
    let service = with_gdp().await;
    let update = |data: &str| {
        format!(
            "mutation {{ updateFinancialSeries(id: \"GDP\", data: {data}) {{ name units frequency startDate endDate }} }}"
        )
    };
    read(
        &service,
        &update("{ startDate: \"1947-01-01\", endDate: \"2019-10-01\" }"),
    )
    .await;

    let updated = read(&service, &update("{ units: null, endDate: null, name: null }")).await;
    let (_, early) = refusal(&service, &update("{ endDate: \"1946-01-01\" }")).await;
    let (_, loose) = refusal(&service, &update("{ endDate: \"1946-1-1\" }")).await;

    let series = json!({
        "name": "GDP", "units": null, "frequency": "QUARTERLY", "startDate": "1947-01-01", "endDate": null,
    });
    assert_eq!(updated["updateFinancialSeries"], series);
    assert_eq!(
        early,
        "end_date 1946-01-01 of FRED:GDP is before its start_date 1947-01-01"
    );
    assert!(
        loose.contains("end_date is not a calendar date in YYYY-MM-DD: write 1946-01-01"),
        "{loose}"
    );
}

#[tokio::test]
async fn a_date_is_written_in_one_way_and_never_guessed_at() {
    let service = with_gdp().await;
    for day in ["24-03-05", "2024-3-5", "-44-01-01", "+2024-03-05"] {
        for asked in [
            format!("columns(asOf: \"{day}\")"),
            format!("columns(timeRange: {{ start: \"{day}\" }})"),
        ] {
            let (code, message) = refusal(&service, &format!("{{ financialSeries(id: \"GDP\") {{ {asked} }} }}")).await;

            assert_eq!(code, "INVALID", "{asked}");
            assert!(message.contains("write a "), "{asked}: {message}");
        }
    }
}
