//! A name means one series, whether it is read or written.

use axum::http::Method;
use financial_data::series::{SeriesId, SourceId};
use platform_testing::{Answer, TestService};
use serde_json::{Value, json};

use super::{API, csv, get, problem, put, rows, said, start, upload};

/// An id as a source of its own may give it to a series.
const OWN: &str = "019A2B1E-0000-7000-8000-0000000000AB";

fn id(source: &str, external_id: &str) -> SeriesId {
    SeriesId::of(SourceId::of(source), external_id)
}

/// Uploads rows of `series_id,date,value,source`.
async fn sourced(service: &TestService, query: &str, rows: &str) -> Answer {
    upload(
        service,
        query,
        "text/csv",
        format!("series_id,date,value,source\n{rows}"),
    )
    .await
}

/// The source and the external id of the series that a name means.
async fn meant(service: &TestService, name: &str) -> (String, String) {
    let answer = get(service, &format!("/series/{name}")).await;
    assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    let text = |field: &str| answer.json()[field].as_str().unwrap().to_owned();
    (text("source"), text("externalId"))
}

async fn total(service: &TestService) -> Value {
    get(service, "/series").await.json()["total"].take()
}

fn names(source: &str, external_id: &str) -> (String, String) {
    (source.to_owned(), external_id.to_owned())
}

#[tokio::test]
async fn a_row_without_a_source_does_not_make_a_second_series_of_a_known_name() {
    let service = start().await;
    put(&service, "ME:SALES", "{}").await;

    let report = rows(
        &service,
        "",
        "SALES,2024-01-01,,2024-06-01\nOTHER,2024-01-01,1,2024-06-01\n",
    )
    .await;

    assert_eq!(report.json()["summary"]["successful"], 1, "{}", report.text());
    assert_eq!(
        report.json()["errors"][0],
        json!({
            "row": 1,
            "field": "series_id",
            "value": "SALES",
            "errorType": "InvalidSeriesReference",
            "message": "names no source, and there is a series of this name in ME",
            "suggestedFix": "say its source: ME, or default for another series",
        })
    );
    assert_eq!(meant(&service, "SALES").await, names("ME", "SALES"));
    assert_eq!(meant(&service, "OTHER").await, names("default", "OTHER"));
}

#[tokio::test]
async fn a_series_of_no_source_is_known_by_its_name_and_who_means_it_beside_another_says_so() {
    let service = start().await;
    let row = "SALES,2024-01-01,1,2024-06-01\n";
    assert_eq!(rows(&service, "", row).await.status, 200);
    put(&service, "ME:SALES", "{}").await;
    put(&service, "ME:PRICES", "{}").await;

    let known = rows(&service, "", row).await;
    let named = rows(&service, "?source=default", "PRICES,2024-01-01,1,2024-06-01\n").await;

    assert_eq!((known.status.as_u16(), named.status.as_u16()), (200, 200));
    assert_eq!(meant(&service, "default:PRICES").await, names("default", "PRICES"));
}

#[tokio::test]
async fn a_full_name_in_a_row_without_a_source_is_refused_and_hides_nothing() {
    let service = start().await;
    rows(&service, "?source=FRED", "GDP,2024-01-01,1,2024-02-01\n").await;
    let panel = csv(&service, "/panel?series=GDP&names=full").await;
    assert_eq!(panel, "series_id,date,value\nFRED:GDP,2024-01-01,1\n");

    let refused = upload(&service, "", "text/csv", panel).await;

    let error = problem(&refused, 422)["report"]["errors"][0].take();
    assert_eq!(
        (&error["message"], &error["suggestedFix"]),
        (
            &json!("names no source, and begins with the name of one"),
            &json!("write FRED as its source and GDP as its external id")
        )
    );
    assert_eq!(total(&service).await, 1);
    assert_eq!(meant(&service, "FRED:GDP").await, names("FRED", "GDP"));
}

#[tokio::test]
async fn a_full_name_means_the_series_of_that_source_whatever_others_call_theirs() {
    let service = start().await;
    put(&service, "FRED:GDP", "{}").await;
    put(&service, "X:FRED:GDP", "{}").await;

    assert_eq!(meant(&service, "FRED:GDP").await, names("FRED", "GDP"));
    assert_eq!(meant(&service, "X:FRED:GDP").await, names("X", "FRED:GDP"));
    let deleted = service
        .send(Method::DELETE, &format!("{API}/series/FRED:GDP"), "", "")
        .await;
    assert_eq!(deleted.status, 204);
    assert_eq!(get(&service, "/series/FRED:GDP").await.status, 404);
    assert_eq!(meant(&service, "X:FRED:GDP").await, names("X", "FRED:GDP"));
    assert_eq!(put(&service, "FRED:GDP", "{}").await.status, 201);
}

