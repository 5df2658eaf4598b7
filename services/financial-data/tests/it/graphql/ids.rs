//! The ids of points, by which clients keep them.

use platform_testing::TestService;
use serde_json::json;

use super::{read, upload};

#[tokio::test]
async fn what_is_computed_of_other_revisions_has_another_id_and_a_stored_point_has_one() {
    let service = TestService::start(financial_data::service()).await;
    let point =
        |date: &str, value: &str, published: &str| json!({ "date": date, "value": value, "revisionDate": published });
    let points = [
        point("2019-01-01", "100", "2019-02-01"),
        point("2019-01-01", "110", "2019-02-20"),
        point("2019-02-01", "120", "2019-03-01"),
    ];
    upload(&service, json!([{ "externalId": "M", "dataPoints": points }])).await;
    let last = async |arguments: &str| {
        let query =
            format!("{{ financialSeries(id: \"M\") {{ observations({arguments}) {{ nodes {{ id value }} }} }} }}");
        let found = read(&service, &query).await;
        found["financialSeries"]["observations"]["nodes"][1].clone()
    };

    let (first, newest) = (last("release: 0, units: CHG").await, last("units: CHG").await);
    let as_of = last("asOf: \"2019-03-01\", units: CHG").await;
    let stored = (last("first: 2").await, last("release: 0").await);

    assert_eq!((&first["value"], &newest["value"]), (&json!("20"), &json!("10")));
    assert_ne!(first["id"], newest["id"]);
    assert_ne!(as_of["id"], newest["id"]);
    assert_eq!(stored.0, stored.1);
}
