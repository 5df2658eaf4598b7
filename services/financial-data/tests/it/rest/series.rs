//! Series: description, lists, search.

use axum::http::Method;
use serde_json::{Value, json};

use super::{API, csv, get, problem, put, rows, said, start, upload};

#[tokio::test]
async fn a_series_is_created_and_then_described_further() {
    let service = start().await;

    let created = put(
        &service,
        "FRED:UNRATE",
        r#"{"title":"Unemployment Rate","frequency":"m","metadata":{"a":1}}"#,
    )
    .await;
    let changed = put(&service, "UNRATE", r#"{"units":"Percent","is_active":false}"#).await;

    assert_eq!(created.status, 201);
    let series = created.json();
    assert_eq!(
        created.header("location"),
        format!("{API}/series/{}", series["id"].as_str().unwrap())
    );
    assert_eq!(
        (&series["source"], &series["frequency"]),
        (&json!("FRED"), &json!("monthly"))
    );
    assert_eq!(changed.status, 200);
    let changed = changed.json();
    assert_eq!(
        (&changed["id"], &changed["title"]),
        (&series["id"], &json!("Unemployment Rate"))
    );
    assert_eq!(
        (&changed["units"], &changed["isActive"]),
        (&json!("Percent"), &json!(false))
    );
    assert_eq!(
        get(&service, &format!("/series/{}", series["id"].as_str().unwrap()))
            .await
            .json(),
        changed
    );
    assert_eq!(get(&service, "/sources").await.json()["sources"][0]["name"], "FRED");
}

#[tokio::test]
async fn points_come_with_a_description_all_or_none() {
    let service = start().await;
    let good = r#"{"frequency":"monthly","points":[
        {"date":"2024-01-01","value":3.70,"revisionDate":"2024-02-02"},
        {"date":"2024-02-01","value":"3.9","revisionDate":"2024-03-01"}]}"#;
    let bad = r#"{"points":[{"date":"2024-01-01","value":3.70},{"date":"soon","value":1}]}"#;

    let stored = put(&service, "FRED:UNRATE", good).await;
    let refused = put(&service, "FRED:OTHER", bad).await;

    assert_eq!(stored.status, 201, "{}", stored.text());
    assert_eq!(stored.json()["report"]["summary"]["successful"], 2);
    assert_eq!(
        csv(&service, "/series/UNRATE/points").await,
        "date,value\n2024-01-01,3.70\n2024-02-01,3.9\n"
    );
    assert_eq!(problem(&refused, 422)["report"]["errors"][0]["field"], "date");
    assert_eq!(get(&service, "/series/FRED:OTHER").await.status, 404);
}