#[tokio::test]
async fn a_description_without_a_source_does_not_make_a_second_series_either() {
    let service = start().await;
    put(&service, "ME:SALES", "{}").await;
    let batch = |series: Value| json!({ "series": [series] }).to_string();

    let bare = upload(
        &service,
        "",
        "application/json",
        batch(json!({ "externalId": "SALES", "title": "Sales" })),
    )
    .await;
    let row = json!({ "series_id": "PRICES", "date": "2024-01-01", "value": 1 });
    let mixed = json!({ "series": [{ "externalId": "PRICES", "source": "ME" }], "data": [row] });
    let mixed = upload(&service, "", "application/json", mixed.to_string()).await;

    let bare = problem(&bare, 400);
    assert_eq!(
        (&bare["detail"], &bare["hint"]),
        (
            &json!("series SALES names no source, and there is a series of this name in ME"),
            &json!("say its source: ME, or default for another series")
        )
    );
    assert_eq!(
        problem(&mixed, 422)["report"]["errors"][0]["message"],
        "names no source, and there is a series of this name in ME"
    );
    assert_eq!(get(&service, "/series/default:PRICES").await.status, 404);
}

#[tokio::test]
async fn the_name_of_a_source_has_no_colon() {
    let service = start().await;
    let described = r#"{"series":[{"externalId":"X","source":"A:B"}]}"#;

    let asked = rows(&service, "?source=A:B", "X,2024-01-01,1,2024-02-01\n").await;
    let row = sourced(&service, "", "X,2024-01-01,1,A:B\n").await;
    let described = upload(&service, "", "application/json", described).await;

    assert_eq!(
        said(&asked, 400),
        "source has 1 to 100 printable characters without a colon"
    );
    assert_eq!(problem(&row, 422)["report"]["errors"][0]["field"], "source");
    assert!(said(&described, 422).ends_with("source needs 1 to 100 printable characters without a colon"));
}

#[tokio::test]
async fn an_id_beside_a_source_is_of_that_source_or_refused() {
    let service = start().await;
    put(&service, "FRED:GDP", "{}").await;
    put(&service, "BBK:IP", "{}").await;
    let gdp = id("FRED", "GDP");

    let report = sourced(
        &service,
        "",
        &format!("{gdp},2024-01-01,1,BBK\n{gdp},2024-02-01,2,fred\n"),
    )
    .await
    .json();

    assert_eq!(report["summary"]["successful"], 1, "{report}");
    assert_eq!(
        (&report["errors"][0]["message"], &report["errors"][0]["suggestedFix"]),
        (
            &json!("is the id of a series of another source"),
            &json!("leave out the source, or name the series as BBK calls it")
        )
    );
    assert_eq!(
        csv(&service, "/series/FRED:GDP/points").await,
        "date,value\n2024-02-01,2\n"
    );
    assert_eq!(total(&service).await, 2);
}

#[tokio::test]
async fn the_id_of_a_series_that_the_same_upload_describes_is_known_beside_its_source() {
    let service = start().await;
    let row = |source: &str| json!({ "series_id": id("ME", "X"), "date": "2024-01-01", "value": 1, "source": source });
    let batch = json!({ "source": "ME", "series": [{ "externalId": "X" }], "data": [row("ME"), row("BBK")] });

    let report = upload(&service, "", "application/json", batch.to_string()).await.json();

    assert_eq!(
        (&report["summary"]["successful"], &report["errors"][0]["row"]),
        (&json!(1), &json!(2)),
        "{report}"
    );
    assert_eq!(csv(&service, "/series/ME:X/points").await, "date,value\n2024-01-01,1\n");
}

#[tokio::test]
async fn a_source_may_call_its_series_by_uuids() {
    let service = start().await;
    let other = "019a2b1e-0000-7000-8000-0000000000cd";
    put(&service, &format!("ME:{OWN}"), "{}").await;

    let known = sourced(&service, "", &format!("{OWN},2024-01-01,1,ME\n")).await;
    let beside = rows(&service, "?source=ME", &format!("{OWN},2024-02-01,2,2024-03-01\n")).await;
    let created = sourced(&service, "", &format!("{other},2024-01-01,3,ME\n")).await;
    let nobodys = rows(
        &service,
        "?source=ME",
        "019a2b1e-0000-7000-8000-0000000000ef,2024-01-01,1,2024-02-01\n",
    )
    .await;

    for stored in [known, beside, created] {
        assert_eq!(stored.status, 200, "{}", stored.text());
    }
    assert_eq!(
        problem(&nobodys, 422)["report"]["errors"][0]["message"],
        "there is no series with this id"
    );
    assert_eq!(
        csv(&service, &format!("/series/{OWN}/points")).await,
        "date,value\n2024-01-01,1\n2024-02-01,2\n"
    );
    assert_eq!(meant(&service, other).await, names("ME", other));
    assert_eq!(total(&service).await, 2);
}

#[tokio::test]
async fn an_external_id_of_hexadecimal_digits_is_found_by_itself() {
    let service = start().await;
    let digest = "d41d8cd98f00b204e9800998ecf8427e";
    put(&service, &format!("ME:{digest}"), "{}").await;

    assert_eq!(meant(&service, digest).await, names("ME", digest));
}
