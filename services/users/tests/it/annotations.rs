//! Annotations and the threads below them.

use platform_database::sql;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Person, Users};

const ANNOTATE: &str =
    "mutation ($input: AnnotationInput!) { createAnnotation(input: $input) { id title author { name } } }";
const OF_GDP: &str = "{ annotationsForSeries(series: \"FRED:GDP\") { nodes { title } } }";
const COMMENT: &str = "mutation ($on: ID!, $to: ID, $body: String!) { addComment(annotationId: $on, parentId: $to, body: $body) { id depth } }";

async fn annotate(users: &Users, author: &Person, title: &str, more: Value) -> String {
    let mut input = json!({ "series": "FRED:GDP", "firstDate": "2020-04-01", "title": title, "body": "the pandemic" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = users.data(author, ANNOTATE, json!({ "input": input })).await;
    made["createAnnotation"]["id"].as_str().unwrap().to_owned()
}

async fn seen(users: &Users, by: &Person) -> Vec<String> {
    let read = users.data(by, OF_GDP, json!({})).await;
    let nodes = read["annotationsForSeries"]["nodes"].as_array().unwrap().clone();
    nodes
        .iter()
        .map(|node| node["title"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_annotation_is_seen_by_those_it_is_meant_for() {
    for users in Users::everywhere().await {
        let (ada, bob, eve) = users.three().await;
        let workspace = crate::workspaces::with(&users, &ada, &[(&bob, "VIEWER")]).await;

        annotate(&users, &ada, "private", json!({})).await;
        let shared = json!({ "visibility": "WORKSPACE", "workspaceId": workspace });
        annotate(&users, &ada, "shared", shared).await;
        annotate(&users, &ada, "public", json!({ "visibility": "PUBLIC" })).await;

        assert_eq!(seen(&users, &ada).await, ["public", "shared", "private"]);
        assert_eq!(seen(&users, &bob).await, ["public", "shared"]);
        assert_eq!(seen(&users, &eve).await, ["public"]);
    }
}

#[tokio::test]
async fn only_members_write_into_a_workspace_and_only_authors_change_what_they_wrote() {
    for users in Users::everywhere().await {
        let (ada, bob, eve) = users.three().await;
        let workspace = crate::workspaces::with(&users, &ada, &[(&bob, "VIEWER")]).await;
        let input = json!({ "series": "FRED:GDP", "firstDate": "2020-04-01", "title": "t", "body": "b",
            "visibility": "WORKSPACE", "workspaceId": workspace });

        assert_eq!(
            users.refusal(&bob, ANNOTATE, json!({ "input": input })).await,
            "FORBIDDEN"
        );
        assert_eq!(
            users.refusal(&eve, ANNOTATE, json!({ "input": input })).await,
            "NOT_FOUND"
        );
        let id = json!({ "id": annotate(&users, &ada, "public", json!({ "visibility": "PUBLIC" })).await });
        let change = "mutation ($id: ID!) { updateAnnotation(id: $id, input: { title: \"x\" }) { title } }";
        assert_eq!(users.refusal(&bob, change, id.clone()).await, "FORBIDDEN");
        assert_eq!(
            users
                .refusal(&bob, "mutation ($id: ID!) { deleteAnnotation(id: $id) }", id.clone())
                .await,
            "FORBIDDEN"
        );
        users.data(&ada, change, id.clone()).await;
        users
            .data(&ada, "mutation ($id: ID!) { deleteAnnotation(id: $id) }", id)
            .await;
    }
}

#[tokio::test]
async fn a_private_annotation_is_as_if_it_were_not_there() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let id = annotate(&users, &ada, "private", json!({})).await;

        let read = users
            .refusal(
                &bob,
                "query ($id: ID!) { annotation(id: $id) { title } }",
                json!({ "id": id }),
            )
            .await;
        let say = users.refusal(&bob, COMMENT, json!({ "on": id, "body": "hello" })).await;
        let list = "query ($id: ID!) { commentsForAnnotation(annotationId: $id) { nodes { body } } }";
        let list = users.refusal(&bob, list, json!({ "id": id })).await;

        assert_eq!([read, say, list], ["NOT_FOUND"; 3]);
    }
}

#[tokio::test]
async fn a_thread_keeps_its_shape_when_a_comment_is_deleted() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let on = annotate(&users, &ada, "public", json!({ "visibility": "PUBLIC" })).await;
        let first = users.data(&bob, COMMENT, json!({ "on": on, "body": "why?" })).await;
        let first = &first["addComment"]["id"];
        let answer = users
            .data(&ada, COMMENT, json!({ "on": on, "to": first, "body": "because" }))
            .await;
        assert_eq!(answer["addComment"]["depth"], 1);

        users
            .data(
                &bob,
                "mutation ($id: ID!) { deleteComment(id: $id) { body } }",
                json!({ "id": first }),
            )
            .await;

        let read = "query ($id: ID!) { annotation(id: $id) { comments { nodes { body parentId author { name } } } } }";
        let thread = users.data(&ada, read, json!({ "id": on })).await;
        let expected = json!([
            { "body": "because", "parentId": first, "author": { "name": "ada" } },
            { "body": null, "parentId": null, "author": null },
        ]);
        assert_eq!(thread["annotation"]["comments"]["nodes"], expected);
    }
}

#[tokio::test]
async fn a_comment_that_nobody_answered_is_gone_when_it_is_deleted() {
    for users in Users::everywhere().await {
        let ada = users.person("ada").await;
        let on = annotate(&users, &ada, "public", json!({ "visibility": "PUBLIC" })).await;
        let said = users.data(&ada, COMMENT, json!({ "on": on, "body": "hm" })).await;
        let remove = "mutation ($id: ID!) { deleteComment(id: $id) { body } }";

        let removed = users
            .data(&ada, remove, json!({ "id": said["addComment"]["id"] }))
            .await;

        let read = "query ($id: ID!) { annotation(id: $id) { comments { nodes { id } } } }";
        let thread = users.data(&ada, read, json!({ "id": on })).await;
        assert_eq!(removed["deleteComment"]["body"], Value::Null);
        assert_eq!(thread["annotation"]["comments"]["nodes"], json!([]));
    }
}

#[tokio::test]
async fn nobody_fills_a_thread_alone() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let on = annotate(&users, &ada, "public", json!({ "visibility": "PUBLIC" })).await;
        let store: users::store::Store = users.service.store();
        let tx = store.db.begin().await.unwrap();
        for _ in 0..999 {
            let insert = "insert into comment (id, annotation_id, author_id, body, depth, created_at, updated_at)
                values ($1, $2, $3, 'spam', 0, $4, $4)";
            let (id, now) = (users.service.context().ids().v7(), users.service.clock().now());
            let on: Uuid = on.parse().unwrap();
            let values = [id.into(), on.into(), bob.id.into(), now.into()];
            sql::execute(&tx, insert, values).await.unwrap();
        }
        tx.commit().await.unwrap();
        let more = json!({ "on": on, "body": "and" });
        users.data(&bob, COMMENT, more.clone()).await;

        let refused = users.refusal(&bob, COMMENT, more.clone()).await;

        assert_eq!(refused, "CONFLICT");
        users.data(&ada, COMMENT, more).await;
    }
}