#[tokio::test]
async fn a_series_keeps_its_identity() {
    let service = start().await;
    let id = put(&service, "FRED:GDP", "{}").await.json()["id"]
        .as_str()
        .unwrap()
        .to_string();

    let renamed = put(&service, &id, r#"{"external_id":"GNP"}"#).await;
    let moved = put(&service, &id, r#"{"source":"BEA"}"#).await;
    let same = put(&service, &id, r#"{"source":"fred","externalId":"GDP"}"#).await;
    let unknown = put(&service, "019a2b1e-0000-7000-8000-000000000000", "{}").await;
    let nameless = put(&service, "GNP", "{}").await;

    assert!(said(&renamed, 400).starts_with("external_id cannot be changed"));
    assert!(said(&moved, 400).starts_with("source cannot be changed"));
    assert_eq!(same.status, 200, "{}", same.text());
    assert_eq!(problem(&unknown, 404)["code"], "NOT_FOUND");
    assert!(
        problem(&nameless, 404)["hint"]
            .as_str()
            .unwrap()
            .contains("SOURCE:EXTERNAL_ID")
    );
}

#[tokio::test]
async fn a_description_that_does_not_fit_is_refused() {
    let service = start().await;
    let refused = [
        (r#"{"frequency":"sometimes"}"#, 400),
        (r#"{"colour":"red"}"#, 422),
        (r#"{"title":7}"#, 422),
        (r#"[]"#, 422),
        (r#"{"title":"#, 400),
        (r#"{"points":{}}"#, 422),
    ];
    for (body, status) in refused {
        let answer = put(&service, "S:X", body).await;

        assert_eq!(problem(&answer, status)["code"], "INVALID", "{body}");
    }
    let text = service
        .send(Method::PUT, &format!("{API}/series/S:X"), "text/plain", "{}")
        .await;
    assert_eq!(text.status, 415);
    assert_eq!(get(&service, "/series").await.json()["total"], 0);
}

#[tokio::test]
async fn a_list_is_filtered_and_read_page_by_page() {
    let service = start().await;
    for number in 0..5 {
        put(&service, &format!("S:M{number}"), r#"{"frequency":"monthly"}"#).await;
        put(
            &service,
            &format!("T:Q{number}"),
            r#"{"frequency":"quarterly","is_active":false}"#,
        )
        .await;
    }

    let mut next = "/series?frequency=m&limit=2".to_string();
    let (mut pages, mut names) = (0, Vec::new());
    while !next.is_empty() {
        let page = get(&service, &next).await;
        assert_eq!(page.header("x-total-count"), "5");
        names.extend(names_of(&page.json()));
        let link = page.header("link").to_string();
        next = link
            .split_once('>')
            .map(|(link, _)| link.trim_start_matches('<').replace(API, ""))
            .unwrap_or_default();
        pages += 1;
    }

    assert_eq!(
        (pages, names),
        (
            3,
            vec!["M0", "M1", "M2", "M3", "M4"]
                .into_iter()
                .map(String::from)
                .collect()
        )
    );
    assert_eq!(
        names_of(&get(&service, "/series?source=t&offset=3").await.json()),
        ["Q3", "Q4"]
    );
    assert_eq!(
        names_of(&get(&service, "/series?is_active=false&prefix=q1").await.json()),
        ["Q1"]
    );
    let table = csv(&service, "/series?source=S&limit=1").await;
    assert!(table.starts_with("id,source,external_id,title,"), "{table}");
    assert!(said(&get(&service, "/series?limit=0").await, 400).starts_with("limit expects a number from 1 to"));
}

#[tokio::test]
async fn a_list_goes_on_behind_a_series_that_was_deleted_meanwhile() {
    let service = start().await;
    for name in ["A", "B", "C"] {
        put(&service, &format!("S:{name}"), "{}").await;
    }
    let first = get(&service, "/series?limit=2").await;
    let last = first.json()["series"][1]["id"].as_str().unwrap().to_string();
    let next = first.header("link").split(['<', '>']).nth(1).unwrap().replace(API, "");

    service
        .send(Method::DELETE, &format!("{API}/series/{last}"), "", "")
        .await;

    assert_eq!(names_of(&get(&service, &next).await.json()), ["C"]);
    assert!(said(&get(&service, &format!("/series?after={last}")).await, 400).contains("no longer in the list"));
    assert!(said(&get(&service, "/series?after=nothing").await, 400).contains("not a place in this list"));
}

#[tokio::test]
async fn series_are_found_by_name_and_by_when_they_have_observations() {
    let service = start().await;
    put(
        &service,
        "S:OLD",
        r#"{"frequency":"monthly","startDate":"1948-01-01","endDate":"1990-12-01"}"#,
    )
    .await;
    put(&service, "S:NEW", r#"{"frequency":"monthly","title":"New prices"}"#).await;
    put(&service, "T:NEVER", r#"{"title":"Prices to come"}"#).await;
    super::rows(
        &service,
        "?source=S",
        "NEW,2015-01-01,1,2015-02-01\nNEW,2016-01-01,1,2016-02-01\n",
    )
    .await;
    for (question, found) in [
        ("observed_from=2015-06-01", &["NEW"][..]),
        ("observed_to=2014-12-31", &["OLD"]),
        ("observed_from=1990-12-01&observed_to=2015-01-01", &["NEW", "OLD"]),
        ("observed_from=1990-12-01&frequency=m&source=s&prefix=o", &["OLD"]),
        ("observed_from=2017-01-01", &[]),
        ("series=S:OLD,NEVER,NONE", &["NEVER", "OLD"]),
        ("series=OLD,NEVER&source=T", &["NEVER"]),
        ("q=prices&observed_from=2016-01-01", &["NEW"]),
        ("q=prices&prefix=ne&source=T", &["NEVER"]),
    ] {
        let answer = get(&service, &format!("/series?{question}")).await;

        let list = answer.json();
        assert_eq!(names_of(&list), found, "{question}");
        assert_eq!(list["total"], found.len(), "{question}");
    }
    assert!(said(&get(&service, "/series?observed_from=soon").await, 400).starts_with("observed_from expects a date"));
}

#[tokio::test]
async fn a_search_narrowed_by_a_prefix_sees_what_ranks_behind_a_thousand_others() {
    let service = start().await;
    let mut series: Vec<_> = (0..1_001)
        .map(|number| json!({ "externalId": format!("A{number}"), "title": "Rate" }))
        .collect();
    series.push(json!({ "externalId": "ZZ", "title": "A long title that says at its end that it is of a rate" }));
    let body = json!({ "source": "S", "series": series, "data": [] }).to_string();
    assert_eq!(upload(&service, "", "application/json", body).await.status, 200);

    let list = get(&service, "/series?q=rate&prefix=ZZ").await.json();

    assert_eq!(names_of(&list), ["ZZ"]);
}

#[tokio::test]
async fn a_search_forgives_a_small_mistake() {
    let service = start().await;
    put(&service, "FRED:UNRATE", r#"{"title":"Unemployment Rate"}"#).await;
    put(&service, "FRED:GDP", r#"{"title":"Gross Domestic Product"}"#).await;

    let found = get(&service, "/series?q=unemplyment").await.json();

    assert_eq!(
        (names_of(&found), &found["total"]),
        (vec!["UNRATE".to_string()], &json!(1))
    );
    let narrowed = get(&service, "/series?q=gdp&prefix=U").await.json();
    assert_eq!(narrowed["total"], 0, "{narrowed}");
    assert!(said(&get(&service, "/series?q=gdp&after=x").await, 400).contains("exclude each other"));
}

#[tokio::test]
async fn an_external_id_may_hold_any_character() {
    let service = start().await;

    let created = put(
        &service,
        "S:a%2Fb%20%C3%A4:c",
        r#"{"points":[{"date":"2024-01-01","value":1,"revision_date":"2024-02-01"}]}"#,
    )
    .await;

    assert_eq!(created.json()["externalId"], "a/b ä:c", "{}", created.text());
    assert_eq!(
        csv(&service, "/series/S:a%2Fb%20%C3%A4:c/points").await,
        "date,value\n2024-01-01,1\n"
    );
}

fn names_of(list: &Value) -> Vec<String> {
    let series = list["series"].as_array().unwrap();
    series
        .iter()
        .map(|series| series["externalId"].as_str().unwrap().to_string())
        .collect()
}

#[tokio::test]
async fn growth_over_a_year_of_a_series_that_nobody_described_is_refused_with_a_way_out() {
    let service = start().await;
    rows(&service, "?source=S", "X,2024-01-01,1,2024-02-01\n").await;

    for asked in ["units=pc1", "frequency=a"] {
        let refused = get(&service, &format!("/series/X/points?{asked}")).await;

        assert_eq!(
            problem(&refused, 400)["hint"],
            "describe the series with its frequency, for instance monthly"
        );
    }
}
