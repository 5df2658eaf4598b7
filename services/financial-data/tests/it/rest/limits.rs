//! What is too large, too often, compressed or not understood.

use axum::body::Body;
use axum::http::Request;
use platform_testing::{Answer, TestService};
use serde_json::json;

use super::bodies::{gzip, zstd, zstd_bomb};
use super::{API, csv, gdp_csv, get, problem, rows, said, service, start, upload};

const NOW: &str = include_str!("../../data/gdp-now-2025-07-01.csv");
const ROW: &str = "X,2024-01-01,1,2024-02-01\n";

#[tokio::test]
async fn a_body_may_be_compressed() {
    let whole = gdp_csv();
    let (first, rest) = whole.split_at(whole.len() / 2);
    for (encoding, body) in [
        ("gzip", gzip(gdp_csv().as_bytes())),
        ("gzip", [gzip(first.as_bytes()), gzip(rest.as_bytes())].concat()),
        ("zstd", zstd(gdp_csv().as_bytes())),
    ] {
        let service = start().await;

        let stored = encoded(&service, encoding, body).await;

        assert_eq!(
            stored.json()["summary"]["successful"],
            3207,
            "{encoding}: {}",
            stored.text()
        );
        assert_eq!(csv(&service, "/series/GDP/points").await, NOW, "{encoding}");
    }
}

#[tokio::test]
async fn what_unpacks_to_more_than_allowed_is_refused() {
    let service = TestService::with(service(), &[("financial-data.upload-bytes", "2MB")]).await;
    for (encoding, bomb) in [("gzip", gzip(&vec![b' '; 50_000_000])), ("zstd", zstd_bomb(400))] {
        assert!(bomb.len() < 500_000, "{encoding} is small on the way");

        let refused = encoded(&service, encoding, bomb).await;

        let problem = problem(&refused, 413);
        assert_eq!(problem["code"], "INVALID", "{encoding}");
        assert!(problem["hint"].is_string());
    }
}

#[tokio::test]
async fn an_upload_may_be_larger_than_other_bodies_and_not_larger_than_set() {
    let settings = [("http.body", "10KB"), ("financial-data.upload-bytes", "200KB")];
    let service = TestService::with(service(), &settings).await;

    let stored = upload(&service, "", "text/csv", gdp_csv()).await;
    let refused = upload(
        &service,
        "",
        "text/csv",
        format!("{}{}", gdp_csv(), "\n".repeat(200_000)),
    )
    .await;
    let other = super::put(
        &service,
        "A:B",
        &json!({ "description": "x".repeat(15_000) }).to_string(),
    )
    .await;

    assert_eq!(stored.status, 200, "{}", stored.text());
    assert_eq!(problem(&refused, 413)["code"], "INVALID");
    assert_eq!(problem(&other, 413)["limitBytes"], 10_000);
}

#[tokio::test]
async fn a_batch_has_no_more_rows_than_set() {
    let service = TestService::with(service(), &[("financial-data.upload-rows", "2")]).await;

    let refused = rows(&service, "", &ROW.repeat(3)).await;

    assert_eq!(said(&refused, 413), "the upload has more than 2 rows");
}

#[tokio::test]
async fn an_upload_creates_no_more_series_than_set() {
    let service = TestService::with(service(), &[("financial-data.upload-series", "3")]).await;
    let batch: String = (0..=3).map(|at| format!("S{at},2024-01-01,1,2024-02-01\n")).collect();

    let refused = rows(&service, "", &batch).await;

    assert_eq!(said(&refused, 413), "the upload creates more than 3 series");
    assert_eq!(get(&service, "/series").await.json()["total"], 0);
}

#[tokio::test]
async fn a_report_describes_no_more_rows_than_set() {
    let service = TestService::with(service(), &[("financial-data.reported-errors", "2")]).await;

    let report = rows(&service, "", &format!("{ROW}{}", "X,never,1,\n".repeat(5)))
        .await
        .json();

    assert_eq!(
        (&report["summary"]["failed"], &report["errorsTruncated"]),
        (&json!(5), &json!(true))
    );
    assert_eq!(report["errors"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn who_uploads_too_often_is_told_when_to_come_back() {
    let service = TestService::with(service(), &[("financial-data.uploads-per-minute", "2")]).await;
    rows(&service, "", ROW).await;
    rows(&service, "", ROW).await;

    let refused = rows(&service, "", ROW).await;

    assert_eq!(problem(&refused, 429)["code"], "RATE_LIMITED");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(get(&service, "/series/X/points").await.status, 200, "reading goes on");
}

#[tokio::test]
async fn an_unknown_format_or_encoding_is_told_what_is_accepted() {
    let service = start().await;

    let unknown = upload(&service, "", "application/xml", "<rows/>").await;
    let unnamed = service
        .request(Request::post(format!("{API}/bulk")).body(Body::from(ROW)).unwrap())
        .await;
    let encoding = encoded(&service, "br", b"x".to_vec()).await;

    let accepted = problem(&unknown, 415)["accepted"].clone();
    assert_eq!(accepted.as_array().unwrap().len(), 6);
    assert!(
        accepted
            .as_array()
            .unwrap()
            .contains(&json!("application/vnd.apache.arrow.stream"))
    );
    assert!(said(&unnamed, 415).contains("no content type"));
    assert_eq!(problem(&encoding, 415)["code"], "INVALID");
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_is_refused() {
    let service = start().await;
    let broken = [
        ("application/json", &b"{\"data\": [{\"seriesId\""[..], 400),
        ("application/vnd.apache.arrow.stream", b"\xff\xff\xff\xff\x10\x00", 400),
        ("application/vnd.apache.parquet", b"PAR1 and no more", 400),
        ("application/x-protobuf", b"\xff\xff\xff\xff", 400),
        ("text/csv", b"series_id,date,value,colour\n", 422),
        ("text/csv", b"", 400),
    ];
    for (content_type, body, status) in broken {
        let refused = upload(&service, "", content_type, body.to_vec()).await;

        let problem = problem(&refused, status);
        assert!(problem["hint"].is_string(), "{content_type}: {problem}");
    }
    let mut half = gzip(gdp_csv().as_bytes());
    half.truncate(half.len() / 2);
    let followed = [gzip(gdp_csv().as_bytes()), b"something else".to_vec()].concat();
    for body in [half, followed] {
        assert_eq!(problem(&encoded(&service, "gzip", body).await, 400)["code"], "INVALID");
    }
    assert_eq!(
        get(&service, "/series").await.json()["total"],
        0,
        "nothing of it was stored"
    );
}

async fn encoded(service: &TestService, encoding: &str, body: Vec<u8>) -> Answer {
    let request = Request::post(format!("{API}/bulk"));
    let request = request
        .header("content-type", "text/csv")
        .header("content-encoding", encoding);
    service.request(request.body(Body::from(body)).unwrap()).await
}
