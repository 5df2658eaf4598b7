//! Real vintages in every format, up and down.

use axum::http::Method;
use financial_data::ingest::Format;

use super::bodies::{body, from_arrow, from_json, from_parquet, revisions};
use super::{API, GDP, csv, get, put, said, start, upload, with_gdp};

#[tokio::test]
async fn every_format_goes_up_and_keeps_every_vintage_and_digit() {
    let service = start().await;
    let known = revisions(GDP);
    for (number, format) in Format::ALL.into_iter().enumerate() {
        let body = body(format, "GDP", &known);

        let stored = upload(&service, &format!("?source=S{number}"), format.content_type(), body).await;

        assert_eq!(stored.status, 200, "{format}: {}", stored.text());
        assert_eq!(
            stored.json()["summary"]["successful"],
            3207,
            "{format}: {}",
            stored.text()
        );
        assert_eq!(stored.json()["summary"]["newSeries"], 1, "{format}");
        let answer = csv(
            &service,
            &format!("/series/S{number}:GDP/points?revisions=all&columns=full"),
        )
        .await;
        assert_eq!(revisions(&answer), known, "{format}");
    }
}

#[tokio::test]
async fn every_format_comes_down_with_every_vintage_and_digit() {
    let service = with_gdp().await;
    let known = revisions(GDP);
    let path = "/series/GDP/points?revisions=all&columns=full&format=";

    let json = get(&service, &format!("{path}json")).await;
    let lines = get(&service, &format!("{path}ndjson")).await;
    let arrow = get(&service, &format!("{path}arrow")).await;
    let parquet = get(&service, &format!("{path}parquet")).await;

    assert_eq!(from_json(json.json()["points"].as_array().unwrap()), known);
    let lines: Vec<serde_json::Value> = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(from_json(&lines), known);
    assert_eq!(from_arrow(arrow.body), known);
    assert_eq!(from_parquet(parquet.body), known);
}

#[tokio::test]
async fn what_is_exported_can_be_uploaded_again() {
    let service = with_gdp().await;
    let export = "/panel?source=FRED&revisions=all&columns=full&format=";
    let before = csv(&service, "/series/GDP/points?revisions=all&columns=full").await;
    for format in [Format::Csv, Format::Ndjson, Format::ArrowStream, Format::Parquet] {
        let name = match format {
            Format::Csv => "csv",
            Format::Ndjson => "ndjson",
            Format::ArrowStream => "arrow",
            _ => "parquet",
        };
        let exported = get(&service, &format!("{export}{name}")).await;
        let deleted = service
            .send(Method::DELETE, &format!("{API}/series/FRED:GDP"), "", "")
            .await;
        assert_eq!(deleted.status, 204);
        put(&service, "FRED:GDP", "{}").await;

        let stored = upload(&service, "", format.content_type(), exported.body).await;

        assert_eq!(
            stored.json()["summary"]["successful"],
            3207,
            "{format}: {}",
            stored.text()
        );
        assert_eq!(
            csv(&service, "/series/GDP/points?revisions=all&columns=full").await,
            before,
            "{format}"
        );
    }
}

#[tokio::test]
async fn a_protobuf_definition_is_served() {
    let service = start().await;

    let proto = get(&service, "/bulk.proto").await;

    assert!(proto.text().contains("message BulkDataRequest"));
}

#[tokio::test]
async fn an_upload_without_a_byte_is_refused_in_every_format() {
    let service = start().await;
    for format in Format::ALL {
        let refused = upload(&service, "", format.content_type(), "").await;

        assert!(
            said(&refused, 400).starts_with("the upload is empty"),
            "{format}: {}",
            refused.text()
        );
    }
}
