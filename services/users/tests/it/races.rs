//! Two who change one thing at the same moment, where the database lets both begin.

use contracts::users::Deleted;
use platform_database::{Database, sql};
use serde_json::{Value, json};
use users::store::Store;
use uuid::Uuid;

use crate::{
    support::{Person, Users},
    workspaces::{ACCEPT, INVITE, with},
};

fn id(value: &Value) -> Uuid {
    value.as_str().unwrap().parse().unwrap()
}

/// How many wait in the database for somebody else.
async fn waiting(db: &Database) -> usize {
    let waiting = "select 1 as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    sql::all(db.read(), waiting, []).await.unwrap().len()
}

/// Whether somebody waits in the database for somebody else.
async fn is_awaited(db: &Database) -> bool {
    waiting(db).await > 0
}

/// A public annotation of somebody's.
async fn annotation(users: &Users, by: &Person) -> Value {
    let note = "mutation { createAnnotation(input: { series: \"FRED:GDP\", firstDate: \"2020-01-01\", title: \"t\",
        body: \"b\", visibility: PUBLIC }) { id } }";
    users.data(by, note, json!({})).await["createAnnotation"]["id"].clone()
}

/// What is said to an annotation.
async fn said(users: &Users, by: &Person, on: &Value) -> Value {
    let read = "query ($on: ID!) { annotation(id: $on) { comments { nodes { body author { name } } } } }";
    users.data(by, read, json!({ "on": on })).await["annotation"]["comments"]["nodes"].clone()
}

/// A workspace of somebody's, and their invitation to it.
async fn invited(users: &Users, owner: &Person, email: &str) -> (Value, Value) {
    let workspace = with(users, owner, &[]).await;
    let invitation = json!({ "w": workspace, "email": email, "role": "MEMBER" });
    let invited = users.data(owner, INVITE, invitation).await["inviteToWorkspace"].clone();
    (workspace, invited)
}

async fn is_forgotten(db: &Database, id: Uuid) -> bool {
    let profile = sql::one(db.read(), "select id from profile where id = $1", [id.into()]).await;
    profile.unwrap().is_none()
}

