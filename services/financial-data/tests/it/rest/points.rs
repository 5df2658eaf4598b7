//! Questions about one series.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::json;

use super::{API, csv, get, get_with, problem, rows, said, start, with_gdp};

const AS_OF_2019: &str = include_str!("../../data/gdp-as-of-2019-01-01.csv");
const NOW: &str = include_str!("../../data/gdp-now-2025-07-01.csv");
const INITIAL: &str = include_str!("../../data/gdp-initial-releases.csv");

#[tokio::test]
async fn an_as_of_read_is_what_fred_showed_on_that_day() {
    let service = with_gdp().await;

    assert_eq!(csv(&service, "/series/GDP/points?as_of=2019-01-01").await, AS_OF_2019);
    assert_eq!(csv(&service, "/series/FRED:GDP/points").await, NOW);
}

#[tokio::test]
async fn original_releases_are_those_of_alfred() {
    let service = with_gdp().await;
    let initial: Vec<&str> = INITIAL
        .lines()
        .skip(1)
        .map(|line| line.rsplitn(3, ',').last().unwrap())
        .collect();

    let original = csv(&service, "/series/GDP/points?original=true").await;

    assert_eq!(original.lines().skip(1).collect::<Vec<_>>(), initial);
}

#[tokio::test]
async fn the_revisions_of_a_quarter_can_be_followed() {
    let service = with_gdp().await;
    let quarter = "start=2014-01-01&end=2014-01-01";

    let all = csv(&service, &format!("/series/GDP/points?revisions=all&{quarter}")).await;
    let third = csv(&service, &format!("/series/GDP/points?release=2&{quarter}")).await;
    let window = format!("/series/GDP/points?vintage_from=2014-05-01&vintage_to=2014-06-30&columns=full&{quarter}");
    let window = csv(&service, &window).await;

    assert_eq!(all.lines().count(), 13);
    assert_eq!(third, "date,value\n2014-01-01,17016.0\n");
    assert_eq!(
        window,
        "date,value,revision_date,is_original_release,release_rank\n\
         2014-01-01,17101.3,2014-05-29,false,1\n\
         2014-01-01,17016.0,2014-06-25,false,2\n"
    );
}

#[tokio::test]
async fn growth_is_computed_on_the_vintage_asked_for() {
    let service = with_gdp().await;

    let then = csv(
        &service,
        "/series/GDP/points?units=chg&as_of=2019-01-01&start=2018-07-01",
    )
    .await;
    let yearly = csv(
        &service,
        "/series/GDP/points?frequency=a&aggregation=sum&start=1947-01-01&end=1947-12-31",
    )
    .await;

    assert_eq!(then, "date,value\n2018-07-01,246.280\n");
    let quarters = NOW
        .lines()
        .filter(|line| line.starts_with("1947-"))
        .map(|line| line.split_once(',').unwrap().1);
    let sum: f64 = quarters.map(|value| value.parse::<f64>().unwrap()).sum();
    let answered: f64 = yearly
        .lines()
        .nth(1)
        .unwrap()
        .split_once(',')
        .unwrap()
        .1
        .parse()
        .unwrap();
    assert!((sum - answered).abs() < 1e-6, "{yearly}");
}

