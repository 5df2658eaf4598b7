//! Nobody changes the audit log unseen.

use platform_database::{
    Kind,
    orm::{ConnectionTrait, Statement, Value as SqlValue},
};
use security::{audit::Anchor, store::Store};
use serde_json::json;

use crate::{
    audit::{entry, filled},
    support::{Security, code, data},
};

async fn execute(store: &Store, sql: &str) {
    let tx = store.db().begin().await.unwrap();
    tx.execute_unprepared(sql).await.unwrap();
    tx.commit().await.unwrap();
}

/// What an attacker does first who has the database in their hands.
async fn drop_triggers(store: &Store) {
    let sql = match store.db().kind() {
        Kind::Sqlite => "drop trigger audit_is_not_changed; drop trigger audit_is_not_shortened;",
        Kind::Postgres => "drop trigger audit_is_not_changed on audit;",
    };
    execute(store, sql).await;
}

async fn broken(security: &Security) -> (i64, String) {
    let verified = security.store.verify(None).await.unwrap();
    let broken = verified.broken.expect("the log is broken");
    (broken.seq, broken.what)
}

#[tokio::test]
async fn what_was_written_is_verified() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        filled(&security).await;

        let verified = root
            .client
            .graphql("{ verifyAuditLog { entries intact fault head } }")
            .await;

        assert_eq!(data(&verified)["verifyAuditLog"]["intact"], true, "{verified:#}");
        assert_eq!(data(&verified)["verifyAuditLog"]["entries"], 6);
        for (half, missing) in [("seq: 1", "hash"), ("hash: \"9f86\"", "seq")] {
            let refused = root
                .client
                .graphql(&format!("{{ verifyAuditLog({half}) {{ intact }} }}"))
                .await;
            let extensions = &refused["errors"][0]["extensions"];
            assert_eq!(extensions["code"], "INVALID", "{missing}: {refused:#}");
        }
        let member = security.person().client.graphql("{ verifyAuditLog { entries } }").await;
        assert_eq!(code(&member), "FORBIDDEN");
        security.stop().await;
    }
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_or_remove_an_entry() {
    for security in Security::everywhere().await {
        filled(&security).await;

        for sql in [
            "update audit set actor = 'nobody' where seq = 2",
            "delete from audit where seq = 2",
        ] {
            let tx = security.store.db().begin().await.unwrap();
            let refused = tx.execute_unprepared(sql).await.unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{refused}");
        }
        assert_eq!(security.store.verify(None).await.unwrap().broken, None);
        security.stop().await;
    }
}

#[tokio::test]
async fn an_entry_that_was_changed_is_found_whatever_was_changed() {
    for change in [
        "actor = 'user:somebody-else'",
        "action = 'charts.seen'",
        "target_id = '8'",
        "outcome = 'refused'",
        "data = '{\"number\":30}'",
        "workspace = null",
        "at = '2026-01-15T13:00:00+00:00'",
        "source = 'security'",
        "words = ''",
        "hash = 'x'",
    ] {
        for security in Security::everywhere().await {
            filled(&security).await;
            drop_triggers(&security.store).await;

            execute(&security.store, &format!("update audit set {change} where seq = 3")).await;

            assert_eq!(broken(&security).await.0, 3, "{change}");
            security.stop().await;
        }
    }
}

#[tokio::test]
async fn an_entry_that_was_removed_is_found_also_at_the_end() {
    for seq in [1, 3, 5] {
        for security in Security::everywhere().await {
            filled(&security).await;
            drop_triggers(&security.store).await;

            execute(&security.store, &format!("delete from audit where seq = {seq}")).await;

            let (found, what) = broken(&security).await;
            assert!(what.contains("missing"), "{what}");
            assert_eq!(found, if seq == 5 { 5 } else { seq + 1 });
            security.stop().await;
        }
    }
}

#[tokio::test]
async fn entries_that_changed_places_are_found() {
    for security in Security::everywhere().await {
        filled(&security).await;
        drop_triggers(&security.store).await;

        execute(&security.store, "update audit set seq = 0 where seq = 2").await;
        execute(&security.store, "update audit set seq = 2 where seq = 3").await;
        execute(&security.store, "update audit set seq = 3 where seq = 0").await;

        assert_eq!(broken(&security).await.0, 2);
        security.stop().await;
    }
}

