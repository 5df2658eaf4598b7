//! What is kept in memory is never wrong for longer than is said.

use platform_testing::{TestPostgres, TestService};
use security::{
    catalog::RoleKey,
    engine::Verdict,
    place::{Place, Target},
    store::{Ask, Store},
    subject::Subject,
};
use serde_json::json;
use uuid::Uuid;

use crate::support::{HERE, Security, data, until};

async fn check(store: &Store, user: Uuid) -> Verdict {
    let ask = Ask {
        subject: Subject::User(user),
        scopes: None,
        permission: "dashboard:view".into(),
        target: Target::workspace(HERE),
    };
    store.check(&ask).await.unwrap()
}

#[tokio::test]
async fn an_edited_role_changes_what_everybody_may_who_holds_it() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let made = root.make(Some(HERE), "Lookers", &["dashboard:view"]).await;
        let key = &data(&made)["createAccessRole"]["key"];
        let people = [
            security.with(&root, key.as_str().unwrap(), HERE).await,
            security.with(&root, key.as_str().unwrap(), HERE).await,
        ];
        for person in &people {
            assert!(check(&security.store, person.id).await.is_allowed());
        }

        root.change(key, json!({ "permissions": ["alerts:view"] })).await;

        for person in &people {
            assert!(!check(&security.store, person.id).await.is_allowed());
        }
        security.stop().await;
    }
}

/// While grants come and go, no question that begins after a change was committed is answered as before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_question_after_a_change_is_answered_as_before_it() {
    for security in Security::everywhere().await {
        let ada = security.person().id;
        let asking: Vec<_> = (0..4)
            .map(|_| {
                let store = security.store.clone();
                let stop = security.service.context().shutdown();
                let ask = async move {
                    while !stop.is_cancelled() {
                        check(&store, ada).await;
                        tokio::task::yield_now().await;
                    }
                };
                tokio::task::JoinSet::from_iter([ask])
            })
            .collect();
        let actor = Subject::Service("security".into()).into();

        for _ in 0..40 {
            let what = (RoleKey::built_in("analytics", "viewer"), Place::Workspace(HERE));
            security.store.give(&actor, Subject::User(ada), what).await.unwrap();
            assert!(check(&security.store, ada).await.is_allowed());
            let root = security.root().await;
            let grants = root.client.graphql_with(
                "query($s: String) { accessGrants(filter: { subject: $s }) { nodes { id } } }",
                json!({ "s": format!("user:{ada}") }),
            );
            let found = grants.await;
            let grant = &data(&found)["accessGrants"]["nodes"][0];
            assert!(grant.is_object(), "{found:#}");
            assert_eq!(data(&root.revoke(grant).await)["revokeGrant"], true);
            assert!(!check(&security.store, ada).await.is_allowed());
        }

        drop(asking);
        security.stop().await;
    }
}

#[tokio::test]
async fn another_process_sees_a_change_soon_and_never_later_than_is_said() {
    let Some(postgres) = TestPostgres::start().await else {
        return;
    };
    let settings = |refresh| {
        [
            ("database.url", postgres.url()),
            ("database.min-connections", "0"),
            ("database.max-connections", "2"),
            ("security.refresh", refresh),
        ]
    };
    let writer = TestService::with(security::service(), &settings("20ms")).await;
    let quick = TestService::with(security::service(), &settings("20ms")).await;
    let blind = TestService::with(security::service(), &settings("1h")).await;
    let (quick_store, blind_store): (Store, Store) = (quick.store(), blind.store());
    let ada = writer.context().ids().v7();
    for store in [&quick_store, &blind_store] {
        assert!(!check(store, ada).await.is_allowed());
    }

    let actor = Subject::Service("security".into()).into();
    let what = (RoleKey::built_in("analytics", "viewer"), Place::Workspace(HERE));
    writer
        .store::<Store>()
        .give(&actor, Subject::User(ada), what)
        .await
        .unwrap();

    until("the other process sees it", async || {
        check(&quick_store, ada).await.is_allowed()
    })
    .await;
    assert!(!check(&blind_store, ada).await.is_allowed());
    blind.clock().advance(chrono::TimeDelta::seconds(5));
    assert!(check(&blind_store, ada).await.is_allowed());
    for service in [writer, quick, blind] {
        service.stop().await;
    }
}
