//! People and workspaces that come and go.

use std::sync::{Arc, Mutex};

use contracts::{
    privacy::{ExportPart, ExportRequested},
    users::{Deleted, Registered},
    workspaces::{self, MemberChanged},
};
use platform_database::Tx;
use platform_error::Error;
use platform_events::{Cause, Consumers, Events, Received};
use security::audit::{Entry, Outcome};
use serde_json::json;
use uuid::Uuid;

use crate::support::{HERE, Person, Security, THERE, data, until};

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
        assert_eq!(data(&grants)["accessGrants"]["nodes"], json!([]));
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
async fn who_leaves_a_workspace_keeps_nothing_there_whoever_gave_it() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.person();
        security.tell(&member(&ada, Some("member")), &Cause::default()).await;
        until("the roles arrive", async || ada.may("workspace:view", Some(HERE)).await).await;
        let made = root.make(Some(HERE), "Payers", &["credits:manage"]).await;
        let payers = data(&made)["createAccessRole"]["key"].as_str().unwrap();
        root.grant(&ada, payers, json!({ "workspace": HERE })).await;
        root.grant(&ada, "contracting/manager", json!({ "workspace": HERE }))
            .await;
        root.grant(&ada, "contracting/manager", json!({ "workspace": THERE }))
            .await;

        security.tell(&member(&ada, None), &Cause::default()).await;

        until("the roles are gone", async || {
            !ada.may("workspace:view", Some(HERE)).await
        })
        .await;
        assert!(!ada.may("credits:manage", Some(HERE)).await && !ada.may("edit:estimates", Some(HERE)).await);
        assert!(ada.may("edit:estimates", Some(THERE)).await);
        security.stop().await;
    }
}

#[tokio::test]
async fn who_becomes_less_in_a_workspace_loses_what_they_were_however_much_they_hold() {
    for security in Security::everywhere_with(&[("security.grants-per-subject", "2")]).await {
        let root = security.root().await;
        let ada = security.person();
        security.tell(&member(&ada, Some("admin")), &Cause::default()).await;
        until("the roles arrive", async || ada.may("workspace:edit", Some(HERE)).await).await;
        for role in ["analytics/viewer", "platform/workspace_viewer"] {
            root.grant(&ada, role, json!({ "workspace": THERE })).await;
        }

        security.tell(&member(&ada, Some("viewer")), &Cause::default()).await;

        until("the roles change", async || {
            !ada.may("workspace:edit", Some(HERE)).await && ada.may("workspace:view", Some(HERE)).await
        })
        .await;
        assert!(ada.may("workspace:view", Some(THERE)).await);
        security.stop().await;
    }
}

#[tokio::test]
async fn who_becomes_less_in_a_workspace_loses_what_they_gave_themselves_and_could_not_give_now() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.person();
        security.tell(&member(&ada, Some("owner")), &Cause::default()).await;
        until("the roles arrive", async || {
            ada.may("workspace:delete", Some(HERE)).await && ada.may("alerts:manage", Some(HERE)).await
        })
        .await;
        for (by, permission) in [
            (&ada, "workspace:invite"),
            (&ada, "workspace:delete"),
            (&root, "credits:manage"),
        ] {
            let made = root.make(Some(HERE), permission, &[permission]).await;
            let role = data(&made)["createAccessRole"]["key"].as_str().unwrap();
            by.grant(&ada, role, json!({ "workspace": HERE })).await;
        }
        let may = async || {
            let mut held = Vec::new();
            for permission in ["workspace:delete", "workspace:invite", "credits:manage"] {
                held.push(ada.may(permission, Some(HERE)).await);
            }
            held
        };

        for (part, held) in [("admin", [false, true, true]), ("viewer", [false, false, true])] {
            security.tell(&member(&ada, Some(part)), &Cause::default()).await;
            until(part, async || may().await == held).await;
        }

        let mine = ada
            .client
            .graphql("{ accessGrants { nodes { role } } }")
            .await
            .to_string();
        assert_eq!(mine.matches("custom/").count(), 1, "{mine}");
        security.stop().await;
    }
}

#[tokio::test]
async fn what_was_held_for_a_while_is_held_for_good_by_who_joins() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.person();
        let end = security.service.clock().now() + chrono::TimeDelta::minutes(5);
        let place = json!({ "workspace": HERE, "expiresAt": end });
        root.grant(&ada, "platform/workspace_member", place).await;

        security.tell(&member(&ada, Some("member")), &Cause::default()).await;
        until("the other roles arrive", async || {
            ada.may("dashboard:view", Some(HERE)).await
        })
        .await;
        security.service.clock().advance(chrono::TimeDelta::minutes(10));

        assert!(ada.may("workspace:view", Some(HERE)).await);
        security.stop().await;
    }
}

/// What the listener of a test has heard.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<ExportPart>>>);

async fn part(heard: &Heard, _: &Tx, event: Received<ExportPart>) -> Result<(), Error> {
    heard.0.lock().unwrap().push(event.event);
    Ok(())
}

#[tokio::test]
async fn who_asks_what_is_known_of_them_is_told_what_they_hold_and_what_they_did() {
    for security in Security::everywhere().await {
        let root = security.root().await;
        let ada = security.with(&root, "analytics/viewer", HERE).await;
        let (heard, events) = (Heard::default(), AsRef::<Events>::as_ref(&security.store).clone());
        let listener = heard.clone();
        security.service.context().spawn("listener", async move {
            let consumers = Consumers::new().on("listener", part);
            consumers.run(&events, &listener).await.unwrap();
        });

        for person in [&root, &ada] {
            let export = security.service.context().ids().v7();
            let asked = ExportRequested {
                export,
                user: person.id,
            };
            security.tell(&asked, &Cause::default()).await;
        }

        until("both parts arrive", async || heard.0.lock().unwrap().len() == 2).await;
        let parts = heard.0.lock().unwrap().clone();
        let of = |person: &Person| &parts.iter().find(|part| part.user == person.id).unwrap().data;
        assert_eq!(of(&ada)["grants"][0]["role"], "analytics/viewer");
        assert_eq!(of(&ada)["actions"], json!([]));
        assert_eq!(of(&root)["actions"][0]["action"], "grants.granted");
        assert_eq!(of(&root)["actions"][0]["targetId"], ada.subject());
        security.stop().await;
    }
}

#[tokio::test]
async fn who_did_more_than_one_event_carries_is_told_all_of_it() {
    for security in Security::everywhere().await {
        let ada = security.person();
        for number in 0..1_000_u128 {
            let entry = Entry {
                id: Uuid::from_u128(number + 1),
                actor: ada.subject(),
                source: "elsewhere".into(),
                workspace: None,
                action: "things.done".into(),
                target: ("thing".into(), format!("{number} {}", "of many ".repeat(20))),
                outcome: Outcome::Done,
                data: json!({}),
            };
            security.store.record(entry).await.unwrap();
        }
        let (heard, events) = (Heard::default(), AsRef::<Events>::as_ref(&security.store).clone());
        let listener = heard.clone();
        security.service.context().spawn("listener", async move {
            let consumers = Consumers::new().on("listener", part);
            consumers.run(&events, &listener).await.unwrap();
        });

        let export = security.service.context().ids().v7();
        security
            .tell(&ExportRequested { export, user: ada.id }, &Cause::default())
            .await;

        let told = || {
            let parts = heard.0.lock().unwrap();
            let actions = parts.iter().filter_map(|part| part.data["actions"].as_array());
            actions.map(Vec::len).sum::<usize>()
        };
        until("all parts arrive", async || told() == 1_000).await;
        assert!(heard.0.lock().unwrap().len() > 1);
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
