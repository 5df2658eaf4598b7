//! The audit log at the borders of what its two databases keep alike.

use security::audit::Entry;
use serde_json::{Value, json};

use crate::{audit, support::Security};

const LOG: &str = "query($filter: AuditFilter) { auditLog(filter: $filter) { nodes { actor targetId } } }";

async fn found(security: &Security, filter: Value) -> Vec<Value> {
    let root = security.root().await;
    let found = root.client.graphql_with(LOG, json!({ "filter": filter })).await;
    let nodes = found["data"]["auditLog"]["nodes"].as_array();
    nodes.unwrap_or_else(|| panic!("{found:#}")).clone()
}

#[tokio::test]
async fn entries_with_what_no_database_keeps_are_written_down_without_it() {
    for security in Security::everywhere().await {
        let entry = Entry {
            actor: "service:a\0b".into(),
            target: ("chart".into(), "c\0d".into()),
            ..audit::entry(&security, "charts.shared", json!({ "e\0f": "g\0h" }))
        };

        security.store.record(entry).await.unwrap();

        let entries = found(&security, json!({ "action": "charts.shared" })).await;
        assert_eq!(
            entries,
            [json!({ "actor": "service:a\u{fffd}b", "targetId": "c\u{fffd}d" })]
        );
        security.stop().await;
    }
}

#[tokio::test]
async fn times_beyond_all_entries_bound_a_search_as_any_time_does() {
    for security in Security::everywhere().await {
        audit::filled(&security).await;
        let count = async |bound: Value| {
            let mut filter = json!({ "action": "charts." });
            filter
                .as_object_mut()
                .unwrap()
                .extend(bound.as_object().unwrap().clone());
            found(&security, filter).await.len()
        };

        for (early, late) in [
            ("-9000-01-01T00:00:00Z", "+12000-01-01T00:00:00Z"),
            ("-200000-01-01T00:00:00Z", "+200000-01-01T00:00:00Z"),
        ] {
            assert_eq!(count(json!({ "from": early, "until": late })).await, 5);
            assert_eq!(count(json!({ "from": late })).await, 0);
            assert_eq!(count(json!({ "until": early })).await, 0);
        }
        security.stop().await;
    }
}

#[tokio::test]
async fn the_beginning_of_an_action_is_as_exact_as_an_action() {
    for security in Security::everywhere().await {
        audit::filled(&security).await;

        for wanted in ["charts.", "Charts.", "CHARTS.shared"] {
            let entries = found(&security, json!({ "action": wanted })).await;
            assert_eq!(entries.len(), if wanted == "charts." { 5 } else { 0 }, "{wanted}");
        }
        security.stop().await;
    }
}
