//! The audit log: what is in it, and how it is found.

use contracts::audit::{Outcome, Recorded};
use platform_events::Cause;
use security::audit::{Entry, INDEX, redacted};
use serde_json::{Value, json};

use crate::support::{HERE, Security, code, data, until};

const LOG: &str = "query($filter: AuditFilter, $first: Int, $after: String) {
    auditLog(filter: $filter, first: $first, after: $after) {
        nodes { seq actor source action targetKind targetId outcome data } pageInfo { hasNextPage endCursor } } }";

pub(crate) fn entry(store: &Security, action: &str, data: Value) -> Entry {
    Entry {
        id: store.service.context().ids().v7(),
        actor: "user:00000000-0000-0000-0000-00000000ada0".into(),
        source: "users".into(),
        workspace: Some(HERE),
        action: action.into(),
        target: ("chart".into(), "7".into()),
        outcome: Outcome::Done,
        data,
    }
}

pub(crate) async fn filled(security: &Security) {
    for number in 1..=5 {
        security
            .store
            .record(entry(security, "charts.shared", json!({ "number": number })))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn what_other_services_saw_is_written_down_once_and_without_secrets() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let recorded = Recorded {
            source: "auth".into(),
            action: "sessions.signed_in".into(),
            target_type: "user".into(),
            target_id: root.id.to_string(),
            outcome: Outcome::Refused,
            data: json!({ "password": "hunter2", "device": { "refreshToken": "abc", "name": "phone" } }),
        };
        let cause = Cause {
            actor: Some(root.subject()),
            ..Cause::default()
        };

        security.tell(&recorded, &cause).await;
        security
            .tell(
                &Recorded {
                    action: "Not A Name".into(),
                    ..recorded.clone()
                },
                &cause,
            )
            .await;
        let search = json!({ "filter": { "action": "sessions.", "actor": root.subject() } });
        let found = async || data(&root.client.graphql_with(LOG, search.clone()).await)["auditLog"]["nodes"].clone();
        until("the entry arrives", async || found().await[0].is_object()).await;

        let found = found().await;
        assert_eq!(found.as_array().unwrap().len(), 1);
        assert_eq!(
            (&found[0]["outcome"], &found[0]["source"]),
            (&json!("refused"), &json!("auth"))
        );
        let data: Value = serde_json::from_str(found[0]["data"].as_str().unwrap()).unwrap();
        assert_eq!(
            data,
            json!({ "password": "[redacted]", "device": { "refreshToken": "[redacted]", "name": "phone" } })
        );
        security.stop().await;
    }
}

#[tokio::test]
async fn entries_are_found_by_who_what_when_and_words_page_by_page() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        filled(&security).await;
        security.service.clock().advance(chrono::TimeDelta::seconds(60));
        let later = security.service.clock().now();
        security
            .store
            .record(entry(
                &security,
                "charts.deleted",
                json!({ "note": "quite%_sure \\ of it" }),
            ))
            .await
            .unwrap();
        let count = async |filter: Value| {
            let found = root.client.graphql_with(LOG, json!({ "filter": filter })).await;
            data(&found)["auditLog"]["nodes"]
                .as_array()
                .unwrap_or_else(|| panic!("{found:#}"))
                .len()
        };

        assert_eq!(
            count(json!({ "actor": "user:00000000-0000-0000-0000-00000000ada0" })).await,
            6
        );
        assert_eq!(count(json!({ "action": "charts." })).await, 6);
        assert_eq!(count(json!({ "action": "charts" })).await, 0);
        assert_eq!(
            count(json!({ "action": "charts.shared", "targetType": "chart", "targetId": "7" })).await,
            5
        );
        assert_eq!(
            (
                count(json!({ "from": later })).await,
                count(json!({ "until": later })).await
            ),
            (1, 6)
        );
        assert_eq!(count(json!({ "text": "CHARTS sure" })).await, 1);
        assert_eq!(
            (
                count(json!({ "text": "quite%_" })).await,
                count(json!({ "text": "1%s" })).await
            ),
            (1, 1)
        );
        assert_eq!(
            (
                count(json!({ "text": "user:00000000-0000-0000-0000-00000000ada0" })).await,
                count(json!({ "text": "shared.char" })).await,
                count(json!({ "text": "hared" })).await
            ),
            (6, 5, 0)
        );
        assert_eq!(
            (
                count(json!({ "text": "\\" })).await,
                count(json!({ "text": "!" })).await
            ),
            (0, 0)
        );
        for wrong in [
            json!({ "text": "a\0" }),
            json!({ "targetId": "a\0" }),
            json!({ "actor": "a".repeat(201) }),
        ] {
            let refused = root.client.graphql_with(LOG, json!({ "filter": wrong })).await;
            assert_eq!(code(&refused), "INVALID", "{refused:#}");
        }
        let mut seen = Vec::new();
        let mut after = Value::Null;
        loop {
            let page = root
                .client
                .graphql_with(LOG, json!({ "first": 3, "after": after }))
                .await;
            let page = &data(&page)["auditLog"];
            seen.extend(
                page["nodes"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|node| node["seq"].as_i64().unwrap()),
            );
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
        security.stop().await;
    }
}

