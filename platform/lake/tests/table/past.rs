//! The table as it was at a time, after snapshots have left its history.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::Duration;
use platform_error::{Code, Coded};
use platform_lake::{Env, Lake, LakeConfig, Moment, Retention, Table};
use platform_testing::noon;

use crate::support::{POINTS, read, rows};

/// A table to which a row was written at each of these minutes after noon: its value is the minute.
async fn written_at(minutes: &[i32], home: &Path) -> Table {
    let passed = Arc::new(AtomicI64::new(0));
    let clock = passed.clone();
    let now = move || noon() + Duration::minutes(clock.load(Ordering::SeqCst));
    let env = Env::new(now, |_, task| drop(tokio::spawn(task)));
    let lake = Lake::open(&LakeConfig::local(home), env).await.unwrap();
    let table = lake.table(POINTS).await.unwrap();
    for minute in minutes {
        passed.store(i64::from(*minute), Ordering::SeqCst);
        table.append(rows(&[("a", 1, *minute)]), None).await.unwrap();
    }
    table
}

/// What the table held at a minute, or why it does not say.
async fn held(table: &Table, minute: i64) -> Result<i32, String> {
    let moment = Moment::Time(noon() + Duration::minutes(minute));
    match table.snapshot_at(moment).await {
        Ok(snapshot) => Ok(read(&snapshot, "a").await[0].1),
        Err(error) => {
            assert_eq!(error.code(), Code::NotFound, "{error:?}");
            Err(error.to_string())
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_is_answered_with_its_own_state_or_not_at_all() {
    let home = tempfile::tempdir().unwrap();
    let table = written_at(&[5, 50, 110, 170, 175, 240], home.path()).await;
    assert_eq!((held(&table, 10).await, held(&table, 172).await), (Ok(5), Ok(170)));

    let hourly = Retention {
        last: 1,
        hourly: Duration::days(1),
        daily: Duration::zero(),
    };
    assert_eq!(table.expire(&hourly).await.unwrap(), 2, "those of minutes 5 and 170");

    for (minute, value) in [
        (50, 50),
        (60, 50),
        (109, 50),
        (110, 110),
        (175, 175),
        (239, 175),
        (240, 240),
        (999, 240),
    ] {
        assert_eq!(held(&table, minute).await, Ok(value), "minute {minute}");
    }
    for minute in [111, 120, 172, 174] {
        let refused = held(&table, minute).await.unwrap_err();
        assert!(refused.contains("is not kept any more"), "minute {minute}: {refused}");
    }
    assert_eq!(
        held(&table, 120).await.unwrap_err(),
        "what was stored at 2026-01-15T14:00:00.000Z is not kept any more: ask for 2026-01-15T13:50:00.000Z or \
         2026-01-15T14:55:00.000Z, the moments next to it that are"
    );
    assert_eq!(
        held(&table, 10).await.unwrap_err(),
        "there is no snapshot of 2026-01-15T12:10:00+00:00 or before: it was never written or has expired"
    );
}
