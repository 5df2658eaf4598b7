//! Roles that a workspace makes for itself.

use serde_json::{Value, json};

use crate::support::{HERE, Security, THERE, code, data};

#[tokio::test]
async fn a_workspace_makes_a_role_grants_it_changes_it_and_deletes_it() {
    for security in Security::everywhere().await {
        let owner = security.with(&security.root().await, "analytics/owner", HERE).await;
        let reader = security.person();

        let made = owner
            .make(Some(HERE), "Report readers", &["reports:view", "alerts:view"])
            .await;
        let key = &data(&made)["createAccessRole"]["key"];
        owner
            .grant(&reader, key.as_str().unwrap(), json!({ "workspace": HERE }))
            .await;

        assert_eq!(
            (
                reader.may("reports:view", Some(HERE)).await,
                reader.may("reports:view", Some(THERE)).await
            ),
            (true, false)
        );
        let changed = owner.change(key, json!({ "permissions": ["alerts:view"] })).await;
        assert_eq!(
            data(&changed)["updateAccessRole"]["permissions"],
            json!(["alerts:view"]),
            "{changed:#}"
        );
        assert_eq!(
            (
                reader.may("reports:view", Some(HERE)).await,
                reader.may("alerts:view", Some(HERE)).await
            ),
            (false, true)
        );
        assert_eq!(data(&owner.delete(key).await)["deleteAccessRole"], true);
        assert!(!reader.may("alerts:view", Some(HERE)).await);
        security.stop().await;
    }
}

#[tokio::test]
async fn a_name_is_given_once_in_a_workspace_whatever_its_case() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        root.make(Some(HERE), "Readers", &["reports:view"]).await;

        let again = root.make(Some(HERE), "READERS", &["alerts:view"]).await;
        let elsewhere = root.make(Some(THERE), "Readers", &["alerts:view"]).await;
        let for_all = root.make(None, "Readers", &["alerts:view"]).await;
        let for_all_again = root.make(None, "readers", &["alerts:view"]).await;

        assert_eq!(
            (code(&again), code(&for_all_again)),
            ("CONFLICT".into(), "CONFLICT".into())
        );
        for made in [elsewhere, for_all] {
            assert_eq!(made["errors"], Value::Null, "{made:#}");
        }
        security.stop().await;
    }
}

#[tokio::test]
async fn what_cannot_be_a_role_is_refused_and_says_why() {
    for security in Security::everywhere().await {
        let root = security.root().await;

        for (name, permissions) in [
            ("", vec!["reports:view"]),
            ("Readers", vec![]),
            ("Readers", vec!["reports:veiw"]),
            ("Readers", vec!["reports:*"]),
            ("Readers", vec!["*"]),
            ("Rea\u{7}ders", vec!["reports:view"]),
        ] {
            let refused = root.make(Some(HERE), name, &permissions).await;
            assert_eq!(code(&refused), "INVALID", "{name:?} {permissions:?}");
        }
        let long = root.make(Some(HERE), &"x".repeat(81), &["reports:view"]).await;
        assert_eq!(code(&long), "INVALID");
        security.stop().await;
    }
}

#[tokio::test]
async fn built_in_roles_are_read_only() {
    for security in Security::everywhere().await {
        let root = security.root().await;

        for key in ["markets/member", "platform/super_admin", "analytics/developer"] {
            let changed = root
                .change(&json!(key), json!({ "permissions": ["manage_roles"] }))
                .await;
            let deleted = root.delete(&json!(key)).await;
            assert_eq!(
                (code(&changed), code(&deleted)),
                ("FORBIDDEN".into(), "FORBIDDEN".into()),
                "{key}"
            );
        }
        assert_eq!(
            code(&root.change(&json!("markets/nothing"), json!({})).await),
            "NOT_FOUND"
        );
        security.stop().await;
    }
}

#[tokio::test]
async fn a_workspace_has_room_for_a_hundred_roles() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        for number in 0..100 {
            let made = root
                .make(Some(HERE), &format!("Role {number}"), &["reports:view"])
                .await;
            assert_eq!(made["errors"], Value::Null, "{made:#}");
        }

        let one_more = root.make(Some(HERE), "One more", &["reports:view"]).await;

        assert_eq!(code(&one_more), "CONFLICT");
        security.stop().await;
    }
}

#[tokio::test]
async fn roles_are_listed_with_those_of_ones_own_workspaces() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let owner = security.with(&root, "analytics/owner", HERE).await;
        root.make(Some(HERE), "Ours", &["reports:view"]).await;
        root.make(Some(THERE), "Theirs", &["reports:view"]).await;

        let roles = "{ accessRoles { key name system workspace } }";
        let seen = owner.client.graphql(roles).await;
        let nobody = security.service.graphql(roles).await;

        let names: Vec<_> = data(&seen)["accessRoles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|role| role["name"].clone())
            .collect();
        assert!(names.contains(&json!("Ours")) && !names.contains(&json!("Theirs")));
        assert!(names.contains(&json!("super admin")));
        assert_eq!(code(&nobody), "UNAUTHENTICATED");
        security.stop().await;
    }
}

#[tokio::test]
async fn a_role_is_found_however_many_others_there_are() {
    for security in Security::everywhere_with(&[("security.roles-per-workspace", "1")]).await {
        let root = security.root().await;
        let mut keys = Vec::new();
        for number in 0..11 {
            let made = root
                .make(Some(uuid::Uuid::from_u128(number)), "Ours", &["reports:view"])
                .await;
            keys.push(data(&made)["createAccessRole"]["key"].clone());
        }

        let role = "query($key: String!) { accessRole(key: $key) { name } }";
        let last = root.client.graphql_with(role, json!({ "key": keys[10] })).await;

        assert_eq!(data(&last)["accessRole"]["name"], "Ours", "{last:#}");
        security.stop().await;
    }
}
