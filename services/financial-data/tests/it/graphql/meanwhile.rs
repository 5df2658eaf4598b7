//! What is read while somebody writes.

use std::cell::Cell;

use platform_testing::TestService;
use serde_json::{Value, json};

use super::{data_of, gdp, read, upload, with_gdp};

/// Publishes one number of some series again and again, all of them in one batch, and reads until that is over.
async fn while_all_change(service: &TestService, series: usize, read: impl AsyncFn()) {
    let is_over = Cell::new(false);
    let publish = async |round: usize| {
        let point = json!({ "date": "2020-01-01", "value": round, "metadata": { "round": round }, "revisionDate": "2020-02-01" });
        let entry = |at: usize| json!({ "externalId": format!("S{at}"), "dataPoints": [point] });
        upload(service, (0..series).map(entry).collect()).await;
    };
    publish(0).await;
    let publishing = async {
        for round in 1..=20 {
            publish(round).await;
        }
        is_over.set(true);
    };
    let reading = async {
        while !is_over.get() {
            read().await;
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(publishing, reading);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_series_of_a_panel_are_as_of_one_commit() {
    let service = TestService::start(financial_data::service()).await;
    let names: Vec<String> = (0..100).map(|at| format!("S{at}")).collect();

    let panel = async || {
        let query = "query($ids: [ID!]!) { panel(seriesIds: $ids) { columns } }";
        let panel = data_of(service.graphql_with(query, json!({ "ids": names })).await)["panel"].take();

        let members = panel.as_array().unwrap();
        assert_eq!(members.len(), 100);
        assert!(members.iter().all(|member| member == &members[0]), "{panel}");
    };

    while_all_change(&service, 100, panel).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_stands_beside_what_was_said_with_it() {
    let service = TestService::start(financial_data::service()).await;

    let point = async || {
        let query = "{ financialSeries(id: \"S0\") { observations { nodes { value metadata } } } }";
        let found = read(&service, query).await;

        let point = &found["financialSeries"]["observations"]["nodes"][0];
        assert_eq!(point["value"], point["metadata"]["round"].to_string(), "{point}");
    };

    while_all_change(&service, 1, point).await;
}

#[tokio::test]
async fn a_date_that_is_revised_between_two_pages_comes_once() {
    let service = with_gdp().await;
    let page = async |arguments: &str| {
        let nodes = "nodes { date revisionDate } pageInfo { endCursor hasPreviousPage }";
        gdp(&service, &format!("observations({arguments}) {{ {nodes} }}")).await["observations"].take()
    };
    let first = page("first: 2").await;
    let revision = json!({ "date": "2019-04-01", "value": "102.5", "revisionDate": "2020-06-01" });
    upload(&service, json!([{ "externalId": "GDP", "dataPoints": [revision] }])).await;

    let after = format!("after: {}", first["pageInfo"]["endCursor"]);
    let next = page(&after).await;
    let computed = page(&format!("{after}, units: CHG")).await;
    let revisions = page(&format!("{after}, allRevisions: true")).await;

    let begins = |page: &Value| page["nodes"][0].clone();
    assert_eq!(first["nodes"][1]["date"], "2019-04-01");
    assert_eq!(
        begins(&next),
        json!({ "date": "2019-07-01", "revisionDate": "2019-10-30" })
    );
    assert_eq!(next["pageInfo"]["hasPreviousPage"], true);
    assert_eq!(begins(&computed)["date"], "2019-07-01");
    assert_eq!(
        begins(&revisions),
        json!({ "date": "2019-04-01", "revisionDate": "2020-06-01" })
    );
}