#[test]
fn secrets_are_found_by_their_names_and_by_what_they_look_like() {
    let secrets = [
        "password",
        "passwd",
        "newPassword",
        "client_secret",
        "token",
        "accessToken",
        "refresh_token",
        "api_key",
        "APIKEY",
        "x-api-key",
        "authorization",
        "Cookie",
        "set-cookie",
        "private_key",
        "creditCard",
        "card-number",
        "cvv",
        "ssn",
        "session_id",
        "otp",
        "recovery_codes",
        "jwt",
        "credentials",
    ];
    for name in secrets {
        assert_eq!(redacted(json!({ name: "x1" })), json!({ name: "[redacted]" }), "{name}");
        assert_eq!(
            redacted(json!({ name: ["x1"] })),
            json!({ name: "[redacted]" }),
            "{name}"
        );
    }
    for (text, shown) in [
        (
            "sent eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln to x",
            "sent [redacted] to x",
        ),
        ("Bearer hk_0123456789abcdef0123456789", "Bearer [redacted]"),
        ("refresh hr_0123456789abcdef0123456789", "refresh [redacted]"),
        ("link hl_0123456789abcdef0123456789", "link [redacted]"),
        ("device hd_0123456789abcdef0123456789", "device [redacted]"),
        ("invitation hi_0123456789abcdef0123456789", "invitation [redacted]"),
        ("postgres://ada:lovelace@db/hansa", "[redacted]"),
        (
            "https://x.org/cb?code=1&access_token=abc",
            "https://x.org/cb?code=1&[redacted]",
        ),
        ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "[redacted]"),
    ] {
        assert_eq!(redacted(json!({ "note": text })), json!({ "note": shown }));
    }
    let harmless = json!({ "name": "Ada", "tokensUsed": 12, "passwordChanged": true, "note": "a token ring network", "spotPrice": "1.50", "laptop": "x" });
    assert_eq!(redacted(harmless.clone()), harmless);
}

#[tokio::test]
async fn facts_that_are_too_large_or_too_deep_are_left_out() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let deep = (0..200).fold(json!("x"), |inner, _| json!([inner]));
        let large: Vec<_> = (0..5_000).map(|number| json!({ "number": number })).collect();

        security
            .store
            .record(entry(&security, "charts.deep", deep))
            .await
            .unwrap();
        security
            .store
            .record(entry(&security, "charts.large", json!(large)))
            .await
            .unwrap();

        let found = root
            .client
            .graphql_with(LOG, json!({ "filter": { "action": "charts." } }))
            .await;
        let data: Vec<_> = data(&found)["auditLog"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["data"].as_str().unwrap())
            .collect();
        assert!(data[0].contains("too large"), "{data:?}");
        assert!(data[1].len() < 200 && data[1].contains("[redacted]"), "{data:?}");
        security.stop().await;
    }
}

#[test]
fn the_text_index_is_made_as_the_platform_makes_it() {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let made = INDEX.migration("0003_audit_text");
    let mut all = security::store::MIGRATIONS.iter();
    let shipped = all.find(|migration| migration.name == made.name).unwrap();

    assert_eq!(
        (words(&shipped.sqlite), words(&shipped.postgres)),
        (words(&made.sqlite), words(&made.postgres))
    );
}