#[tokio::test]
async fn a_page_is_a_part_of_the_answer() {
    let service = with_gdp().await;

    let page = csv(&service, "/series/GDP/points?offset=2&limit=3").await;

    assert_eq!(
        page.lines().skip(1).collect::<Vec<_>>(),
        NOW.lines().skip(3).take(3).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn questions_that_contradict_themselves_are_refused_by_name() {
    let service = with_gdp().await;
    let refused = [
        (
            "as_of=2019-01-01&release=1",
            "as_of and release exclude each other: give one of them",
        ),
        (
            "vintage_from=2019-01-01&revisions=all",
            "vintage_from and revisions exclude each other: give one of them",
        ),
        (
            "vintage_to=2019-01-01&original=true",
            "vintage_to and original exclude each other: give one of them",
        ),
        (
            "system_time=2019-01-01T00:00:00Z&snapshot=1",
            "system_time and snapshot exclude each other: give one of them",
        ),
        ("start=2020-01-01&end=2019-01-01", "start is after end"),
        (
            "as_of=yesterday",
            "as_of expects a date such as 2024-12-31, not \"yesterday\"",
        ),
        (
            "aggregation=sum",
            "aggregation needs frequency: say which periods to put together",
        ),
        (
            "units=percent",
            "units expects one of lin, chg, ch1, pch, pc1, pca, cch, cca, log, not \"percent\"",
        ),
        ("limit=-1", "limit expects a whole number, not \"-1\""),
        ("as_of=", "as_of is empty: give it a value or leave it out"),
        ("start=2020-01-01&start=2021-01-01", "start is given twice"),
        ("asof=2019-01-01", "there is no argument \"asof\" here"),
        ("format=xml", "format expects one of json, csv, ndjson, arrow, parquet"),
    ];
    for (query, expected) in refused {
        let answer = get(&service, &format!("/series/GDP/points?{query}")).await;

        assert_eq!(said(&answer, 400), expected, "{query}");
    }
    let several = get(&service, "/series/GDP/points?revisions=all&units=chg").await;
    assert!(said(&several, 400).starts_with("units and frequencies apply to one vintage"));
}

#[tokio::test]
async fn an_unknown_series_is_not_found() {
    let service = start().await;
    for path in ["", "/points", "/latest", "/vintages", "/matrix"] {
        for name in ["NOPE", "FRED:NOPE", "019a2b1e-0000-7000-8000-000000000000"] {
            let answer = get(&service, &format!("/series/{name}{path}")).await;

            assert_eq!(problem(&answer, 404)["code"], "NOT_FOUND", "{name}{path}");
        }
    }
}

#[tokio::test]
async fn the_format_is_negotiated() {
    let service = with_gdp().await;
    let wanted = [
        ("*/*", "application/json"),
        ("text/csv;q=0.5, application/jsonl", "application/x-ndjson"),
        ("text/*", "text/csv; charset=utf-8; header=present"),
        (
            "application/vnd.apache.arrow.stream",
            "application/vnd.apache.arrow.stream",
        ),
        (
            "application/vnd.apache.parquet, */*;q=0.1",
            "application/vnd.apache.parquet",
        ),
    ];
    for (accept, content_type) in wanted {
        let answer = get_with(&service, "/series/GDP/points?limit=1", ("accept", accept)).await;

        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (200, content_type),
            "{accept}"
        );
    }
    let refused = get_with(&service, "/series/GDP/points", ("accept", "image/png")).await;
    assert!(
        problem(&refused, 406)["available"]
            .as_array()
            .unwrap()
            .contains(&json!("text/csv"))
    );
    let named = get_with(&service, "/series/GDP/points?format=csv", ("accept", "image/png")).await;
    assert!(
        named.header("content-type").starts_with("text/csv"),
        "format takes precedence"
    );
    let list = get_with(
        &service,
        "/series",
        ("accept", "application/vnd.apache.parquet, text/csv;q=0.1"),
    )
    .await;
    assert!(
        list.header("content-type").starts_with("text/csv"),
        "a list has no Parquet"
    );
}

#[tokio::test]
async fn a_reader_that_has_the_answer_gets_no_body() {
    let service = with_gdp().await;
    let path = "/series/GDP/points?format=csv";
    let tag = get(&service, path).await.header("etag").to_string();

    let same = get_with(&service, path, ("if-none-match", &tag)).await;
    let other = get_with(&service, "/series/GDP/points?format=json", ("if-none-match", &tag)).await;
    rows(&service, "?source=FRED", "GDP,2025-04-01,30331.117,2025-09-25\n").await;
    let revised = get_with(&service, path, ("if-none-match", &tag)).await;

    assert_eq!(
        (same.status.as_u16(), same.body.len(), same.header("etag")),
        (304, 0, tag.as_str())
    );
    assert_eq!(
        (other.status, revised.status),
        (200.try_into().unwrap(), 200.try_into().unwrap())
    );
    assert!(revised.text().contains("30331.117"));
}

#[tokio::test]
async fn a_matrix_shows_dates_against_vintages() {
    let service = with_gdp().await;

    let matrix = csv(
        &service,
        "/series/GDP/matrix?vintages=2014-04-30,2014-05-29&start=2013-10-01",
    )
    .await;
    let last = get(&service, "/series/GDP/matrix?last=2&start=2025-01-01").await.json();

    assert_eq!(
        matrix,
        "date,GDP_20140430,GDP_20140529\n2013-10-01,17089.6,17089.6\n2014-01-01,17149.6,17101.3\n"
    );
    assert_eq!(last["vintages"].as_array().unwrap().len(), 2);
    let whole = get(&service, "/series/GDP").await.json();
    assert_eq!(last["seriesId"], whole["id"]);
    let twice = "/series/GDP/matrix?vintages=2014-05-29,2014-05-29&start=2014-01-01";
    assert_eq!(csv(&service, twice).await, "date,GDP_20140529\n2014-01-01,17101.3\n");
    let both = get(&service, "/series/GDP/matrix?last=2&vintages=2014-04-30").await;
    assert!(said(&both, 400).starts_with("vintages and last exclude each other"));
}

#[tokio::test]
async fn the_store_can_be_asked_what_it_held_before() {
    let service = start().await;
    let first = rows(&service, "?source=S", "X,2024-01-01,1,2024-02-01\n").await.json();
    service.clock().advance(TimeDelta::minutes(1));
    let then = service.clock().now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    service.clock().advance(TimeDelta::hours(1));
    rows(&service, "?source=S", "X,2024-01-01,9,2024-02-01\n").await;

    let by_time = csv(&service, &format!("/series/X/points?system_time={then}")).await;
    let by_id = csv(
        &service,
        &format!("/series/X/points?snapshot={}", first["snapshotId"].as_str().unwrap()),
    )
    .await;
    let unknown = get(&service, "/series/X/points?snapshot=1").await;

    assert_eq!(
        (by_time.as_str(), by_id.as_str()),
        ("date,value\n2024-01-01,1\n", "date,value\n2024-01-01,1\n")
    );
    assert_eq!(csv(&service, "/series/X/points").await, "date,value\n2024-01-01,9\n");
    assert_eq!(problem(&unknown, 404)["code"], "NOT_FOUND");
}

#[tokio::test]
async fn a_deleted_series_is_gone() {
    let service = with_gdp().await;

    let deleted = service
        .send(Method::DELETE, &format!("{API}/series/FRED:GDP"), "", "")
        .await;

    assert_eq!((deleted.status.as_u16(), deleted.body.len()), (204, 0));
    assert_eq!(get(&service, "/series/GDP/points").await.status, 404);
    assert_eq!(get(&service, "/series").await.json()["total"], 0);
    let again = service
        .send(Method::DELETE, &format!("{API}/series/FRED:GDP"), "", "")
        .await;
    assert_eq!(again.status, 404);
    rows(&service, "?source=FRED", "GDP,2025-01-01,1,2025-07-01\n").await;
    assert_eq!(
        csv(&service, "/series/GDP/points?revisions=all").await,
        "date,value\n2025-01-01,1\n"
    );
}