#[tokio::test]
async fn an_invitation_that_is_being_withdrawn_lets_nobody_in() {
    let Some(users) = Users::on_postgres().await else {
        return;
    };
    let (ada, bob) = (users.person("ada").await, users.person("bob").await);
    let (workspace, invited) = invited(&users, &ada, "bob@example.com").await;
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

/// Whoever accepts holds their profile and the workspace before the invitation, and whoever deletes the workspace what is in
/// it after it: so none of the two waits for the other while the other waits for them.
#[tokio::test]
async fn an_invitation_is_accepted_beside_the_deletion_of_its_workspace_and_neither_fails() {
    let Some(users) = Users::on_postgres().await else {
        return;
    };
    let (ada, bob) = (users.person("ada").await, users.person("bob").await);
    let (workspace, invited) = invited(&users, &ada, "bob@example.com").await;
    let store: Store = users.service.store();

    let accepting = store.db.begin().await.unwrap();
    for (held, id) in [
        ("select id from profile where id = $1 for no key update", bob.id),
        (
            "select id from workspace where id = $1 for no key update",
            id(&workspace),
        ),
    ] {
        sql::one(&accepting, held, [id.into()]).await.unwrap();
    }
    let delete = "mutation ($id: ID!) { deleteWorkspace(id: $id) }";
    let deleting = users.ask_with(&ada, delete, json!({ "id": workspace }));
    let joining = async {
        users.until("Ada waits", async || is_awaited(&store.db).await).await;
        let taken = "delete from invitation where id = $1";
        sql::execute(&accepting, taken, [id(&invited["invitation"]["id"]).into()])
            .await
            .unwrap();
        let joined = "insert into member values (gen_random_uuid(), $1, $2, 'member', now())";
        sql::execute(&accepting, joined, [id(&workspace).into(), bob.id.into()])
            .await
            .unwrap();
        accepting.commit().await.unwrap();
    };
    let (deleted, ()) = tokio::join!(deleting, joining);

    assert_eq!(deleted["data"]["deleteWorkspace"], true, "{deleted}");
    let left = sql::all(store.db.read(), "select id from member", []).await.unwrap();
    assert_eq!(left.len(), 0);
}

#[tokio::test]
async fn a_workspace_keeps_an_owner_when_one_leaves_while_the_other_is_forgotten() {
    let Some(users) = Users::on_postgres().await else {
        return;
    };
    let (ada, bob, eve) = users.three().await;
    let workspace = with(&users, &ada, &[(&bob, "OWNER"), (&eve, "VIEWER")]).await;
    let store: Store = users.service.store();

    let leaving = store.db.begin().await.unwrap();
    let held = "select id from workspace where id = $1 for no key update";
    sql::one(&leaving, held, [id(&workspace).into()]).await.unwrap();
    let gone = "delete from member where user_id = $1";
    sql::execute(&leaving, gone, [bob.id.into()]).await.unwrap();
    users.tell(&Deleted { user: ada.id }).await;
    let is_out = async || {
        let member = "select 1 as n from member where user_id = $1";
        sql::one(store.db.read(), member, [ada.id.into()])
            .await
            .unwrap()
            .is_none()
    };
    users
        .until("it waits or is done", async || {
            is_awaited(&store.db).await || is_out().await
        })
        .await;
    leaving.commit().await.unwrap();
    users.until("Ada is forgotten", is_out).await;

    let read = "query ($id: ID!) { workspace(id: $id) { role members { role } } }";
    let left = users.data(&eve, read, json!({ "id": workspace })).await;
    assert_eq!(
        left["workspace"],
        json!({ "role": "OWNER", "members": [{ "role": "OWNER" }] })
    );
}

#[tokio::test]
async fn what_somebody_is_writing_while_they_are_forgotten_is_forgotten_too() {
    let Some(users) = Users::on_postgres().await else {
        return;
    };
    let (ada, bob) = (users.person("ada").await, users.person("bob").await);
    let on = annotation(&users, &bob).await;
    let store: Store = users.service.store();

    let writing = store.db.begin().await.unwrap();
    let comment = "insert into comment (id, annotation_id, author_id, body, depth, created_at, updated_at)
        values (gen_random_uuid(), $1, $2, 'mine', 0, now(), now())";
    sql::execute(&writing, comment, [id(&on).into(), ada.id.into()])
        .await
        .unwrap();
    let workspace = "with made as (insert into workspace values (gen_random_uuid(), 'w', now(), now()) returning id)
        insert into member select gen_random_uuid(), id, $1, 'owner', now() from made";
    sql::execute(&writing, workspace, [ada.id.into()]).await.unwrap();
    users.tell(&Deleted { user: ada.id }).await;
    users
        .until("the erasure waits", async || is_awaited(&store.db).await)
        .await;
    writing.commit().await.unwrap();
    users
        .until("Ada is forgotten", async || is_forgotten(&store.db, ada.id).await)
        .await;

    assert_eq!(said(&users, &bob, &on).await, json!([{ "body": null, "author": null }]));
    let workspaces = sql::all(store.db.read(), "select id from workspace", []).await.unwrap();
    assert_eq!(workspaces.len(), 0, "nobody is in it");
}

#[tokio::test]
async fn who_is_being_forgotten_writes_nothing_more() {
    let Some(users) = Users::on_postgres().await else {
        return;
    };
    let (ada, bob) = (users.person("ada").await, users.person("bob").await);
    let on = annotation(&users, &bob).await;
    let say = "mutation ($on: ID!) { addComment(annotationId: $on, body: \"mine\") { id } }";
    let comment = users.data(&ada, say, json!({ "on": on })).await["addComment"]["id"].clone();
    let store: Store = users.service.store();

    let reading = store.db.begin().await.unwrap();
    let held = "select id from comment where id = $1 for update";
    sql::one(&reading, held, [id(&comment).into()]).await.unwrap();
    users.tell(&Deleted { user: ada.id }).await;
    users
        .until("the erasure waits", async || is_awaited(&store.db).await)
        .await;
    let change = "mutation ($id: ID!) { updateComment(id: $id, body: \"still mine\") { id } }";
    let changing = users.ask_with(&ada, change, json!({ "id": comment }));
    let letting = async {
        users
            .until("the change waits too", async || waiting(&store.db).await == 2)
            .await;
        reading.commit().await.unwrap();
    };
    let (changed, ()) = tokio::join!(changing, letting);
    users
        .until("Ada is forgotten", async || is_forgotten(&store.db, ada.id).await)
        .await;

    assert_eq!(changed["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{changed}");
    assert_eq!(said(&users, &bob, &on).await, json!([{ "body": null, "author": null }]));
}

#[tokio::test]
async fn what_somebody_removed_a_moment_ago_is_not_there() {
    let Some(users) = Users::on_postgres().await else {
        return;
    };
    let ada = users.person("ada").await;
    let (on, other) = (annotation(&users, &ada).await, annotation(&users, &ada).await);
    let say = "mutation ($on: ID!, $to: ID) { addComment(annotationId: $on, parentId: $to, body: \"said\") { id } }";
    let comment = users.data(&ada, say, json!({ "on": on })).await["addComment"]["id"].clone();
    let change = "mutation ($id: ID!) { updateAnnotation(id: $id, input: { title: \"new\" }) { id } }";
    let store: Store = users.service.store();

    for (table, gone, query, variables) in [
        ("comment", &comment, say, json!({ "on": on, "to": comment })),
        ("annotation", &other, change, json!({ "id": other })),
    ] {
        let removal = store.db.begin().await.unwrap();
        let remove = format!("delete from {table} where id = $1");
        sql::execute(&removal, &remove, [id(gone).into()]).await.unwrap();
        let writing = users.ask_with(&ada, query, variables);
        let removing = async {
            users
                .until("the writer waits", async || is_awaited(&store.db).await)
                .await;
            removal.commit().await.unwrap();
        };
        let (written, ()) = tokio::join!(writing, removing);

        assert_eq!(written["errors"][0]["extensions"]["code"], "NOT_FOUND", "{written}");
    }
}
