//! Acting in a workspace: tokens that say so, for as long as one belongs there.

use axum::http::Method;
use platform_testing::Answer;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{ADA, Agent, Judge, Site, granted, ok, problem, sites};

const HERE: &str = "0199c0de-0000-7000-8000-000000000001";
const THERE: &str = "0199c0de-0000-7000-8000-000000000002";
const SWITCH: &str = "mutation($to: UUID) { switchWorkspace(workspace: $to) { workspace } }";

/// Services on each database, and whoever they ask who belongs where.
async fn judged() -> (Judge, Vec<Site>) {
    let judge = Judge::start().await;
    let sites = sites(&[judge.setting()]).await;
    (judge, sites)
}

/// Somebody signed in who belongs to a workspace.
async fn member(site: &Site, judge: &Judge) -> Agent {
    let mut ada = site.member(ADA).await;
    let id = ok(&ada.get(site, "/auth/me").await)["id"].clone();
    judge.lets_in(id.as_str().unwrap(), HERE);
    ada
}

/// Renews tokens, and says where they are to act.
async fn go(site: &Site, agent: &mut Agent, workspace: Value) -> Answer {
    let mut body = json!({ "workspace": workspace });
    if let Some(refresh) = &agent.refresh {
        body["refreshToken"] = json!(refresh);
    }
    let answer = agent.post(site, "/auth/refresh", body).await;
    if answer.status.is_success() {
        agent.take(&answer.json());
    }
    answer
}

/// Where a verified token acts.
async fn acts_in(site: &Site, token: &str) -> Option<Uuid> {
    site.auth().identity.verify(token).await.unwrap().workspace
}

async fn token_acts_in(site: &Site, agent: &Agent) -> Option<String> {
    let acts_in = acts_in(site, agent.access.as_ref().unwrap()).await;
    acts_in.map(|workspace| workspace.to_string())
}

