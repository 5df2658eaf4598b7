//! What people do together: threads on annotations, charts that are shared level by level, a workspace with roles.

use platform_http::Method;
use serde_json::{Value, json};

use super::{
    people::{self, People},
    script::{Person, Script},
};

pub(crate) const ANNOTATE: &str =
    "mutation ($input: AnnotationInput!) { createAnnotation(input: $input) { id title author { name } } }";
pub(crate) const SAY: &str = "mutation ($on: ID!, $to: ID, $body: String!) { addComment(annotationId: $on, parentId: $to, body: $body) { id depth } }";
const THREAD: &str = "query ($on: ID!) { annotation(id: $on) { title series { name } comments { nodes { body depth author { name } } } } }";
pub(crate) const SHARE: &str = "mutation ($chart: ID!, $with: ID!, $level: ShareLevel) { shareChart(chartId: $chart, userId: $with, level: $level) { title } }";
pub(crate) const CHART: &str = "query ($id: ID!) { chart(id: $id) { title level spec owner { name } comments { nodes { body } } collaborators { level user { name } } } }";
pub(crate) const EDIT: &str = "mutation ($id: ID!) { updateChart(id: $id, input: { title: \"changed\" }) { title } }";
const SEE: &str = "query ($in: ID!) { workspace(id: $in) { name role } }";
pub(crate) const INVITE: &str = "mutation ($in: ID!, $email: String!, $role: WorkspaceRole!) {
    inviteToWorkspace(workspaceId: $in, email: $email, role: $role) { secret invitation { role } } }";
pub(crate) const ACCEPT: &str = "mutation ($secret: String!) { acceptInvitation(secret: $secret) { name role } }";
pub(crate) const MAKE: &str =
    "mutation ($input: CreateAccessRoleInput!) { createAccessRole(input: $input) { key permissions } }";
pub(crate) const GRANT: &str = "mutation ($input: GrantRoleInput!) { grantRole(input: $input) { role place } }";
pub(crate) const MAY: &str = "query ($what: String!, $in: UUID!) {
    checkPermission(permission: $what, resource: { workspace: $in }) { allowed reason roles { role permission } } }";

/// What is there afterwards.
pub(crate) struct Shared {
    pub(crate) annotation: Value,
    pub(crate) chart: Value,
    pub(crate) workspace: Value,
}

pub(crate) async fn work(script: &mut Script<'_>, people: &People) -> Shared {
    let shared = Shared {
        annotation: annotate(script, people).await,
        chart: share(script, people).await,
        workspace: gather(script, people).await,
    };
    act(script, people, &shared.workspace).await;
    shared
}

async fn annotate(script: &mut Script<'_>, People { ada, bob, eve, .. }: &People) -> Value {
    let input = |visibility: &str| {
        json!({ "input": { "series": "TEST:GDP", "firstDate": "2020-04-01",
        "title": visibility, "body": "the pandemic", "visibility": visibility } })
    };
    let private = script.data(ada, ANNOTATE, input("PRIVATE")).await["createAnnotation"]["id"].clone();
    script
        .refused(bob, (THREAD, json!({ "on": private })), "NOT_FOUND")
        .await;
    script
        .refused(bob, (SAY, json!({ "on": private, "body": "hello" })), "NOT_FOUND")
        .await;

    let on = script.data(bob, ANNOTATE, input("PUBLIC")).await["createAnnotation"]["id"].clone();
    let first = script.data(ada, SAY, json!({ "on": on, "body": "why?" })).await["addComment"]["id"].clone();
    let second = json!({ "on": on, "to": first, "body": "because" });
    script.data(bob, SAY, second).await;
    script
        .data(eve, SAY, json!({ "on": on, "to": first, "body": "indeed" }))
        .await;
    script.data(eve, THREAD, json!({ "on": on })).await;
    let change = "mutation ($id: ID!) { updateComment(id: $id, body: \"mine\") { body } }";
    script.refused(eve, (change, json!({ "id": first })), "FORBIDDEN").await;
    let delete = "mutation ($id: ID!) { deleteAnnotation(id: $id) }";
    script.refused(eve, (delete, json!({ "id": on })), "FORBIDDEN").await;
    script
        .refused(eve, (delete, json!({ "id": private })), "NOT_FOUND")
        .await;
    on
}

