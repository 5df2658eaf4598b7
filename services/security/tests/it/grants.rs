//! Who holds which role, and until when.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{HERE, Security, THERE, code, data};

const GRANTS: &str = "query($filter: AccessGrantFilter, $first: Int, $after: String) {
    accessGrants(filter: $filter, first: $first, after: $after) {
        nodes { subject role place user { id } } pageInfo { hasNextPage endCursor } } }";

#[tokio::test]
async fn a_grant_counts_at_once_and_no_longer_than_it_is_there() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.person();
        assert!(!ada.may("data:export", None).await);

        let grant = root.grant(&ada, "economic/analyst", json!({})).await;
        let granted = ada.may("data:export", None).await;
        root.revoke(&grant).await;

        assert_eq!((granted, ada.may("data:export", None).await), (true, false));
        assert_eq!(grant["place"], "everywhere");
        security.stop().await;
    }
}

#[tokio::test]
async fn a_grant_ends_when_it_was_said_to() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.person();
        let end = security.service.clock().now() + TimeDelta::minutes(5);
        root.grant(&ada, "economic/analyst", json!({ "expiresAt": end })).await;

        let before = ada.may("data:export", None).await;
        security.service.clock().advance(chrono::TimeDelta::seconds(300));

        assert_eq!((before, ada.may("data:export", None).await), (true, false));
        let past = root
            .try_grant(&ada, "economic/viewer", json!({ "expiresAt": end }))
            .await;
        assert_eq!(code(&past), "INVALID");
        security.stop().await;
    }
}

#[tokio::test]
async fn a_grant_ends_in_a_year_of_four_digits() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.person();
        let until = |end: &str| json!({ "expiresAt": end });

        let later = until("+10000-01-01T00:00:00Z");
        let later = root.try_grant(&ada, "economic/analyst", later).await;
        root.grant(&ada, "economic/analyst", until("9999-12-31T23:59:59Z"))
            .await;

        assert_eq!(code(&later), "INVALID");
        assert!(ada.may("data:export", None).await);
        security.stop().await;
    }
}

#[tokio::test]
async fn a_grant_that_has_ended_makes_room_for_another() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.person();
        let end = security.service.clock().now() + TimeDelta::minutes(5);
        root.grant(&ada, "economic/analyst", json!({ "expiresAt": end })).await;
        let twice = root.try_grant(&ada, "economic/analyst", json!({})).await;
        security.service.clock().advance(TimeDelta::minutes(5));

        root.grant(&ada, "economic/analyst", json!({})).await;

        assert_eq!(code(&twice), "CONFLICT");
        assert!(ada.may("data:export", None).await);
        security.stop().await;
    }
}

#[tokio::test]
async fn what_is_held_for_a_while_is_given_for_no_longer() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let (deputy, ada) = (security.person(), security.person());
        let end = security.service.clock().now() + TimeDelta::minutes(5);
        let here = |end: Option<chrono::DateTime<chrono::Utc>>| json!({ "workspace": HERE, "expiresAt": end });
        root.grant(&deputy, "analytics/admin", here(Some(end))).await;
        let made = deputy.make(Some(HERE), "Readers", &["reports:view"]).await;
        let readers = data(&made)["createAccessRole"]["key"].clone();

        let for_good = deputy.try_grant(&ada, "analytics/viewer", here(None)).await;
        let longer = deputy
            .try_grant(
                &deputy,
                readers.as_str().unwrap(),
                here(Some(end + TimeDelta::seconds(1))),
            )
            .await;
        let as_long = deputy.try_grant(&ada, "analytics/viewer", here(Some(end))).await;
        let into_a_role = deputy
            .change(&readers, json!({ "permissions": ["alerts:manage"] }))
            .await;

        for refused in [&for_good, &longer, &into_a_role] {
            assert_eq!(code(refused), "FORBIDDEN", "{refused:#}");
        }
        assert_eq!(as_long["errors"], Value::Null, "{as_long:#}");
        security.stop().await;
    }
}

