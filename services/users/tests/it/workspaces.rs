//! Workspaces, who is in them, and how one gets in.

use serde_json::{Value, json};

use crate::support::{Person, Users};

pub(crate) const INVITE: &str = "mutation ($w: ID!, $email: String!, $role: WorkspaceRole!) {
    inviteToWorkspace(workspaceId: $w, email: $email, role: $role) { secret invitation { id email role } } }";
pub(crate) const ACCEPT: &str = "mutation ($secret: String!) { acceptInvitation(secret: $secret) { id role } }";
const CHANGE: &str = "mutation ($w: ID!, $u: ID!, $role: WorkspaceRole!) { changeMemberRole(workspaceId: $w, userId: $u, role: $role) { role } }";
const REMOVE: &str = "mutation ($w: ID!, $u: ID!) { removeMember(workspaceId: $w, userId: $u) }";

/// A workspace of `owner` with people in it.
pub(crate) async fn with(users: &Users, owner: &Person, people: &[(&Person, &str)]) -> Value {
    let made = users
        .data(owner, "mutation { createWorkspace(name: \"desk\") { id } }", json!({}))
        .await;
    let id = made["createWorkspace"]["id"].clone();
    for (person, role) in people {
        let email = users.data(person, "{ me { email } }", json!({})).await["me"]["email"].clone();
        let invited = users
            .data(owner, INVITE, json!({ "w": id, "email": email, "role": role }))
            .await;
        users
            .data(
                person,
                ACCEPT,
                json!({ "secret": invited["inviteToWorkspace"]["secret"] }),
            )
            .await;
    }
    id
}

#[tokio::test]
async fn an_invitation_is_for_one_verified_address_and_one_time() {
    for users in Users::everywhere().await {
        let (ada, bob, eve) = users.three().await;
        let id = with(&users, &ada, &[]).await;
        let invited = users
            .data(
                &ada,
                INVITE,
                json!({ "w": id, "email": "Bob@Example.com", "role": "MEMBER" }),
            )
            .await;
        let secret = json!({ "secret": invited["inviteToWorkspace"]["secret"] });
        let mut claims = users.issuer.claims(bob.id);
        claims.email_verified = false;
        let unverified = Person {
            id: bob.id,
            token: users.issuer.sign(&claims),
        };

        assert_eq!(users.refusal(&eve, ACCEPT, secret.clone()).await, "NOT_FOUND");
        assert_eq!(users.refusal(&unverified, ACCEPT, secret.clone()).await, "NOT_FOUND");
        assert_eq!(
            users.data(&bob, ACCEPT, secret.clone()).await["acceptInvitation"]["role"],
            "MEMBER"
        );
        assert_eq!(users.refusal(&bob, ACCEPT, secret).await, "NOT_FOUND");
        assert_eq!(
            users.refusal(&bob, ACCEPT, json!({ "secret": "hi_made-up" })).await,
            "NOT_FOUND"
        );
    }
}

#[tokio::test]
async fn an_invitation_ends_with_its_time_its_withdrawal_and_the_rights_of_who_gave_it() {
    for users in Users::everywhere().await {
        let (ada, bob, eve) = users.three().await;
        let id = with(&users, &ada, &[(&bob, "ADMIN")]).await;
        let to_eve = json!({ "w": id, "email": "eve@example.com", "role": "ADMIN" });

        let first = users.data(&ada, INVITE, to_eve.clone()).await;
        let withdraw = "mutation ($id: ID!) { withdrawInvitation(id: $id) }";
        users
            .data(
                &ada,
                withdraw,
                json!({ "id": first["inviteToWorkspace"]["invitation"]["id"] }),
            )
            .await;
        let second = users.data(&bob, INVITE, to_eve.clone()).await;
        users
            .data(&ada, CHANGE, json!({ "w": id, "u": bob.id, "role": "MEMBER" }))
            .await;

        for invited in [first, second] {
            let secret = json!({ "secret": invited["inviteToWorkspace"]["secret"] });
            assert_eq!(users.refusal(&eve, ACCEPT, secret).await, "NOT_FOUND");
        }
        let third = users.data(&ada, INVITE, to_eve).await;
        users.service.clock().advance(chrono::TimeDelta::days(8));
        users.issuer.clock().advance(chrono::TimeDelta::days(8));
        let later = Person {
            id: eve.id,
            token: users.issuer.user(eve.id),
        };
        let secret = json!({ "secret": third["inviteToWorkspace"]["secret"] });
        assert_eq!(users.refusal(&later, ACCEPT, secret).await, "NOT_FOUND");
    }
}

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    for users in Users::everywhere().await {
        let (ada, bob, eve) = users.three().await;
        let id = with(&users, &ada, &[(&bob, "ADMIN"), (&eve, "MEMBER")]).await;

        let owner = json!({ "w": id, "email": "x@example.com", "role": "OWNER" });
        assert_eq!(users.refusal(&bob, INVITE, owner).await, "FORBIDDEN");
        let promote = |who: &Person, role: &str| json!({ "w": id, "u": who.id, "role": role });
        assert_eq!(users.refusal(&bob, CHANGE, promote(&bob, "OWNER")).await, "FORBIDDEN");
        assert_eq!(users.refusal(&bob, CHANGE, promote(&ada, "MEMBER")).await, "FORBIDDEN");
        assert_eq!(
            users.refusal(&bob, REMOVE, json!({ "w": id, "u": ada.id })).await,
            "FORBIDDEN"
        );
        assert_eq!(users.refusal(&eve, CHANGE, promote(&eve, "ADMIN")).await, "FORBIDDEN");
        let invite = json!({ "w": id, "email": "x@example.com", "role": "VIEWER" });
        assert_eq!(users.refusal(&eve, INVITE, invite).await, "FORBIDDEN");
        users.data(&bob, REMOVE, json!({ "w": id, "u": eve.id })).await;
    }
}