#[tokio::test]
async fn a_thread_has_a_depth_and_an_annotation_an_order_of_days() {
    for users in Users::everywhere().await {
        let ada = users.person("ada").await;
        let on = annotate(&users, &ada, "deep", json!({})).await;
        let mut to = Value::Null;
        for _ in 0..9 {
            let made = users
                .data(&ada, COMMENT, json!({ "on": on, "to": to, "body": "and" }))
                .await;
            to = made["addComment"]["id"].clone();
        }

        assert_eq!(
            users
                .refusal(&ada, COMMENT, json!({ "on": on, "to": to, "body": "and" }))
                .await,
            "INVALID"
        );
        let backward = json!({ "series": "FRED:GDP", "firstDate": "2020-04-01", "lastDate": "2020-03-01", "title": "t", "body": "b" });
        assert_eq!(
            users.refusal(&ada, ANNOTATE, json!({ "input": backward })).await,
            "INVALID"
        );
    }
}

#[tokio::test]
async fn a_viewer_reads_a_member_comments_and_an_admin_changes_and_removes() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let workspace = crate::workspaces::with(&users, &ada, &[(&bob, "VIEWER")]).await;
        let shared = json!({ "visibility": "WORKSPACE", "workspaceId": workspace });
        let on = annotate(&users, &ada, "shared", shared).await;
        let turn = "mutation ($w: ID!, $u: ID!, $role: WorkspaceRole!) {
            changeMemberRole(workspaceId: $w, userId: $u, role: $role) { role } }";
        let level = "query ($id: ID!) { annotation(id: $id) { level } }";
        let edit = "mutation ($id: ID!) { updateAnnotation(id: $id, input: { title: \"changed\" }) { title } }";
        let remove = "mutation ($id: ID!) { deleteComment(id: $id) { id } }";
        let said = users.data(&ada, COMMENT, json!({ "on": on, "body": "mine" })).await;
        let said = json!({ "id": said["addComment"]["id"] });

        for (role, expected, may_comment, may_edit) in [
            ("VIEWER", "VIEW", false, false),
            ("MEMBER", "COMMENT", true, false),
            ("ADMIN", "ADMIN", true, true),
        ] {
            let part = json!({ "w": workspace, "u": bob.id, "role": role });
            users.data(&ada, turn, part).await;

            let given = users.data(&bob, level, json!({ "id": on })).await;
            let comment = users.ask_with(&bob, COMMENT, json!({ "on": on, "body": "and" })).await;
            let edited = users.ask_with(&bob, edit, json!({ "id": on })).await;
            let removed = users.ask_with(&bob, remove, said.clone()).await;

            assert_eq!(given["annotation"]["level"], expected);
            assert_eq!(comment["errors"].is_null(), may_comment, "{role}: {comment}");
            assert_eq!(edited["errors"].is_null(), may_edit, "{role}: {edited}");
            assert_eq!(removed["errors"].is_null(), may_edit, "{role}: {removed}");
        }
    }
}

