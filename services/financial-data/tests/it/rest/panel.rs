//! One question to many series.

use std::fmt::Write;

use financial_data::history::Points;
use financial_data::question::Question;
use financial_data::store::Store;
use platform_testing::TestService;
use serde_json::json;

use super::{API, csv, get, problem, put, rows, said, start};

const SMALL: &str =
    "A,2024-01-01,1,2024-02-01\nA,2024-02-01,2,2024-03-01\nB,2024-01-01,10,2024-02-01\nB,2024-01-01,11,2024-03-01\n";

async fn small() -> TestService {
    let service = start().await;
    assert_eq!(rows(&service, "?source=S", SMALL).await.status, 200);
    service
}

#[tokio::test]
async fn series_stand_in_the_order_asked_for_as_of_one_day() {
    let service = small().await;

    let panel = csv(&service, "/panel?series=S:B,A&as_of=2024-02-15&names=full").await;
    let posted = service
        .post(&format!("{API}/panel?as_of=2024-02-15"), &json!(["B", "A"]))
        .await
        .json();

    assert_eq!(panel, "series_id,date,value\nS:B,2024-01-01,10\nS:A,2024-01-01,1\n");
    assert_eq!(posted["asOf"], "2024-02-15");
    let ids: Vec<_> = posted["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|series| series["seriesId"].clone())
        .collect();
    assert_eq!(ids[0], get(&service, "/series/B").await.json()["id"]);
    assert_eq!(
        posted["series"][1]["points"],
        json!([{ "date": "2024-01-01", "value": "1" }])
    );
}

#[tokio::test]
async fn what_one_series_cannot_answer_is_said_before_anything_is_sent() {
    let service = small().await;
    put(&service, "S:A", r#"{"frequency":"monthly"}"#).await;

    let growth = get(&service, "/panel?series=A,B&units=pc1").await;
    let unknown = get(&service, "/panel?series=A,NOPE").await;
    let nothing = get(&service, "/panel").await;
    let both = get(&service, "/panel?series=A&source=S").await;
    let stranger = get(&service, "/panel?source=T").await;

    assert_eq!(problem(&growth, 400)["series"], "S:B");
    assert_eq!(problem(&unknown, 404)["code"], "NOT_FOUND");
    assert_eq!(said(&stranger, 400), "source \"T\" is none of GET /sources");
    assert_eq!(
        said(&nothing, 400),
        "series or source is needed: say which series to show"
    );
    assert_eq!(
        said(&both, 400),
        "series and source exclude each other: give one of them"
    );
}

#[tokio::test]
async fn a_panel_can_be_asked_of_an_older_state_of_the_store() {
    let service = start().await;
    let first = rows(&service, "?source=S", SMALL).await.json();
    rows(&service, "?source=S", "A,2024-01-01,100,2024-02-01\n").await;

    let before = csv(
        &service,
        &format!(
            "/panel?series=A,B&snapshot={}&names=full",
            first["snapshotId"].as_str().unwrap()
        ),
    )
    .await;

    assert_eq!(
        before,
        "series_id,date,value\nS:A,2024-01-01,1\nS:A,2024-02-01,2\nS:B,2024-01-01,11\n"
    );
}

#[tokio::test]
async fn what_is_stored_while_a_panel_is_written_is_not_in_it() {
    let service = small().await;
    let store: Store = service.store();
    let series = ["S:A", "S:B"].map(|name| store.find(name, None).unwrap());
    let last = |points: Points| {
        points
            .last()
            .and_then(|point| point.value)
            .map(|value| value.to_string())
    };
    let asking = store.ask(Question::default(), &series).await.unwrap();
    let before = last(asking.answer(&series[0]).await.unwrap());

    rows(
        &service,
        "?source=S",
        "A,2024-02-01,9,2024-03-01\nB,2024-01-01,9,2024-03-01\n",
    )
    .await;
    let after = asking.answers(&series, move |points| Ok(last(points))).await.unwrap();
    let now = csv(&service, "/panel?series=A,B&names=full&start=2024-02-01").await;

    assert_eq!(before.as_deref(), Some("2"));
    assert_eq!(after, [Some("2".to_owned()), Some("11".to_owned())]);
    assert_eq!(now, "series_id,date,value\nS:A,2024-02-01,9\n");
    assert_eq!(csv(&service, "/series/B/points").await, "date,value\n2024-01-01,9\n");
}

#[tokio::test]
async fn a_source_of_many_series_is_streamed_whole() {
    let service = start().await;
    let (mut batch, mut expected) = (String::new(), String::from("series_id,date,value\n"));
    for series in 0..300 {
        for month in 1..=12 {
            writeln!(batch, "M{series:03},2024-{month:02}-01,{series}.{month:02},2025-01-01").unwrap();
            writeln!(expected, "S:M{series:03},2024-{month:02}-01,{series}.{month:02}").unwrap();
        }
    }
    rows(&service, "?source=S", &batch).await;

    let text = csv(&service, "/panel?source=S&names=full").await;
    let arrow = get(&service, "/panel?source=S&format=arrow").await;

    assert_eq!(text, expected);
    let batches = arrow::ipc::reader::StreamReader::try_new(std::io::Cursor::new(arrow.body), None).unwrap();
    assert_eq!(batches.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 3600);
}