#[tokio::test]
async fn a_workspace_never_loses_its_last_owner() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let id = with(&users, &ada, &[(&bob, "MEMBER")]).await;
        let leave = json!({ "w": id, "u": ada.id });

        assert_eq!(users.refusal(&ada, REMOVE, leave.clone()).await, "CONFLICT");
        assert_eq!(
            users
                .refusal(&ada, CHANGE, json!({ "w": id, "u": ada.id, "role": "ADMIN" }))
                .await,
            "CONFLICT"
        );
        users
            .data(&ada, CHANGE, json!({ "w": id, "u": bob.id, "role": "OWNER" }))
            .await;
        users.data(&ada, REMOVE, leave).await;

        let read = "query ($id: ID!) { workspace(id: $id) { name } }";
        assert_eq!(users.refusal(&ada, read, json!({ "id": id })).await, "NOT_FOUND");
    }
}

#[tokio::test]
async fn the_workspace_of_others_is_as_if_it_were_not_there() {
    for users in Users::everywhere().await {
        let (ada, eve) = (users.person("ada").await, users.person("eve").await);
        let id = json!({ "id": with(&users, &ada, &[]).await });

        for order in [
            "query ($id: ID!) { workspace(id: $id) { members { role } } }",
            "mutation ($id: ID!) { renameWorkspace(id: $id, name: \"x\") { name } }",
            "mutation ($id: ID!) { deleteWorkspace(id: $id) }",
            "mutation ($id: ID!) { inviteToWorkspace(workspaceId: $id, email: \"a@b.cd\", role: VIEWER) { secret } }",
            "mutation ($id: ID!) { removeMember(workspaceId: $id, userId: $id) }",
        ] {
            assert_eq!(users.refusal(&eve, order, id.clone()).await, "NOT_FOUND", "{order}");
        }
    }
}

#[tokio::test]
async fn two_owners_who_leave_at_once_do_not_both() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        for _ in 0..10 {
            let id = with(&users, &ada, &[(&bob, "OWNER")]).await;
            let leave = |who: &Person| json!({ "w": id, "u": who.id });

            let (one, other) = tokio::join!(
                users.ask_with(&ada, REMOVE, leave(&ada)),
                users.ask_with(&bob, REMOVE, leave(&bob))
            );

            let left = [&one, &other]
                .iter()
                .filter(|answer| answer["errors"].is_null())
                .count();
            assert_eq!(left, 1, "{one} {other}");
        }
    }
}

#[tokio::test]
async fn nobody_is_in_more_workspaces_than_one_may_be_in() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        for _ in 0..50 {
            users
                .data(&bob, "mutation { createWorkspace(name: \"mine\") { id } }", json!({}))
                .await;
        }
        let id = with(&users, &ada, &[]).await;
        let to_bob = json!({ "w": id, "email": "bob@example.com", "role": "VIEWER" });
        let invited = users.data(&ada, INVITE, to_bob).await;

        let secret = json!({ "secret": invited["inviteToWorkspace"]["secret"] });
        assert_eq!(users.refusal(&bob, ACCEPT, secret).await, "CONFLICT");
    }
}

#[tokio::test]
async fn a_key_gives_nobody_rights_and_takes_none() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let id = with(&users, &ada, &[(&bob, "MEMBER")]).await;
        let mut claims = users.issuer.claims(ada.id);
        (claims.kind, claims.scope) = (platform_auth::Kind::Key, "users:read users:write".into());
        let key = Person {
            id: ada.id,
            token: users.issuer.sign(&claims),
        };
        let chart = "mutation { createChart(input: { title: \"t\", spec: {} }) { id } }";
        let chart = users.data(&key, chart, json!({})).await["createChart"]["id"].clone();
        let things = json!({ "w": id, "u": bob.id, "chart": chart });

        for order in [
            "mutation ($w: ID!) { deleteWorkspace(id: $w) }",
            "mutation ($w: ID!) { inviteToWorkspace(workspaceId: $w, email: \"a@b.cd\", role: VIEWER) { secret } }",
            "mutation ($w: ID!, $u: ID!) { changeMemberRole(workspaceId: $w, userId: $u, role: ADMIN) { role } }",
            "mutation ($w: ID!, $u: ID!) { removeMember(workspaceId: $w, userId: $u) }",
            "mutation ($chart: ID!, $u: ID!) { shareChart(chartId: $chart, userId: $u, level: ADMIN) { id } }",
            "mutation { requestDataExport { id } }",
        ] {
            assert_eq!(users.refusal(&key, order, things.clone()).await, "FORBIDDEN", "{order}");
        }
        users
            .data(
                &key,
                "mutation ($w: ID!) { renameWorkspace(id: $w, name: \"desk 2\") { name } }",
                things,
            )
            .await;
    }
}
