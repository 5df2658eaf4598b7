//! Two who change one thing at the same moment, where the database lets both begin.

use contracts::users::Deleted;
use platform_database::{Database, sql};
use serde_json::{Value, json};
use users::store::Store;
use uuid::Uuid;

use crate::{
    support::Users,
    workspaces::{ACCEPT, INVITE, with},
};

fn id(value: &Value) -> Uuid {
    value.as_str().unwrap().parse().unwrap()
}

/// Whether somebody waits in the database for somebody else.
async fn is_awaited(db: &Database) -> bool {
    let waiting = "select 1 as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    sql::one(db.read(), waiting, []).await.unwrap().is_some()
}

#[tokio::test]
async fn an_invitation_that_is_being_withdrawn_lets_nobody_in() {
    let Some(users) = Users::on_postgres().await else {
        return;
    };
    let (ada, bob) = (users.person("ada").await, users.person("bob").await);
    let workspace = with(&users, &ada, &[]).await;
    let to_bob = json!({ "w": workspace, "email": "bob@example.com", "role": "MEMBER" });
    let invited = users.data(&ada, INVITE, to_bob).await["inviteToWorkspace"].clone();
    let store: Store = users.service.store();

    let withdrawal = store.db.begin().await.unwrap();
    let invitation = id(&invited["invitation"]["id"]);
    let gone = "delete from invitation where id = $1";
    sql::execute(&withdrawal, gone, [invitation.into()]).await.unwrap();
    let accepting = users.ask_with(&bob, ACCEPT, json!({ "secret": invited["secret"] }));
    let withdrawing = async {
        users.until("Bob waits", async || is_awaited(&store.db).await).await;
        withdrawal.commit().await.unwrap();
    };
    let (accepted, ()) = tokio::join!(accepting, withdrawing);

    assert_eq!(accepted["errors"][0]["extensions"]["code"], "NOT_FOUND", "{accepted}");
    let read = "query ($id: ID!) { workspace(id: $id) { name } }";
    assert_eq!(users.refusal(&bob, read, json!({ "id": workspace })).await, "NOT_FOUND");
}

#[tokio::test]
async fn a_workspace_keeps_an_owner_when_one_leaves_while_the_other_is_forgotten() {
    let Some(users) = Users::on_postgres().await else {
        return;
    };
    let (ada, bob, eve) = (
        users.person("ada").await,
        users.person("bob").await,
        users.person("eve").await,
    );
    let workspace = with(&users, &ada, &[(&bob, "OWNER"), (&eve, "VIEWER")]).await;
    let store: Store = users.service.store();

    let leaving = store.db.begin().await.unwrap();
    let held = "select id from workspace where id = $1 for no key update";
    sql::one(&leaving, held, [id(&workspace).into()]).await.unwrap();
    let gone = "delete from member where user_id = $1";
    sql::execute(&leaving, gone, [bob.id.into()]).await.unwrap();
    users.tell(&Deleted { user: ada.id }).await;
    let is_forgotten = async || {
        let member = "select 1 as n from member where user_id = $1";
        sql::one(store.db.read(), member, [ada.id.into()])
            .await
            .unwrap()
            .is_none()
    };
    users
        .until("it waits or is done", async || {
            is_awaited(&store.db).await || is_forgotten().await
        })
        .await;
    leaving.commit().await.unwrap();
    users.until("Ada is forgotten", is_forgotten).await;

    let read = "query ($id: ID!) { workspace(id: $id) { role members { role } } }";
    let left = users.data(&eve, read, json!({ "id": workspace })).await;
    assert_eq!(
        left["workspace"],
        json!({ "role": "OWNER", "members": [{ "role": "OWNER" }] })
    );
}
