//! Dates in arguments are read as strictly as those of rows.

use super::{csv, get, rows, said, start};

#[tokio::test]
async fn a_day_is_written_in_one_way_and_never_guessed_at() {
    let service = start().await;
    rows(&service, "?source=S", "X,2024-01-01,1,2024-02-01\n").await;
    for day in ["24-03-05", "2024-3-5", "-44-01-01", "%2B2024-03-05"] {
        for asked in [
            format!("/series/X/points?as_of={day}"),
            format!("/series/X/points?start={day}"),
            format!("/series/X/matrix?vintages={day}"),
            format!("/series?observed_from={day}"),
        ] {
            let refused = get(&service, &asked).await;

            assert!(said(&refused, 400).contains(" expects "), "{asked}");
        }
    }
    // A question may reach further than any series.
    let all = csv(&service, "/series/X/points?start=0001-01-01&end=9999-12-31").await;
    assert_eq!(all, "date,value\n2024-01-01,1\n");
}

#[tokio::test]
async fn a_batch_is_not_published_on_a_day_that_no_row_may_name() {
    let service = start().await;
    for day in ["24-03-05", "0024-03-05", "1599-12-31", "2201-01-01"] {
        let refused = rows(&service, &format!("?source=S&revision_date={day}"), "X,2024-01-01,1,\n").await;

        assert_eq!(
            said(&refused, 400),
            format!("revision_date expects a date from 1600-01-01 to 2200-12-31, not {day:?}")
        );
    }
    assert_eq!(get(&service, "/series").await.json()["total"], 0);
}
