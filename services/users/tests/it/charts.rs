//! Shared charts: view < comment < edit < admin.

use serde_json::{Value, json};

use crate::support::{Person, Users};

const SHARE: &str = "mutation ($chart: ID!, $with: ID!, $level: ShareLevel) { shareChart(chartId: $chart, userId: $with, level: $level) { id } }";
const EDIT: &str = "mutation ($id: ID!) { updateChart(id: $id, input: { title: \"changed\" }) { title } }";

const SAY: &str =
    "mutation ($on: ID!, $body: String!) { addChartComment(chartId: $on, body: $body) { id chartId annotationId } }";

async fn chart(users: &Users, owner: &Person) -> Value {
    let input = json!({ "title": "output", "spec": { "series": ["FRED:GDP"], "kind": "line" } });
    let make = "mutation ($input: ChartInput!) { createChart(input: $input) { id level spec } }";
    let made = users.data(owner, make, json!({ "input": input })).await;
    assert_eq!(made["createChart"]["level"], "ADMIN");
    assert_eq!(made["createChart"]["spec"]["kind"], "line");
    made["createChart"]["id"].clone()
}

#[tokio::test]
async fn each_level_allows_what_the_one_below_allows_and_more() {
    for users in Users::everywhere().await {
        let (ada, bob, eve) = users.three().await;
        let id = chart(&users, &ada).await;
        let see = "query ($id: ID!) { chart(id: $id) { title level } }";
        let (of_chart, to_eve) = (
            json!({ "id": id }),
            json!({ "chart": id, "with": eve.id, "level": "VIEW" }),
        );

        assert_eq!(users.refusal(&bob, see, of_chart.clone()).await, "NOT_FOUND");
        let said = users.data(&ada, SAY, json!({ "on": id, "body": "mine" })).await;
        let said = json!({ "id": said["addChartComment"]["id"] });
        let unsay = "mutation ($id: ID!) { deleteComment(id: $id) { id } }";
        let heard = "query ($id: ID!) { chart(id: $id) { comments { nodes { chartId } } } }";
        for (level, may_comment, may_edit, may_share) in [
            ("VIEW", false, false, false),
            ("COMMENT", true, false, false),
            ("EDIT", true, true, false),
            ("ADMIN", true, true, true),
        ] {
            users
                .data(&ada, SHARE, json!({ "chart": id, "with": bob.id, "level": level }))
                .await;
            assert_eq!(users.data(&bob, see, of_chart.clone()).await["chart"]["level"], level);
            let heard = users.data(&bob, heard, of_chart.clone()).await;
            assert_eq!(heard["chart"]["comments"]["nodes"][0]["chartId"], id);
            let commented = users.ask_with(&bob, SAY, json!({ "on": id, "body": "and" })).await;
            assert_eq!(commented["errors"].is_null(), may_comment, "{level}: {commented}");
            let unsaid = users.ask_with(&bob, unsay, said.clone()).await;
            assert_eq!(unsaid["errors"].is_null(), may_share, "{level}: {unsaid}");
            let edited = users.ask_with(&bob, EDIT, of_chart.clone()).await;
            assert_eq!(edited["errors"].is_null(), may_edit, "{level}: {edited}");
            let shared = users.ask_with(&bob, SHARE, to_eve.clone()).await;
            assert_eq!(shared["errors"].is_null(), may_share, "{level}: {shared}");
            let deleted = users
                .refusal(&bob, "mutation ($id: ID!) { deleteChart(id: $id) }", of_chart.clone())
                .await;
            assert_eq!(deleted, "FORBIDDEN");
        }
    }
}

#[tokio::test]
async fn sharing_ends_when_the_owner_says_so_or_the_other_lets_go() {
    for users in Users::everywhere().await {
        let (ada, bob, eve) = users.three().await;
        let id = chart(&users, &ada).await;
        for with in [&bob, &eve] {
            users
                .data(&ada, SHARE, json!({ "chart": id, "with": with.id, "level": "VIEW" }))
                .await;
        }

        users.data(&bob, SHARE, json!({ "chart": id, "with": bob.id })).await;
        assert_eq!(
            users.refusal(&eve, SHARE, json!({ "chart": id, "with": ada.id })).await,
            "FORBIDDEN"
        );
        users.data(&ada, SHARE, json!({ "chart": id, "with": eve.id })).await;

        let read = "query ($id: ID!) { chart(id: $id) { collaborators { level user { name } } } }";
        assert_eq!(
            users.data(&ada, read, json!({ "id": id })).await["chart"]["collaborators"],
            json!([])
        );
        let charts = users
            .data(&eve, "{ me { charts { nodes { title } } } }", json!({}))
            .await;
        assert_eq!(charts["me"]["charts"]["nodes"], json!([]));
    }
}