#[tokio::test]
async fn who_leaves_a_workspace_sees_nothing_of_it_any_more_not_even_what_they_wrote() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let workspace = crate::workspaces::with(&users, &ada, &[(&bob, "MEMBER")]).await;
        let shared = json!({ "visibility": "WORKSPACE", "workspaceId": workspace });
        let on = annotate(&users, &bob, "shared", shared).await;
        let said = users.data(&bob, COMMENT, json!({ "on": on, "body": "mine" })).await;
        let leave = "mutation ($w: ID!, $u: ID!) { removeMember(workspaceId: $w, userId: $u) }";
        users.data(&bob, leave, json!({ "w": workspace, "u": bob.id })).await;
        users
            .data(&ada, COMMENT, json!({ "on": on, "body": "now he is gone" }))
            .await;

        let own = "{ me { annotations { nodes { comments { nodes { body } } } } } }";
        let edit = "mutation ($id: ID!) { updateComment(id: $id, body: \"x\") { id } }";

        assert_eq!(seen(&users, &bob).await, Vec::<String>::new());
        let own = users.data(&bob, own, json!({})).await;
        assert_eq!(own["me"]["annotations"]["nodes"], json!([]));
        let said = json!({ "id": said["addComment"]["id"] });
        assert_eq!(users.refusal(&bob, edit, said).await, "NOT_FOUND");
    }
}
