//! Search beside other conditions.

use serde_json::json;

use super::{get, start, upload};

#[tokio::test]
async fn a_search_for_series_that_last_long_enough_finds_those_that_fit_less_well_than_a_thousand_others() {
    let service = start().await;
    let ended = (0..1_001).map(|at| {
        let popular = json!({ "popularity": 100 });
        json!({ "externalId": format!("OLD{at}"), "title": "Price", "endDate": "2000-01-01", "metadata": popular })
    });
    let lasting = json!({ "externalId": "NEW", "title": "Price of something rare", "endDate": "2025-01-01" });
    let series: Vec<_> = ended.chain([lasting]).collect();
    let batch = json!({ "source": "S", "series": series });
    let described = upload(&service, "", "application/json", batch.to_string()).await;
    assert_eq!(described.json()["summary"]["newSeries"], 1_002, "{}", described.text());

    let found = get(&service, "/series?q=price&observed_from=2024-01-01").await.json();

    assert_eq!(
        (&found["total"], &found["series"][0]["externalId"]),
        (&json!(1), &json!("NEW"))
    );
}