#[tokio::test]
async fn nobody_is_shared_with_who_does_not_want_to_and_they_look_like_nobody() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let id = chart(&users, &ada).await;
        users
            .data(
                &bob,
                "mutation { updatePreferences(input: { collaboration: false }) { theme } }",
                json!({}),
            )
            .await;

        let unwilling = users
            .ask_with(&ada, SHARE, json!({ "chart": id, "with": bob.id, "level": "VIEW" }))
            .await;
        let nobody = users.service.context().ids().v7();
        let nobody = users
            .ask_with(&ada, SHARE, json!({ "chart": id, "with": nobody, "level": "VIEW" }))
            .await;

        assert_eq!(unwilling["errors"][0]["message"], nobody["errors"][0]["message"]);
        assert_eq!(unwilling["errors"][0]["extensions"]["code"], "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_drawing_has_a_size() {
    for users in Users::everywhere().await {
        let ada = users.person("ada").await;
        let make = "mutation ($input: ChartInput!) { createChart(input: $input) { id } }";

        let large = json!({ "title": "large", "spec": { "note": "x".repeat(65 * 1024) } });

        assert_eq!(users.refusal(&ada, make, json!({ "input": large })).await, "INVALID");
        assert_eq!(
            users
                .refusal(&ada, make, json!({ "input": { "title": "list", "spec": [1] } }))
                .await,
            "INVALID"
        );
    }
}

#[tokio::test]
async fn a_drawing_is_no_deeper_than_it_can_be_read() {
    for users in Users::everywhere().await {
        let ada = users.person("ada").await;
        let make = |levels: usize| {
            let around = levels - 1;
            let spec = format!("{}{{}}{}", "{ in: ".repeat(around), " }".repeat(around));
            format!("mutation {{ createChart(input: {{ title: \"deep\", spec: {spec} }}) {{ spec }} }}")
        };

        let made = users.data(&ada, &make(100), json!({})).await;

        assert!(made["createChart"]["spec"]["in"]["in"].is_object());
        for levels in [101, 130] {
            let refused = users.refusal(&ada, &make(levels), json!({})).await;
            assert_eq!(refused, "INVALID", "{levels}");
        }
    }
}

#[tokio::test]
async fn what_was_said_to_a_chart_goes_with_the_chart_and_is_hidden_from_who_does_not_see_it() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let id = chart(&users, &ada).await;
        let said = users.data(&ada, SAY, json!({ "on": id, "body": "mine" })).await["addChartComment"].clone();
        let edit = "mutation ($id: ID!) { updateComment(id: $id, body: \"x\") { body } }";
        let of_comment = json!({ "id": said["id"] });

        let by_another = users.refusal(&bob, edit, of_comment.clone()).await;
        let say = users.refusal(&bob, SAY, json!({ "on": id, "body": "and" })).await;
        users
            .data(
                &ada,
                "mutation ($id: ID!) { deleteChart(id: $id) }",
                json!({ "id": id }),
            )
            .await;

        assert_eq!((said["chartId"].clone(), said["annotationId"].is_null()), (id, true));
        assert_eq!((by_another.as_str(), say.as_str()), ("NOT_FOUND", "NOT_FOUND"));
        assert_eq!(users.refusal(&ada, edit, of_comment).await, "NOT_FOUND");
    }
}

#[tokio::test]
async fn the_audit_log_has_only_what_was_shared_and_ended() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let id = chart(&users, &ada).await;
        let (deeds, nobody) = (users.deeds(), users.service.context().ids().v7());

        for with in [nobody, bob.id] {
            users.data(&ada, SHARE, json!({ "chart": id, "with": with })).await;
        }
        let share = json!({ "chart": id, "with": bob.id, "level": "VIEW" });
        users.data(&ada, SHARE, share).await;
        users.data(&ada, SHARE, json!({ "chart": id, "with": bob.id })).await;

        users
            .until("it is told", async || deeds.of("charts.unshared").len() == 1)
            .await;
        let deeds = deeds.of("charts.").into_iter().map(|deed| (deed.action, deed.data));
        let done = |action: &str, level: Value| (action.to_owned(), json!({ "with": bob.id, "level": level }));
        assert_eq!(
            deeds.collect::<Vec<_>>(),
            [
                done("charts.shared", json!("view")),
                done("charts.unshared", Value::Null)
            ]
        );
    }
}

#[tokio::test]
async fn who_wants_no_more_to_be_shared_with_them_may_be_given_less_and_nothing_new() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let (id, other) = (chart(&users, &ada).await, chart(&users, &ada).await);
        let share = |id: &Value, level: &str| json!({ "chart": id, "with": bob.id, "level": level });
        users.data(&ada, SHARE, share(&id, "EDIT")).await;
        let wish = "mutation { updatePreferences(input: { collaboration: false }) { theme } }";
        users.data(&bob, wish, json!({})).await;

        users.data(&ada, SHARE, share(&id, "VIEW")).await;

        assert_eq!(users.refusal(&bob, EDIT, json!({ "id": id })).await, "FORBIDDEN");
        assert_eq!(users.refusal(&ada, SHARE, share(&other, "VIEW")).await, "NOT_FOUND");
        users.data(&ada, SHARE, json!({ "chart": id, "with": bob.id })).await;
        assert_eq!(users.refusal(&ada, SHARE, share(&id, "VIEW")).await, "NOT_FOUND");
    }
}
