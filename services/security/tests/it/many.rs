//! Whoever was given very much: what they may do is what it would be if they held little.

use contracts::workspaces::MemberChanged;
use security::{engine::Reason, place::Target, store::Ask, subject::Subject};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{HERE, Person, Security, THERE, until};

const FEW: [(&str, &str); 1] = [("security.grants-in-memory", "3")];

/// Somebody to whom strangers gave roles in five workspaces, before they became a member of `HERE`.
async fn flooded(security: &Security, root: &Person) -> (Person, Vec<Value>) {
    let ada = security.person();
    let mut grants = Vec::new();
    for number in 10..15 {
        let place = json!({ "workspace": Uuid::from_u128(number) });
        grants.push(root.grant(&ada, "analytics/viewer", place).await);
    }
    let member = MemberChanged {
        workspace: HERE,
        user: ada.id,
        role: Some("member".into()),
    };
    security.tell(&member, &Default::default()).await;
    until("the membership arrives", async || {
        ada.may("workspace:view", Some(HERE)).await
    })
    .await;
    (ada, grants)
}

#[tokio::test]
async fn who_was_given_more_than_is_kept_in_memory_may_what_each_grant_says_and_no_more() {
    for security in Security::everywhere_with(&FEW).await {
        let root = security.root().await;
        let (ada, grants) = flooded(&security, &root).await;
        let chart = json!({ "resourceType": "chart", "resourceId": "7" });
        root.grant(&ada, "platform/chart_viewer", chart).await;
        root.grant(&ada, "analytics/admin", json!({ "workspace": THERE })).await;

        for number in 10..15 {
            assert!(
                ada.may("dashboard:view", Some(Uuid::from_u128(number))).await,
                "{number}"
            );
        }
        assert!(!ada.may("dashboard:view", Some(Uuid::from_u128(15))).await);
        let sees = |id: &str| Ask {
            subject: Subject::User(ada.id),
            scopes: None,
            permission: "chart:view".into(),
            target: Target::resource("chart", id).unwrap(),
        };
        assert!(security.store.check(&sees("7")).await.unwrap().is_allowed());
        let elsewhere = security.store.explain(&sees("8")).await.unwrap();
        assert_eq!((elsewhere.allowed, elsewhere.reason), (false, Reason::NotHeld));
        security.with(&ada, "analytics/viewer", THERE).await;
        root.revoke(&grants[4]).await;
        assert!(!ada.may("dashboard:view", Some(Uuid::from_u128(14))).await);
        security.stop().await;
    }
}

#[tokio::test]
async fn lists_of_who_was_given_very_much_are_bounded_and_go_by_memberships_first() {
    for security in Security::everywhere_with(&FEW).await {
        let root = security.root().await;
        let (ada, _) = flooded(&security, &root).await;

        let ask = |target| Ask {
            subject: Subject::User(ada.id),
            scopes: None,
            permission: "dashboard:view".into(),
            target,
        };
        let within = |workspace| {
            let row = Target::resource("dashboard", "1").unwrap();
            row.within(Some(workspace)).unwrap()
        };
        let all = ask(Target::resource("dashboard", "").unwrap());
        let filter = async || security.store.filter(&all).await.unwrap();
        // Lists go by what is in memory, which hears of the membership a moment later.
        until("lists go by the membership", async || {
            filter().await.matches(&within(HERE))
        })
        .await;

        let filter = filter().await;

        let mut shown = Vec::new();
        for workspace in [1, 10, 11, 12, 13, 14].map(Uuid::from_u128) {
            if filter.matches(&within(workspace)) {
                shown.push(workspace);
            }
            let checked = security.store.check(&ask(within(workspace))).await.unwrap();
            assert!(checked.is_allowed(), "{workspace}");
        }
        assert!(shown.contains(&HERE) && shown.len() <= 3, "{shown:?}");
        security.stop().await;
    }
}
