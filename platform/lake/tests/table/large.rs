//! Files of many row groups: found by bounds and pages, written in bulk, rewritten without a lead.

use futures::TryStreamExt;
use platform_lake::{Effort, LeadRange};

use crate::support::{batch, read, table};

fn name(series: usize) -> String {
    format!("s{series:05}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_found_in_files_of_many_row_groups() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    let stage = table.stage();
    for chunk in 0..3 {
        let rows = (chunk * 100..chunk * 100 + 100)
            .flat_map(|series| (0..1_500).map(move |date| (name(series), date, series as i32 + date)));
        stage.write(batch(rows)).await.unwrap();
    }
    assert_eq!(
        table.snapshot().stored_rows(),
        0,
        "nothing is visible before the commit"
    );
    stage.commit(None).await.unwrap();
    table
        .append(batch([(name(150), 3, -1), (name(150), 5_000, -2)].into_iter()), None)
        .await
        .unwrap();

    let check = async || {
        for series in [0, 1, 87, 99, 100, 150, 299] {
            let found = read(&table.snapshot(), &name(series)).await;
            let mut expected: Vec<(i32, i32)> = (0..1_500).map(|date| (date, series as i32 + date)).collect();
            if series == 150 {
                expected[3].1 = -1;
                expected.push((5_000, -2));
            }
            assert_eq!(found, expected, "series {series}");
        }
        assert_eq!(read(&table.snapshot(), "s00000x").await, []);
    };
    check().await;
    table.compact(Effort::Full).await.unwrap();
    check().await;
    assert_eq!(table.snapshot().stored_rows(), 450_001);

    table.delete(&[name(42)]).await.unwrap();
    check().await;
    assert_eq!(read(&table.snapshot(), &name(42)).await, []);
    let range = LeadRange {
        from: Some(name(41)),
        to: Some(name(43)),
    };
    let rows: Vec<_> = table
        .snapshot()
        .scan(&range, &["series"])
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows.iter().map(|batch| batch.num_rows()).sum::<usize>(), 3_000);
}
