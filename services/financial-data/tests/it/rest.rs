//! The REST API through the real router, on real files.

mod answers;
mod batches;
mod bodies;
mod crawls;
mod dates;
mod descriptions;
mod document;
mod formats;
mod keys;
mod lake;
mod limits;
mod names;
mod panel;
mod points;
mod processes;
mod refused;
mod search;
mod series;
mod turns;
mod underway;
mod upkeep;

use axum::body::Body;
use axum::http::{Method, Request};
use financial_data::rest;
use financial_data::store::Store;
use platform_service::Service;
use platform_testing::{Answer, TestService};
use serde_json::Value;

/// Every published revision of the GDP of the United States: date, value, revision date.
const GDP: &str = include_str!("../../demo/GDP.csv");

const API: &str = "/api/v1/financial-data";

fn service() -> impl Into<Service> {
    Service::new("financial-data", 8001)
        .open(Store::open)
        .rest(rest::router)
}

async fn start() -> TestService {
    TestService::start(service()).await
}

/// A service with the GDP of the United States, quarterly.
async fn with_gdp() -> TestService {
    let service = start().await;
    let described = put(
        &service,
        "FRED:GDP",
        r#"{"title":"Gross Domestic Product","frequency":"quarterly"}"#,
    )
    .await;
    assert_eq!(described.status, 201, "{}", described.text());
    let stored = upload(&service, "?source=FRED", "text/csv", gdp_csv()).await;
    assert_eq!(stored.json()["summary"]["successful"], 3207, "{}", stored.text());
    service
}

fn gdp_csv() -> String {
    let rows = GDP.lines().skip(1).map(|line| format!("GDP,{line}\n"));
    std::iter::once("series_id,date,value,revision_date\n".to_string())
        .chain(rows)
        .collect()
}

async fn upload(service: &TestService, query: &str, content_type: &str, body: impl Into<Body>) -> Answer {
    service
        .send(Method::POST, &format!("{API}/bulk{query}"), content_type, body)
        .await
}

/// Uploads CSV rows of `series_id,date,value,revision_date`.
async fn rows(service: &TestService, query: &str, rows: &str) -> Answer {
    upload(
        service,
        query,
        "text/csv",
        format!("series_id,date,value,revision_date\n{rows}"),
    )
    .await
}

async fn put(service: &TestService, series: &str, body: &str) -> Answer {
    service
        .send(
            Method::PUT,
            &format!("{API}/series/{series}"),
            "application/json",
            body.to_string(),
        )
        .await
}

async fn get(service: &TestService, path: &str) -> Answer {
    service.get(&format!("{API}{path}")).await
}

/// GETs with one more header.
async fn get_with(service: &TestService, path: &str, (name, value): (&str, &str)) -> Answer {
    let request = Request::get(format!("{API}{path}")).header(name, value);
    service.request(request.body(Body::empty()).unwrap()).await
}

async fn csv(service: &TestService, path: &str) -> String {
    let answer = get_with(service, path, ("accept", "text/csv")).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

/// What a problem document says.
fn problem(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    answer.json()
}

fn said(answer: &Answer, status: u16) -> String {
    problem(answer, status)["detail"].as_str().unwrap().to_string()
}
