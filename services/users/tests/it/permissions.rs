//! What people may where `security` gives nothing: it is not there, or does not answer. What it gives is tried on the
//! whole system, in `tests/tests/system/scenario/permitted.rs`.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{net::TcpListener, time::timeout};

use crate::support::{Person, Users};

const RENAME: &str = "mutation ($w: ID!) { renameWorkspace(id: $w, name: \"desk\") { name members { role } } }";
const UNSAY: &str = "mutation ($comment: ID!) { deleteComment(id: $comment) { id } }";
const REMOVE: &str = "mutation ($note: ID!) { deleteAnnotation(id: $note) }";
const SHARED: &str = "query ($chart: ID!) { chartCollaborators(chartId: $chart) { level } }";
const DRAW: &str = "mutation ($chart: ID!) { updateChart(id: $chart, input: { title: \"new\" }) { level } }";

/// Longer than an order takes, and shorter than `security` is waited for.
const AT_ONCE: Duration = Duration::from_millis(1_500);
/// Longer than `security` is waited for, and shorter than two times that.
const ONE_ANSWER: Duration = Duration::from_millis(3_500);

/// Ada's workspace, in which Bob is a viewer, her chart, which he sees, and her public annotation with a comment.
async fn things(users: &Users, ada: &Person, bob: &Person) -> Value {
    let made = async |query: &str, variables: Value| users.data(ada, query, variables).await;
    let workspace = crate::workspaces::with(users, ada, &[(bob, "VIEWER")]).await;
    let chart = "mutation { createChart(input: { title: \"t\", spec: {} }) { id } }";
    let chart = made(chart, json!({})).await["createChart"]["id"].clone();
    let share = "mutation ($chart: ID!, $bob: ID!) { shareChart(chartId: $chart, userId: $bob, level: VIEW) { id } }";
    made(share, json!({ "chart": chart, "bob": bob.id })).await;
    let note = "mutation { createAnnotation(input: { series: \"FRED:GDP\", firstDate: \"2020-01-01\", title: \"t\",
        body: \"b\", visibility: PUBLIC }) { id } }";
    let note = made(note, json!({})).await["createAnnotation"]["id"].clone();
    let say = "mutation ($on: ID!) { addComment(annotationId: $on, body: \"b\") { id } }";
    let comment = made(say, json!({ "on": note })).await["addComment"]["id"].clone();
    json!({ "w": workspace, "chart": chart, "note": note, "comment": comment })
}

/// What Ada may as what she is she does; Bob is told that he may not, and Eve that there is nothing.
async fn own_parts_decide(users: &Users, [ada, bob, eve]: [&Person; 3], things: &Value) {
    for order in [RENAME, DRAW, UNSAY, REMOVE] {
        assert_eq!(users.refusal(bob, order, things.clone()).await, "FORBIDDEN", "{order}");
    }
    for order in [RENAME, DRAW] {
        assert_eq!(users.refusal(eve, order, things.clone()).await, "NOT_FOUND", "{order}");
    }
    for order in [RENAME, DRAW, UNSAY, REMOVE] {
        let done = timeout(AT_ONCE, users.data(ada, order, things.clone())).await;
        done.unwrap_or_else(|_| panic!("an owner waits: {order}"));
    }
}

#[tokio::test]
async fn without_security_own_parts_decide_alone() {
    for users in Users::everywhere().await {
        let (ada, bob, eve) = users.three().await;
        let things = things(&users, &ada, &bob).await;

        own_parts_decide(&users, [&ada, &bob, &eve], &things).await;
    }
}

/// The service on each database, beside an `auth` and a `security` that never answer.
async fn beside_silence() -> (TcpListener, Vec<Users>) {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let peers = [("peers.auth", address.as_str()), ("peers.security", address.as_str())];
    (silent, Users::everywhere_with(&peers).await)
}

#[tokio::test]
async fn while_security_does_not_answer_own_parts_decide_at_once_and_nothing_is_given() {
    let (_silent, everywhere) = beside_silence().await;
    for users in everywhere {
        let (ada, bob, eve) = users.three().await;
        let things = things(&users, &ada, &bob).await;

        own_parts_decide(&users, [&ada, &bob, &eve], &things).await;

        // By now it is left alone, and nobody waits for it who is refused either.
        let refused = timeout(AT_ONCE, users.refusal(&eve, RENAME, things.clone())).await;
        assert_eq!(refused.as_deref(), Ok("NOT_FOUND"));
    }
}

#[tokio::test]
async fn who_is_refused_waits_for_one_answer_of_a_silent_security_and_not_for_each() {
    let (_silent, everywhere) = beside_silence().await;
    for users in everywhere {
        let (ada, bob, eve) = users.three().await;
        let things = things(&users, &ada, &bob).await;

        let first = async {
            tokio::join!(
                users.refusal(&eve, RENAME, things.clone()),
                users.refusal(&eve, SHARED, things.clone())
            )
        };
        let refused = timeout(ONE_ANSWER, first).await;

        let refused = refused.expect("the first stranger waits for each question");
        assert_eq!((refused.0.as_str(), refused.1.as_str()), ("NOT_FOUND", "NOT_FOUND"));
    }
}