#[tokio::test]
async fn ended_grants_are_cleared_away_after_a_while() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let end = security.service.clock().now() + TimeDelta::minutes(5);
        root.grant(&security.person(), "economic/analyst", json!({ "expiresAt": end }))
            .await;
        root.grant(&security.person(), "economic/viewer", json!({})).await;

        let at_once = security.store.clear_ended().await.unwrap();
        security
            .service
            .clock()
            .advance(chrono::TimeDelta::seconds(31 * 24 * 3600));

        assert_eq!((at_once, security.store.clear_ended().await.unwrap()), (0, 1));
        security.stop().await;
    }
}

#[tokio::test]
async fn a_role_is_held_once_at_a_place() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.person();
        root.grant(&ada, "analytics/developer", json!({ "workspace": HERE }))
            .await;

        let again = root
            .try_grant(&ada, "analytics/analyst", json!({ "workspace": HERE }))
            .await;
        let elsewhere = root
            .try_grant(&ada, "analytics/analyst", json!({ "workspace": THERE }))
            .await;

        assert_eq!(code(&again), "CONFLICT");
        assert_eq!(elsewhere["errors"], Value::Null, "{elsewhere:#}");
        security.stop().await;
    }
}

#[tokio::test]
async fn who_shares_a_chart_shares_it_up_to_what_they_have_and_sees_with_whom() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let (ada, bob, eve) = (security.person(), security.person(), security.person());
        let chart = json!({ "resourceType": "chart", "resourceId": "7" });
        root.grant(&ada, "platform/chart_admin", chart.clone()).await;

        ada.grant(&bob, "platform/chart_editor", chart.clone()).await;

        let other = json!({ "resourceType": "chart", "resourceId": "8" });
        assert_eq!(
            code(&ada.try_grant(&bob, "platform/chart_viewer", other).await),
            "FORBIDDEN"
        );
        assert_eq!(
            code(&bob.try_grant(&eve, "platform/chart_viewer", chart.clone()).await),
            "FORBIDDEN"
        );
        let listed = ada.client.graphql_with(GRANTS, json!({ "filter": chart })).await;
        assert_eq!(
            data(&listed)["accessGrants"]["nodes"].as_array().unwrap().len(),
            2,
            "{listed:#}"
        );
        let unseen = eve.client.graphql_with(GRANTS, json!({ "filter": chart })).await;
        assert_eq!(data(&unseen)["accessGrants"]["nodes"], json!([]));
        security.stop().await;
    }
}

#[tokio::test]
async fn grants_are_paged_and_name_the_person_for_other_services() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        for _ in 0..5 {
            security.with(&root, "analytics/viewer", HERE).await;
        }

        let filter = json!({ "workspace": HERE });
        let first = root
            .client
            .graphql_with(GRANTS, json!({ "filter": filter, "first": 3 }))
            .await;
        let page = &data(&first)["accessGrants"];
        let rest = json!({ "filter": filter, "first": 3, "after": page["pageInfo"]["endCursor"] });
        let second = root.client.graphql_with(GRANTS, rest).await;

        assert_eq!(page["pageInfo"]["hasNextPage"], true);
        let nodes = [
            page["nodes"].as_array().unwrap().as_slice(),
            data(&second)["accessGrants"]["nodes"].as_array().unwrap().as_slice(),
        ]
        .concat();
        let mut people: Vec<_> = nodes.iter().map(|node| node["user"]["id"].as_str().unwrap()).collect();
        people.sort_unstable();
        people.dedup();
        assert_eq!(people.len(), 5);
        security.stop().await;
    }
}

#[tokio::test]
async fn anybody_sees_and_gives_up_roles_of_their_own() {
    for security in Security::everywhere().await {
        let ada = security.with(&security.root().await, "analytics/viewer", HERE).await;

        let mine = ada.client.graphql("{ accessGrants { nodes { id role } } }").await;
        let grant = data(&mine)["accessGrants"]["nodes"][0].clone();

        assert_eq!(grant["role"], "analytics/viewer");
        assert_eq!(data(&ada.revoke(&grant).await)["revokeGrant"], true);
        assert!(!ada.may("dashboard:view", Some(HERE)).await);
        security.stop().await;
    }
}
