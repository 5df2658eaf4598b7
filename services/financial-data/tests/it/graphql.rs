//! The GraphQL API through the service's own router.

mod federation;
mod ids;
mod lists;
mod meanwhile;
mod names;
mod points;
mod refusals;
mod schema;
mod writes;

use platform_testing::TestService;
use serde_json::{Value, json};

/// A running service in which FRED publishes GDP: six publications, of which one revises and one withdraws.
async fn with_gdp() -> TestService {
    let service = TestService::start(financial_data::service()).await;
    let point = |date: &str, value: Value, published: &str| json!({ "date": date, "value": value, "revisionDate": published, "metadata": { "of": date } });
    let points = [
        point("2019-01-01", json!("100.0"), "2019-04-26"),
        point("2019-01-01", json!("101.0"), "2019-07-26"),
        point("2019-04-01", json!("102.00"), "2019-07-26"),
        point("2019-07-01", json!("103.5"), "2019-10-30"),
        point("2019-04-01", Value::Null, "2020-01-30"),
        point("2019-10-01", json!("104.1"), "2020-01-30"),
    ];
    let gdp = json!({
        "externalId": "GDP",
        "title": "Gross Domestic Product",
        "units": "Billions of Dollars",
        "frequency": "QUARTERLY",
        "dataPoints": points,
    });
    upload(&service, json!([gdp])).await;
    service
}

/// Uploads to the source FRED.
async fn upload(service: &TestService, data: Value) -> Value {
    let mutation = "mutation($data: [FinancialDataInput!]!) {
        bulkUploadFinancialData(data: $data, source: \"FRED\") {
            totalProcessed successful failed unchanged newSeries snapshotId batchId
            errors { row field value errorType message suggestedFix }
        }
    }";
    let answer = service.graphql_with(mutation, json!({ "data": data })).await;
    data_of(answer)["bulkUploadFinancialData"].take()
}

/// The data of an answer without errors.
async fn read(service: &TestService, query: &str) -> Value {
    data_of(service.graphql(query).await)
}

/// What is asked of GDP.
async fn gdp(service: &TestService, selection: &str) -> Value {
    read(
        service,
        &format!("{{ financialSeries(id: \"GDP\") {{ {selection} }} }}"),
    )
    .await["financialSeries"]
        .take()
}

fn data_of(mut answer: Value) -> Value {
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"].take()
}

/// The code and the message of the only error of a query.
async fn refusal(service: &TestService, query: &str) -> (String, String) {
    let answer = service.graphql(query).await;
    let [error] = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        panic!("{answer:#}")
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&error["extensions"]["code"]), text(&error["message"]))
}
