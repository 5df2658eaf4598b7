//! People and workspaces that come and go.

use contracts::{
    users::{Deleted, Registered},
    workspaces::{self, MemberChanged},
};
use platform_events::Cause;
use serde_json::json;

use crate::support::{HERE, Person, Security, until};

fn registered(person: &Person) -> Registered {
    Registered {
        user: person.id,
        email: "ada@example.com".into(),
        name: None,
        locale: None,
    }
}

fn member(person: &Person, role: Option<&str>) -> MemberChanged {
    MemberChanged {
        workspace: HERE,
        user: person.id,
        role: role.map(str::to_owned),
    }
}

#[tokio::test]
async fn who_registers_gets_the_roles_of_everybody_and_who_is_gone_has_none() {
    for security in Security::everywhere().await {
        let ada = security.person();

        security.tell(&registered(&ada), &Cause::default()).await;
        until("the roles arrive", async || {
            ada.may("manage_own_watchlist", None).await && ada.may("search:use", None).await
        })
        .await;
        security.tell(&Deleted { user: ada.id }, &Cause::default()).await;

        until("the roles are gone", async || {
            !ada.may("manage_own_watchlist", None).await
        })
        .await;
        let grants = ada.client.graphql("{ accessGrants { nodes { id } } }").await;
        assert_eq!(grants["data"]["accessGrants"]["nodes"], json!([]));
        security.stop().await;
    }
}

#[tokio::test]
async fn a_member_holds_the_roles_of_what_they_are_in_the_workspace_now() {
    for security in Security::everywhere().await {
        let ada = security.person();

        security.tell(&member(&ada, Some("admin")), &Cause::default()).await;
        until("the roles arrive", async || ada.may("workspace:edit", Some(HERE)).await).await;
        security.tell(&member(&ada, Some("viewer")), &Cause::default()).await;
        until("the roles change", async || {
            !ada.may("workspace:edit", Some(HERE)).await
        })
        .await;

        assert!(ada.may("workspace:view", Some(HERE)).await && ada.may("dashboard:view", Some(HERE)).await);
        security.tell(&member(&ada, None), &Cause::default()).await;
        until("the roles are gone", async || {
            !ada.may("workspace:view", Some(HERE)).await
        })
        .await;
        security.stop().await;
    }
}

#[tokio::test]
async fn a_workspace_that_is_gone_takes_its_roles_and_grants_with_it() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.with(&root, "analytics/viewer", HERE).await;
        root.make(Some(HERE), "Ours", &["reports:view"]).await;

        security
            .tell(&workspaces::Deleted { workspace: HERE }, &Cause::default())
            .await;

        until("the grants are gone", async || {
            !ada.may("dashboard:view", Some(HERE)).await
        })
        .await;
        let roles = root.client.graphql("{ accessRoles { name } }").await.to_string();
        assert!(!roles.contains("Ours"));
        security.stop().await;
    }
}
