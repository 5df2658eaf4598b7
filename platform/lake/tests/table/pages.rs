//! Pages begin with leads, and leads of every size are found in them, alone and together.

use platform_lake::{Effort, Snapshot, Table};

use crate::support::{batch, footer, read, table};

/// Rows of a lead: a few, a page full, several pages, more than a row group.
const SIZES: [usize; 12] = [1, 2_500, 3, 40, 2_047, 4_096, 4_097, 150_000, 7, 2_048, 9_000, 2_500];

fn name(lead: usize) -> String {
    match lead {
        // Longer than the bounds of a page index.
        2 | 4 => format!("{lead:02}{}", "x".repeat(70)),
        _ => format!("{lead:02}"),
    }
}

fn expected(lead: usize) -> Vec<(i32, i32)> {
    let value = |date: i32| if date % 1_000 == 7 { -1 } else { date ^ lead as i32 };
    (0..SIZES[lead] as i32).map(|date| (date, value(date))).collect()
}

/// Two files of every lead: a large one, and one with newer rows.
async fn fill(table: &Table) {
    let stage = table.stage();
    let rows = (0..SIZES.len())
        .flat_map(|lead| (0..SIZES[lead] as i32).map(move |date| (name(lead), date, date ^ lead as i32)));
    stage.write(batch(rows)).await.unwrap();
    stage.commit(None).await.unwrap();
    let newer = (0..SIZES.len()).flat_map(|lead| {
        let dates = (0..SIZES[lead] as i32).filter(|date| date % 1_000 == 7);
        dates.map(move |date| (name(lead), date, -1))
    });
    table.append(batch(newer), None).await.unwrap();
}

async fn check(snapshot: &Snapshot) {
    let order = [11, 3, 7, 0, 2, 5, 3, 9, 1, 10, 4, 6, 8];
    let mut names: Vec<String> = order.iter().map(|lead| name(*lead)).collect();
    names.push("07x".to_string());
    let asked: Vec<&str> = names.iter().map(String::as_str).collect();

    let together = snapshot.read_many(&asked, &["date", "value"]).await.unwrap();

    assert_eq!(together.last().unwrap().num_rows(), 0, "an unknown lead has no rows");
    for (lead, rows) in order.iter().zip(&together) {
        assert_eq!(read(snapshot, &name(*lead)).await, expected(*lead), "lead {lead}");
        assert_eq!(
            *rows,
            snapshot.read(&name(*lead), &["date", "value"]).await.unwrap(),
            "lead {lead}"
        );
    }
    assert_eq!(snapshot.read_many(&[], &["date"]).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_of_every_size_are_read_alone_and_together() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;

    fill(&table).await;

    check(&table.snapshot()).await;
    table.compact(Effort::Full).await.unwrap();
    check(&table.snapshot()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_fits_a_page_shares_its_page_with_no_half_lead() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    let stage = table.stage();
    for half in 0..2 {
        let dates = half * 1_250..half * 1_250 + 1_250;
        let rows = (0..80).flat_map(|lead| dates.clone().map(move |date| (format!("{lead:02}"), date, date)));
        stage.write(batch(rows)).await.unwrap();
    }
    stage.commit(None).await.unwrap();

    table.compact(Effort::Full).await.unwrap();

    let metadata = footer(&table.snapshot());
    let groups = metadata.row_groups().iter().map(|group| group.num_rows());
    assert_eq!(
        groups.collect::<Vec<_>>(),
        [130_000, 70_000],
        "row groups hold whole leads"
    );
    for columns in metadata.offset_index().unwrap() {
        for column in columns {
            let begins = column.page_locations.iter().map(|page| page.first_row_index);
            let whole = (0..).step_by(2_500).take(column.page_locations.len());
            assert!(begins.eq(whole), "each page begins with a lead");
        }
    }
}