/// Whoever can write the database works out all fingerprints anew; the seal they cannot work out.
#[tokio::test]
async fn a_log_that_was_rewritten_with_new_fingerprints_is_found_by_its_seals() {
    for security in Security::everywhere().await {
        filled(&security).await;
        let other = Security::one().await;
        for number in 1..=5 {
            other
                .store
                .record(entry(&other, "charts.shared", json!({ "forged": number })))
                .await
                .unwrap();
        }
        drop_triggers(&security.store).await;
        execute(&security.store, "delete from audit").await;

        let select = "select seq, id, at, actor, source, workspace, action, target_kind, target_id, outcome, data, words, hash, seal from audit order by seq";
        let db = other.store.db().read();
        let rows = db
            .query_all_raw(Statement::from_string(db.get_database_backend(), select))
            .await
            .unwrap();
        let tx = security.store.db().begin().await.unwrap();
        for row in rows {
            let text = |name: &str| SqlValue::from(row.try_get::<String>("", name).unwrap());
            let values = [
                row.try_get::<i64>("", "seq").unwrap().into(),
                row.try_get::<uuid::Uuid>("", "id").unwrap().into(),
                row.try_get::<chrono::DateTime<chrono::Utc>>("", "at").unwrap().into(),
                text("actor"),
                text("source"),
                row.try_get::<uuid::Uuid>("", "workspace").unwrap().into(),
                text("action"),
                text("target_kind"),
                text("target_id"),
                text("outcome"),
                text("data"),
                text("words"),
                text("hash"),
                text("seal"),
            ];
            let insert = "insert into audit (seq, id, at, actor, source, workspace, action, target_kind, target_id, outcome, data, words, hash, seal)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
            tx.execute_raw(Statement::from_sql_and_values(
                tx.get_database_backend(),
                insert,
                values,
            ))
            .await
            .unwrap();
            let head = "update audit_head set seq = $1, hash = $2";
            let head_values = [row.try_get::<i64>("", "seq").unwrap().into(), text("hash")];
            tx.execute_raw(Statement::from_sql_and_values(
                tx.get_database_backend(),
                head,
                head_values,
            ))
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();

        let (seq, what) = broken(&security).await;

        assert_eq!((seq, what.as_str()), (1, "its seal was made with another key"));
        security.stop().await;
    }
}

#[tokio::test]
async fn a_log_that_was_cut_back_cleanly_is_found_by_what_was_noted_down() {
    for security in Security::everywhere().await {
        filled(&security).await;
        let noted = security.store.verify(None).await.unwrap().head;
        drop_triggers(&security.store).await;
        execute(&security.store, "delete from audit where seq > 3").await;
        execute(
            &security.store,
            "update audit_head set seq = 3, hash = (select hash from audit where seq = 3)",
        )
        .await;

        let unseen = security.store.verify(None).await.unwrap();
        let seen = security.store.verify(Some(&noted)).await.unwrap();
        let other = Anchor {
            seq: 2,
            hash: noted.hash,
        };

        assert_eq!(unseen.broken, None);
        assert_eq!(seen.broken.map(|broken| broken.seq), Some(4));
        assert_eq!(
            security
                .store
                .verify(Some(&other))
                .await
                .unwrap()
                .broken
                .map(|broken| broken.seq),
            Some(2)
        );
        security.stop().await;
    }
}

#[tokio::test]
async fn entries_written_at_the_same_time_make_one_chain() {
    for security in Security::everywhere().await {
        let writing = (0..20).map(|number| {
            let (store, entry) = (
                security.store.clone(),
                entry(&security, "charts.shared", json!({ "number": number })),
            );
            async move { store.record(entry).await.unwrap() }
        });

        futures::future::join_all(writing).await;

        let verified = security.store.verify(None).await.unwrap();
        assert_eq!((verified.entries, verified.broken), (20, None));
        security.stop().await;
    }
}

#[tokio::test]
async fn an_anchor_vouches_for_what_was_sealed_by_a_key_that_is_gone() {
    for security in Security::everywhere().await {
        filled(&security).await;
        let noted = security.store.verify(None).await.unwrap().head;
        let elsewhere = security.service.folder().join("elsewhere");
        let random = security.service.context().random();
        let settings = platform_crypto::KeySettings::default();
        let other = platform_crypto::KeyRing::open(&settings, &elsewhere, random).unwrap();
        let verify = async |anchor: Option<&Anchor>| {
            let anchors = anchor.map_or(&[][..], std::slice::from_ref);
            let verified = security::audit::verify(security.store.db().read(), &other, anchors).await;
            verified.unwrap().broken.map(|broken| broken.seq)
        };

        let (alone, vouched) = (verify(None).await, verify(Some(&noted)).await);
        drop_triggers(&security.store).await;
        execute(&security.store, "update audit set actor = 'nobody' where seq = 2").await;

        assert_eq!((alone, vouched), (Some(1), None));
        assert_eq!(verify(Some(&noted)).await, Some(2));
        assert_eq!(noted.to_string().parse::<Anchor>().unwrap(), noted);
        security.stop().await;
    }
}
