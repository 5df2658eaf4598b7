//! What `security` gives people counts at `users` beside what they are there: who moderates, what the roles allow that
//! a workspace made itself, who administrates everything, and charts.

use platform_http::Method;
use serde_json::{Value, json};

use super::{
    people::{self, People},
    script::{Person, Script},
    system::System,
    together::{ACCEPT, ANNOTATE, CHART, EDIT, GRANT, INVITE, MAKE, MAY, SAY, SHARE, is_allowed},
};

const SEE: &str = "query ($in: ID!) { workspace(id: $in) { name role members { role user { name } } } }";
const WAITING: &str = "query ($in: ID!) { workspace(id: $in) { invitations { email } } }";
const RENAME: &str = "mutation ($in: ID!, $name: String!) { renameWorkspace(id: $in, name: $name) { name } }";
const BECOME: &str = "mutation ($in: ID!, $who: ID!, $role: WorkspaceRole!) {
    changeMemberRole(workspaceId: $in, userId: $who, role: $role) { role } }";
const TAKE_OUT: &str = "mutation ($in: ID!, $who: ID!) { removeMember(workspaceId: $in, userId: $who) }";
const DISSOLVE: &str = "mutation ($in: ID!) { deleteWorkspace(id: $in) }";
const LEVEL: &str = "query ($on: ID!) { annotation(id: $on) { level } }";
const CORRECT: &str = "mutation ($on: ID!) { updateAnnotation(id: $on, input: { title: \"corrected\" }) { title } }";
const REMOVE: &str = "mutation ($on: ID!) { deleteAnnotation(id: $on) }";
const UNSAY: &str = "mutation ($id: ID!) { deleteComment(id: $id) { body author { name } } }";
const LOG: &str = "query ($actor: String!) {
    notes: auditLog(filter: { actor: $actor, action: \"annotations.\" }) { nodes { action outcome } }
    comments: auditLog(filter: { actor: $actor, action: \"comments.\" }) { nodes { action outcome } } }";

async fn follow(system: &System) {
    let mut script = Script::new(system);
    let people = people::arrive(&mut script).await;
    moderate(&mut script, &people).await;
    let desk = gather(&mut script, &people).await;
    lend(&mut script, &people, &desk).await;
    invite(&mut script, &people, &desk).await;
    visit(&mut script, &people, &desk).await;
    lose(&mut script, &people, &desk).await;
    administrate(&mut script, &people, &desk).await;
    draw(&mut script, &people).await;
}

/// A role of these permissions for somebody, in a workspace or everywhere.
async fn give(script: &mut Script<'_>, by: &Person, (to, permission, place): (&Person, &str, &Value)) -> Value {
    let role = json!({ "input": { "workspace": place, "name": permission, "permissions": [permission] } });
    let role = script.data(by, MAKE, role).await["createAccessRole"]["key"].clone();
    let grant = json!({ "input": { "subject": to.subject(), "role": role, "workspace": place } });
    script.data(by, GRANT, grant).await;
    role
}

/// Who moderates changes and removes what others show to everybody, and that is written down.
async fn moderate(
    script: &mut Script<'_>,
    People {
        ada, bob, eve, admin, ..
    }: &People,
) {
    let note = |visibility: &str| {
        json!({ "input": { "series": "TEST:GDP", "firstDate": "2020-04-01", "title": visibility, "body": "mine",
            "visibility": visibility } })
    };
    let public = script.data(bob, ANNOTATE, note("PUBLIC")).await["createAnnotation"]["id"].clone();
    let private = script.data(bob, ANNOTATE, note("PRIVATE")).await["createAnnotation"]["id"].clone();
    let say = json!({ "on": public, "body": "rude" });
    let said = json!({ "id": script.data(eve, SAY, say).await["addComment"]["id"] });
    let (public, private) = (json!({ "on": public }), json!({ "on": private }));
    for (order, of) in [(CORRECT, &public), (REMOVE, &public), (UNSAY, &said)] {
        script.refused(ada, (order, of.clone()), "FORBIDDEN").await;
    }

    let role = give(script, admin, (ada, "notes:moderate", &Value::Null)).await;
    let is = |level: &'static str| move |data: &Value| data["annotation"]["level"] == level;
    script.until(ada, (LEVEL, public.clone()), is("ADMIN")).await;
    let unsaid = script.data(ada, UNSAY, said).await;
    assert_eq!(unsaid["deleteComment"], json!({ "body": null, "author": null }));
    script.data(ada, CORRECT, public.clone()).await;
    for order in [LEVEL, CORRECT, REMOVE] {
        script.refused(ada, (order, private.clone()), "NOT_FOUND").await;
    }
    keys(script, ada, &public).await;

    let delete = "mutation ($key: String!) { deleteAccessRole(key: $key) }";
    script.data(ada, REMOVE, public.clone()).await;
    script.refused(bob, (LEVEL, public), "NOT_FOUND").await;
    let next = script.data(bob, ANNOTATE, note("PUBLIC")).await["createAnnotation"]["id"].clone();
    script.data(admin, delete, json!({ "key": role })).await;
    let next = json!({ "on": next });
    script.until(ada, (LEVEL, next.clone()), is("COMMENT")).await;
    script.refused(ada, (REMOVE, next), "FORBIDDEN").await;
    let done = |action: &str| json!({ "action": action, "outcome": "done" });
    let (note, comment) = (done("annotations.moderated"), done("comments.moderated"));
    let all = json!({ "notes": { "nodes": [note, note, note] }, "comments": { "nodes": [comment] } });
    let log = (LOG, json!({ "actor": ada.subject() }));
    script.until(admin, log, |data| *data == all).await;
}

/// A key does what its owner may only where it was made for that.
async fn keys(script: &mut Script<'_>, ada: &Person, public: &Value) {
    let mut made = async |name: &'static str, scopes: &[&str]| {
        let wanted = json!({ "name": name, "scopes": scopes });
        let key = script.auth(ada, (Method::POST, "/auth/keys", wanted), 201).await;
        ada.by(name, &key["key"])
    };
    let (writer, moderator) = (
        made("a writer's key", &["users:write"]).await,
        made("a moderator's key", &["users:write", "notes:moderate"]).await,
    );
    script.refused(&writer, (CORRECT, public.clone()), "FORBIDDEN").await;
    script.data(&moderator, CORRECT, public.clone()).await;
}

/// Whoever makes a workspace does everything in it at once. The rest waits until `security` has heard of it.
async fn gather(script: &mut Script<'_>, People { ada, bob, .. }: &People) -> Value {
    let make = "mutation { createWorkspace(name: \"desk\") { id role } }";
    let id = script.data(ada, make, json!({})).await["createWorkspace"]["id"].clone();
    script.data(ada, RENAME, json!({ "in": id, "name": "office" })).await;
    let to_bob = json!({ "in": id, "email": bob.email, "role": "MEMBER" });
    let invited = script.data(ada, INVITE, to_bob).await;
    script.data(ada, WAITING, json!({ "in": id })).await;
    let secret = json!({ "secret": invited["inviteToWorkspace"]["secret"] });
    script.data(bob, ACCEPT, secret).await;
    for what in ["roles:manage", "grants:manage", "workspace:delete"] {
        let may = json!({ "what": what, "in": id });
        script.until(ada, (MAY, may), is_allowed).await;
    }
    id
}

/// What a role of the workspace's own allows, a member may who holds it, and nothing more.
async fn lend(script: &mut Script<'_>, People { ada, bob, .. }: &People, desk: &Value) {
    let rename = json!({ "in": desk, "name": "by bob" });
    script.refused(bob, (RENAME, rename.clone()), "FORBIDDEN").await;

    give(script, ada, (bob, "workspace:edit", desk)).await;

    let renamed = |data: &Value| data["renameWorkspace"]["name"] == "by bob";
    script.until(bob, (RENAME, rename), renamed).await;
    let here = json!({ "in": desk });
    let promote = json!({ "in": desk, "who": bob.id, "role": "ADMIN" });
    let to_eve = json!({ "in": desk, "email": "eve@people.example", "role": "VIEWER" });
    let take_out = json!({ "in": desk, "who": ada.id });
    for (order, what) in [
        (BECOME, promote),
        (INVITE, to_eve),
        (TAKE_OUT, take_out),
        (DISSOLVE, here),
    ] {
        script.refused(bob, (order, what), "FORBIDDEN").await;
    }
}

/// Who invites by a permission invites as no more than they are, and takes out who is no owner.
async fn invite(script: &mut Script<'_>, People { ada, bob, eve, .. }: &People, desk: &Value) {
    give(script, ada, (bob, "workspace:invite", desk)).await;
    give(script, ada, (bob, "workspace:remove", desk)).await;
    let as_a = |role: &str| json!({ "in": desk, "email": eve.email, "role": role });
    let is_invited = |data: &Value| data["inviteToWorkspace"]["secret"].is_string();

    let invited = script.until(bob, (INVITE, as_a("VIEWER")), is_invited).await;
    script.data(bob, WAITING, json!({ "in": desk })).await;
    script.refused(bob, (INVITE, as_a("ADMIN")), "FORBIDDEN").await;
    let secret = json!({ "secret": invited["inviteToWorkspace"]["secret"] });
    script.data(eve, ACCEPT, secret).await;
    let may = json!({ "what": "workspace:view", "in": desk });
    script.until(eve, (MAY, may.clone()), is_allowed).await;
    let out = |who: &Person| json!({ "in": desk, "who": who.id });
    script.refused(bob, (TAKE_OUT, out(ada)), "FORBIDDEN").await;
    let is_out = |data: &Value| data["removeMember"] == true;
    script.until(bob, (TAKE_OUT, out(eve)), is_out).await;
    // Until `security` has heard that she left, it takes away what she is given there.
    script.until(eve, (MAY, may), |data| !is_allowed(data)).await;
}

/// Who is not in a workspace and may see it sees it, and is told what they may not.
async fn visit(script: &mut Script<'_>, People { ada, eve, .. }: &People, desk: &Value) {
    let (here, rename) = (json!({ "in": desk }), json!({ "in": desk, "name": "by eve" }));
    script.refused(eve, (SEE, here.clone()), "NOT_FOUND").await;
    script.refused(eve, (RENAME, rename.clone()), "NOT_FOUND").await;

    give(script, ada, (eve, "workspace:view", desk)).await;

    let sees = |data: &Value| {
        data["workspace"]["members"]
            .as_array()
            .is_some_and(|all| all.len() == 2)
    };
    let seen = script.until(eve, (SEE, here.clone()), sees).await;
    assert_eq!(seen["workspace"]["role"], Value::Null);
    let own = script.data(eve, "{ me { workspaces { name } } }", json!({})).await;
    assert_eq!(own["me"]["workspaces"], json!([]));
    for (order, what) in [(RENAME, rename), (WAITING, here.clone()), (DISSOLVE, here)] {
        script.refused(eve, (order, what), "FORBIDDEN").await;
    }
}

/// Who is less, or has left, may at once no more than that: whatever `security` has yet to hear.
async fn lose(script: &mut Script<'_>, People { ada, bob, eve, .. }: &People, desk: &Value) {
    let become_a = |role: &str| json!({ "in": desk, "who": bob.id, "role": role });
    let here = json!({ "in": desk });
    let (rename, out) = (
        json!({ "in": desk, "name": "again" }),
        json!({ "in": desk, "who": bob.id }),
    );
    let to_eve = json!({ "in": desk, "email": eve.email, "role": "VIEWER" });
    script.data(ada, BECOME, become_a("OWNER")).await;
    let may = json!({ "what": "workspace:delete", "in": desk });
    script.until(bob, (MAY, may), is_allowed).await;

    script.data(ada, BECOME, become_a("VIEWER")).await;
    script.refused(bob, (DISSOLVE, here.clone()), "FORBIDDEN").await;
    script.data(bob, RENAME, rename.clone()).await;
    script.data(bob, INVITE, to_eve).await;
    script.data(ada, TAKE_OUT, out).await;
    for (order, what) in [(SEE, here.clone()), (RENAME, rename), (DISSOLVE, here)] {
        script.refused(bob, (order, what), "NOT_FOUND").await;
    }
}

/// Who administrates everything sees every workspace, and is in none by that.
async fn administrate(script: &mut Script<'_>, People { ada, admin, .. }: &People, desk: &Value) {
    let (here, nowhere) = (json!({ "in": desk }), json!({ "in": ada.id }));
    let seen = script.data(admin, SEE, here.clone()).await;
    assert_eq!(seen["workspace"]["role"], Value::Null);
    let owner = json!({ "in": desk, "email": "admin@economic.example", "role": "OWNER" });
    script.refused(admin, (INVITE, owner), "FORBIDDEN").await;
    for order in [SEE, WAITING, DISSOLVE] {
        script.refused(admin, (order, nowhere.clone()), "NOT_FOUND").await;
    }

    script.data(admin, DISSOLVE, here.clone()).await;

    script.refused(ada, (SEE, here), "NOT_FOUND").await;
}

/// A level that was granted on a chart allows what the same level allows that its owner gave.
async fn draw(
    script: &mut Script<'_>,
    People {
        ada, bob, eve, admin, ..
    }: &People,
) {
    let make = "mutation { createChart(input: { title: \"output\", spec: {} }) { id } }";
    let id = script.data(ada, make, json!({})).await["createChart"]["id"].clone();
    let of = json!({ "id": id });
    let share = json!({ "chart": id, "with": eve.id, "level": "VIEW" });
    let say = "mutation ($id: ID!) { addChartComment(chartId: $id, body: \"look\") { id } }";
    let delete = "mutation ($id: ID!) { deleteChart(id: $id) }";
    let all = [(CHART, &of), (say, &of), (EDIT, &of), (SHARE, &share), (delete, &of)];
    for (role, level, may) in [
        ("platform/chart_viewer", "VIEW", 1),
        ("platform/chart_commenter", "COMMENT", 2),
        ("platform/chart_editor", "EDIT", 3),
        ("platform/chart_admin", "ADMIN", 4),
    ] {
        let grant = json!({ "input": { "subject": bob.subject(), "role": role, "resourceType": "chart",
            "resourceId": id } });
        script.data(admin, GRANT, grant).await;
        let is_level = |data: &Value| data["chart"]["level"] == level;
        script.until(bob, (CHART, of.clone()), is_level).await;
        for (above, (order, what)) in all.into_iter().enumerate() {
            match above < may {
                true => drop(script.data(bob, order, what.clone()).await),
                false => script.refused(bob, (order, what.clone()), "FORBIDDEN").await,
            }
        }
        let nothing = json!({ "id": ada.id });
        script.refused(bob, (CHART, nothing), "NOT_FOUND").await;
    }
    // By now it was shared with her as its owner would share it.
    script.data(eve, CHART, of.clone()).await;
    script.refused(eve, (EDIT, of), "FORBIDDEN").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_security_gives_counts_beside_what_people_are() {
    let (embedded, split) = tokio::join!(System::embedded(), System::split());

    follow(&embedded).await;
    if let Some(split) = &split {
        follow(split).await;
    }
}