#[tokio::test]
async fn a_member_gets_tokens_that_act_in_a_workspace_until_they_leave_it() {
    let (judge, sites) = judged().await;
    for site in sites {
        let mut ada = member(&site, &judge).await;
        assert_eq!(token_acts_in(&site, &ada).await, None);

        let entered = granted(&go(&site, &mut ada, json!(HERE)).await);
        let inside = token_acts_in(&site, &ada).await;
        let stayed = granted(&ada.renew(&site).await);
        let still = token_acts_in(&site, &ada).await;
        let listed = ok(&ada.get(&site, "/auth/sessions").await);
        let left = granted(&go(&site, &mut ada, Value::Null).await);

        assert_eq!((&entered["workspace"], inside.as_deref()), (&json!(HERE), Some(HERE)));
        assert_eq!((&stayed["workspace"], still.as_deref()), (&json!(HERE), Some(HERE)));
        assert_eq!(listed["sessions"][0]["workspace"], HERE);
        assert_eq!(
            (&left["workspace"], &left["lostWorkspace"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(token_acts_in(&site, &ada).await, None);
        site.stop().await;
    }
}

#[tokio::test]
async fn nobody_acts_where_they_do_not_belong_and_nothing_is_used_up_by_asking() {
    let (judge, sites) = judged().await;
    for site in sites {
        let mut ada = member(&site, &judge).await;

        let refused = go(&site, &mut ada, json!(THERE)).await;
        let malformed = go(&site, &mut ada, json!("here")).await;
        let by_graphql = ada
            .post(
                &site,
                "/graphql",
                json!({ "query": SWITCH, "variables": { "to": THERE } }),
            )
            .await;

        problem(&refused, 404);
        problem(&malformed, 422);
        assert_eq!(by_graphql.json()["errors"][0]["extensions"]["code"], "NOT_FOUND");
        assert_eq!(granted(&ada.renew(&site).await)["workspace"], Value::Null);
        site.stop().await;
    }
}

#[tokio::test]
async fn who_belongs_there_no_more_is_told_once_and_acts_nowhere() {
    let (judge, sites) = judged().await;
    for site in sites {
        let mut ada = member(&site, &judge).await;
        granted(&go(&site, &mut ada, json!(HERE)).await);

        judge.turns_all_out();
        let renewed = granted(&ada.renew(&site).await);
        let acts_in = token_acts_in(&site, &ada).await;
        let later = granted(&ada.renew(&site).await);

        assert_eq!(
            (&renewed["workspace"], &renewed["lostWorkspace"]),
            (&Value::Null, &json!(HERE))
        );
        assert_eq!(acts_in, None);
        assert_eq!(
            (&later["workspace"], &later["lostWorkspace"]),
            (&Value::Null, &Value::Null)
        );
        site.stop().await;
    }
}

#[tokio::test]
async fn while_nobody_knows_who_belongs_there_tokens_are_refused_unless_none_is_asked_for() {
    let (judge, sites) = judged().await;
    for site in sites {
        let mut ada = member(&site, &judge).await;
        granted(&go(&site, &mut ada, json!(HERE)).await);
        let mut another = Agent::new("192.0.2.9");
        granted(&another.sign_in(&site, ADA, crate::support::PASSWORD, "bearer").await);

        judge.is_away(true);
        let stay = ada.renew(&site).await;
        let enter = go(&site, &mut another, json!(HERE)).await;
        let elsewhere = granted(&another.renew(&site).await);
        let left = granted(&go(&site, &mut ada, Value::Null).await);
        judge.is_away(false);

        problem(&stay, 503);
        problem(&enter, 503);
        assert_eq!(
            (&elsewhere["workspace"], &left["workspace"]),
            (&Value::Null, &Value::Null)
        );
        site.stop().await;
    }
}

#[tokio::test]
async fn a_session_that_switches_by_a_mutation_acts_there_from_its_next_tokens_on() {
    let (judge, sites) = judged().await;
    for site in sites {
        let mut ada = member(&site, &judge).await;
        let ask = |to: Value| json!({ "query": SWITCH, "variables": { "to": to } });

        let entered = ada.post(&site, "/graphql", ask(json!(HERE))).await.json();
        let renewed = granted(&ada.renew(&site).await);
        let left = ada.post(&site, "/graphql", ask(Value::Null)).await.json();
        let nobody = Agent::new("192.0.2.1")
            .post(&site, "/graphql", ask(json!(HERE)))
            .await
            .json();

        assert_eq!(entered["data"]["switchWorkspace"]["workspace"], HERE, "{entered}");
        assert_eq!(renewed["workspace"], HERE);
        assert_eq!(left["data"]["switchWorkspace"]["workspace"], Value::Null, "{left}");
        assert_eq!(nobody["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        site.stop().await;
    }
}

#[tokio::test]
async fn a_browser_switches_by_its_cookie_and_other_sessions_stay_where_they_are() {
    let (judge, sites) = judged().await;
    for site in sites {
        let mut program = member(&site, &judge).await;
        let mut browser = Agent::new("192.0.2.1");
        granted(&browser.sign_in(&site, ADA, crate::support::PASSWORD, "cookie").await);

        let forged = go(&site, &mut browser.seen_elsewhere(), json!(HERE)).await;
        let entered = granted(&go(&site, &mut browser, json!(HERE)).await);
        let silent = granted(&browser.send(&site, Method::POST, "/auth/refresh", None).await);

        problem(&forged, 403);
        assert_eq!(
            (&entered["workspace"], &silent["workspace"]),
            (&json!(HERE), &json!(HERE))
        );
        let acts_in = acts_in(&site, &browser.cookies["access"]).await;
        assert_eq!(acts_in.map(|workspace| workspace.to_string()).as_deref(), Some(HERE));
        assert_eq!(granted(&program.renew(&site).await)["workspace"], Value::Null);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_token_that_was_copied_ends_its_session_whatever_is_asked_for_with_it() {
    let (judge, sites) = judged().await;
    for site in sites {
        let mut ada = member(&site, &judge).await;
        let mut copy = ada.clone();
        granted(&ada.renew(&site).await);
        site.wait(std::time::Duration::from_secs(60));

        let reused = go(&site, &mut copy, json!(THERE)).await;

        problem(&reused, 401);
        problem(&ada.renew(&site).await, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn it_is_asked_in_the_name_of_the_service_with_a_token_for_the_judge_alone() {
    let (judge, sites) = judged().await;
    for site in sites {
        let mut ada = member(&site, &judge).await;
        granted(&go(&site, &mut ada, json!(HERE)).await);

        let token = judge.asked_by();

        // It is for `security`, so that not even this service takes it.
        assert!(site.auth().identity.verify(&token).await.is_err());
        assert_ne!(Some(token), ada.access);
        site.stop().await;
    }
}

#[tokio::test]
async fn without_anybody_to_ask_nobody_enters_a_workspace() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;

        problem(&go(&site, &mut ada, json!(HERE)).await, 503);

        granted(&ada.renew(&site).await);
        site.stop().await;
    }
}