async fn share(script: &mut Script<'_>, People { ada, bob, eve, .. }: &People) -> Value {
    let make = "mutation ($input: ChartInput!) { createChart(input: $input) { id level } }";
    let input = json!({ "title": "output", "spec": { "series": ["TEST:GDP"] } });
    let id = script.data(ada, make, json!({ "input": input })).await["createChart"]["id"].clone();
    let (of, to_eve) = (
        json!({ "id": id }),
        json!({ "chart": id, "with": eve.id, "level": "VIEW" }),
    );
    script.refused(bob, (CHART, of.clone()), "NOT_FOUND").await;
    let say = "mutation ($id: ID!) { addChartComment(chartId: $id, body: \"look\") { depth } }";
    for (level, may) in [("VIEW", 0), ("COMMENT", 1), ("EDIT", 2), ("ADMIN", 3)] {
        script
            .data(ada, SHARE, json!({ "chart": id, "with": bob.id, "level": level }))
            .await;
        script.data(bob, CHART, of.clone()).await;
        let orders = [(say, &of), (EDIT, &of), (SHARE, &to_eve)];
        for (above, (order, variables)) in orders.into_iter().enumerate() {
            match above < may {
                true => drop(script.data(bob, order, variables.clone()).await),
                false => script.refused(bob, (order, variables.clone()), "FORBIDDEN").await,
            }
        }
        let delete = "mutation ($id: ID!) { deleteChart(id: $id) }";
        script.refused(bob, (delete, of.clone()), "FORBIDDEN").await;
    }
    script.data(ada, SHARE, json!({ "chart": id, "with": eve.id })).await;
    script.refused(eve, (CHART, of.clone()), "NOT_FOUND").await;
    id
}

async fn gather(script: &mut Script<'_>, People { ada, bob, eve, .. }: &People) -> Value {
    let made = script
        .data(
            ada,
            "mutation { createWorkspace(name: \"desk\") { id role } }",
            json!({}),
        )
        .await;
    let id = made["createWorkspace"]["id"].clone();
    let to_bob = json!({ "in": id, "email": "Bob@people.example", "role": "MEMBER" });
    script.refused(eve, (INVITE, to_bob.clone()), "NOT_FOUND").await;
    let invited = script.data(ada, INVITE, to_bob).await;
    let secret = json!({ "secret": invited["inviteToWorkspace"]["secret"] });
    script.refused(eve, (ACCEPT, secret.clone()), "NOT_FOUND").await;
    script.data(bob, ACCEPT, secret.clone()).await;
    script.refused(bob, (ACCEPT, secret), "NOT_FOUND").await;
    let promote =
        "mutation ($in: ID!, $who: ID!) { changeMemberRole(workspaceId: $in, userId: $who, role: OWNER) { role } }";
    script
        .refused(bob, (promote, json!({ "in": id, "who": bob.id })), "FORBIDDEN")
        .await;

    // Their roles follow from what they are in the workspace; roles of its own are made there.
    let may = |what: &str| json!({ "what": what, "in": id });
    script.until(ada, (MAY, may("roles:manage")), is_allowed).await;
    script.until(bob, (MAY, may("workspace:view")), is_allowed).await;
    let refused = script.data(bob, MAY, may("workspace:invite")).await;
    assert!(!is_allowed(&refused), "{refused}");
    let host = json!({ "input": { "workspace": id, "name": "Host", "permissions": ["workspace:invite"] } });
    script.refused(bob, (MAKE, host.clone()), "FORBIDDEN").await;
    script.refused(eve, (MAKE, host.clone()), "FORBIDDEN").await;
    let role = script.data(ada, MAKE, host).await["createAccessRole"]["key"].clone();
    let to = |who: &Person| json!({ "input": { "subject": who.subject(), "role": role, "workspace": id } });
    script.refused(bob, (GRANT, to(bob)), "FORBIDDEN").await;
    script.data(ada, GRANT, to(bob)).await;
    script.until(bob, (MAY, may("workspace:invite")), is_allowed).await;
    let more =
        "mutation ($key: String!) { updateAccessRole(key: $key, input: { permissions: [\"system:manage\"] }) { key } }";
    script.refused(ada, (more, json!({ "key": role })), "FORBIDDEN").await;
    script.refused(eve, (more, json!({ "key": role })), "NOT_FOUND").await;
    id
}

/// Tokens act in the workspace for who is in it, of which `auth` asks `security`, and for nobody else.
async fn act(script: &mut Script<'_>, People { bob, eve, .. }: &People, desk: &Value) {
    for (who, status) in [(eve, 404), (bob, 200)] {
        let granted = people::sign_in(script, who).await;
        let enter = json!({ "refreshToken": granted["refreshToken"], "workspace": desk });
        let entered = script.auth(who, (Method::POST, "/auth/refresh", enter), status).await;
        if status == 200 {
            assert_eq!(entered["workspace"], *desk, "{}", script.system.name);
            let at_the_desk = who.by("bob at the desk", &entered["accessToken"]);
            script.data(&at_the_desk, SEE, json!({ "in": desk })).await;
        }
    }
}

pub(crate) fn is_allowed(data: &Value) -> bool {
    data["checkPermission"]["allowed"] == true
}
