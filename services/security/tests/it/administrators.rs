//! Who can give roles: somebody always can.

use chrono::TimeDelta;
use security::{
    catalog::RoleKey,
    place::Place,
    store::{GrantsWanted, Others, administrator},
    subject::Subject,
};
use serde_json::json;

use crate::support::{HERE, Security, code, data};

#[tokio::test]
async fn the_last_who_can_grant_roles_stays() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let (ada, bob) = (security.person(), security.person());
        let first = root.grant(&ada, "analytics/owner", json!({ "workspace": HERE })).await;
        let soon = security.service.clock().now() + TimeDelta::days(1);
        root.grant(&bob, "analytics/owner", json!({ "workspace": HERE, "expiresAt": soon }))
            .await;

        let alone = [code(&ada.revoke(&first).await), code(&root.revoke(&first).await)];
        root.grant(&root, "analytics/admin", json!({ "workspace": HERE })).await;
        let weaker = code(&ada.revoke(&first).await);
        root.grant(&root, "platform/super_admin", json!({ "workspace": HERE }))
            .await;

        assert_eq!(
            (alone, weaker),
            (["CONFLICT".into(), "CONFLICT".into()], "CONFLICT".into())
        );
        assert_eq!(data(&ada.revoke(&first).await)["revokeGrant"], true);
        security.stop().await;
    }
}

#[tokio::test]
async fn two_administrators_cannot_remove_each_other_at_the_same_moment() {
    for security in Security::everywhere().await {
        let (ada, bob) = (security.root().await, security.root().await);
        let wanted = GrantsWanted {
            role: Some(RoleKey::built_in("platform", "super_admin")),
            place: Some(Place::Everywhere),
            ..GrantsWanted::default()
        };
        let actor = Subject::User(ada.id).into();
        let grants = security
            .store
            .grants(&actor, &wanted, &Default::default())
            .await
            .unwrap();
        let of = |person: &crate::support::Person| {
            let subject = person.subject();
            let mut edges = grants.edges.iter();
            json!({ "id": edges.find(|edge| edge.node.subject == subject).unwrap().node.id })
        };

        let (of_bob, of_ada) = (of(&bob), of(&ada));
        let (one, other) = tokio::join!(ada.revoke(&of_bob), bob.revoke(&of_ada));

        let done = [&one, &other]
            .iter()
            .filter(|answer| answer["data"]["revokeGrant"] == true)
            .count();
        assert_eq!(done, 1, "{one:#} {other:#}");
        security.stop().await;
    }
}

#[tokio::test]
async fn the_first_administrator_is_appointed_once_and_others_only_when_that_is_wanted() {
    for security in Security::everywhere().await {
        let (ada, bob) = (security.person(), security.person());
        let appoint = async |person: &crate::support::Person, others| {
            let subject = Subject::User(person.id);
            security.store.appoint_to(subject, administrator(), others).await
        };
        assert!(!security.store.has_administrator().await.unwrap());

        let first = appoint(&ada, Others::Refuse).await.unwrap();
        let again = appoint(&ada, Others::Refuse).await.unwrap();
        let refused = appoint(&bob, Others::Refuse).await.unwrap_err();

        assert_eq!((first, again), (true, false));
        assert!(refused.to_string().contains(&ada.subject()), "{refused}");
        assert!(ada.may("roles:manage", None).await && !bob.may("roles:manage", None).await);
        assert!(appoint(&bob, Others::Allow).await.unwrap());
        assert_eq!(security.store.holders(&administrator()).await.unwrap().len(), 2);
        let unknown = security
            .store
            .appoint_to(
                Subject::User(bob.id),
                RoleKey::built_in("platform", "nothing"),
                Others::Allow,
            )
            .await;
        assert!(unknown.is_err());
        security.stop().await;
    }
}
