//! Accounts of others, for who administrates them.

use std::time::Duration;

use axum::http::Method;
use platform_testing::Answer;
use serde_json::{Value, json};

use crate::{
    keys,
    support::{ADA, Agent, BOB, Judge, PASSWORD, Provider, Site, granted, ok, problem, sites},
    told,
};

/// What an administrator of accounts may.
pub(crate) const ALL: [&str; 4] = ["users:view", "users:suspend", "sessions:view", "sessions:end"];

/// Services on each database, a provider, and whoever says who administrates.
pub(crate) async fn judged() -> (Provider, Judge, Vec<Site>) {
    let (provider, judge) = (Provider::start().await, Judge::start().await);
    let mut settings = provider.settings();
    settings.push(judge.setting());
    let sites = sites(&settings).await;
    (provider, judge, sites)
}

pub(crate) async fn id_of(site: &Site, agent: &mut Agent) -> String {
    let me = ok(&agent.get(site, "/auth/me").await);
    me["id"].as_str().unwrap().to_owned()
}

/// Bob, who has these permissions everywhere.
pub(crate) async fn administrator(site: &Site, judge: &Judge, permissions: &[&str]) -> Agent {
    let mut bob = site.member(BOB).await;
    judge.gives(&id_of(site, &mut bob).await, permissions);
    bob
}

pub(crate) async fn suspend(site: &Site, by: &mut Agent, id: &str) -> Answer {
    let body = json!({ "reason": "sends spam" });
    by.put(site, &format!("/auth/accounts/{id}/suspension"), body).await
}

pub(crate) async fn reinstate(site: &Site, by: &mut Agent, id: &str) -> Answer {
    by.delete(site, &format!("/auth/accounts/{id}/suspension")).await
}

async fn ask(site: &Site, agent: &mut Agent, query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "variables": variables });
    agent.send(site, Method::POST, "/graphql", Some(body)).await.json()
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn accounts_are_found_by_address_by_its_beginning_and_by_state_in_pages() {
    let (_, judge, sites) = judged().await;
    for site in sites {
        let mut bob = administrator(&site, &judge, &ALL).await;
        let ada = id_of(&site, &mut site.member(ADA).await).await;
        for other in ["a_b@example.com", "aub@example.com"] {
            site.wait(Duration::from_secs(1));
            site.member(other).await;
        }
        assert_eq!(suspend(&site, &mut bob, &ada).await.status, 200);
        let listed = async |bob: &mut Agent, query: &str| {
            let answer = ok(&bob.get(&site, &format!("/auth/accounts{query}")).await);
            let items = answer["items"].as_array().unwrap().clone();
            let mails: Vec<_> = items
                .iter()
                .map(|item| item["email"].as_str().unwrap().to_owned())
                .collect();
            (mails.join(" "), answer["next"].clone())
        };

        assert_eq!(listed(&mut bob, "?emailBegins=A_").await.0, "a_b@example.com");
        assert_eq!(listed(&mut bob, "?emailBegins=a%25").await.0, "");
        assert_eq!(listed(&mut bob, "?email=ADA@example.com").await.0, ADA);
        assert_eq!(listed(&mut bob, "?email=ada").await.0, "");
        assert_eq!(listed(&mut bob, "?state=SUSPENDED").await.0, ADA);
        let (first, next) = listed(&mut bob, "?state=ACTIVE&first=2").await;
        let (second, end) = listed(
            &mut bob,
            &format!("?state=ACTIVE&first=2&after={}", next.as_str().unwrap()),
        )
        .await;
        assert_eq!(
            (first.as_str(), second.as_str()),
            ("aub@example.com a_b@example.com", BOB)
        );
        assert_eq!(end, Value::Null);
        problem(&bob.get(&site, "/auth/accounts?emailBegins=%00").await, 422);
        site.stop().await;
    }
}

#[tokio::test]
async fn by_graphql_one_sees_an_account_with_its_sessions_and_does_what_one_may() {
    let (_, judge, sites) = judged().await;
    for site in sites {
        let mut bob = administrator(&site, &judge, &ALL).await;
        let mut ada = site.member(ADA).await;
        let id = json!({ "id": id_of(&site, &mut ada).await });
        let look =
            "query($id: UUID!) { accountById(id: $id) { email name state suspendedAt suspensionReason user { id }
            sessions(first: 5) { nodes { method current } } } }";
        let list = "{ accounts(filter: { emailBegins: \"ada\", state: ACTIVE }, first: 1) { nodes { email }
            pageInfo { hasNextPage } } }";
        let suspend =
            "mutation($id: UUID!) { suspendAccount(id: $id, reason: \" sends spam \") { state suspensionReason } }";
        let reinstate = "mutation($id: UUID!) { reinstateAccount(id: $id) { state suspendedAt suspensionReason } }";
        let sign_out = "mutation($id: UUID!) { endSessionsOf(account: $id) }";

        let seen = ask(&site, &mut bob, look, id.clone()).await;
        let listed = ask(&site, &mut bob, list, json!({})).await;
        let ended = ask(&site, &mut bob, sign_out, id.clone()).await;
        let after = ok(&bob
            .get(
                &site,
                &format!("/auth/accounts/{}/sessions", id["id"].as_str().unwrap()),
            )
            .await);
        let suspended = ask(&site, &mut bob, suspend, id.clone()).await;
        let reinstated = ask(&site, &mut bob, reinstate, id.clone()).await;

        let account = &seen["data"]["accountById"];
        assert_eq!(
            (&account["email"], &account["state"]),
            (&json!(ADA), &json!("ACTIVE")),
            "{seen}"
        );
        assert_eq!(
            (&account["user"]["id"], &account["suspendedAt"]),
            (&id["id"], &Value::Null)
        );
        let session = json!([{ "method": "PASSWORD", "current": false }]);
        assert_eq!(account["sessions"]["nodes"], session);
        assert_eq!(
            listed["data"]["accounts"]["nodes"],
            json!([{ "email": ADA }]),
            "{listed}"
        );
        assert_eq!(ended["data"]["endSessionsOf"], 1, "{ended}");
        assert_eq!(after["sessions"], json!([]));
        ada.access = None;
        problem(&ada.renew(&site).await, 401);
        let expected = json!({ "state": "SUSPENDED", "suspensionReason": "sends spam" });
        assert_eq!(suspended["data"]["suspendAccount"], expected, "{suspended}");
        let expected = json!({ "state": "ACTIVE", "suspendedAt": null, "suspensionReason": null });
        assert_eq!(reinstated["data"]["reinstateAccount"], expected, "{reinstated}");
        site.mails_to(ADA, "signed you out everywhere").await;
        site.stop().await;
    }
}

#[tokio::test]
async fn each_system_names_its_own_permissions_and_no_other_one_will_do() {
    let (_, judge, sites) = judged().await;
    for site in sites {
        let mut bob = administrator(&site, &judge, &["view_users", "deactivate_users"]).await;
        let ada = id_of(&site, &mut site.member(ADA).await).await;
        let sessions = format!("/auth/accounts/{ada}/sessions");

        ok(&bob.get(&site, "/auth/accounts").await);
        ok(&bob.get(&site, &format!("/auth/accounts/{ada}")).await);
        ok(&suspend(&site, &mut bob, &ada).await);
        let told = problem(&reinstate(&site, &mut bob, &ada).await, 403);
        problem(&bob.get(&site, &sessions).await, 403);
        problem(&bob.delete(&site, &sessions).await, 403);
        let look = "query($id: UUID!) { accountById(id: $id) { email sessions { nodes { id } } } }";
        let nested = ask(&site, &mut bob, look, json!({ "id": ada })).await;

        let detail = told["detail"].as_str().unwrap();
        assert!(detail.contains("users:suspend or reactivate_users"), "{told}");
        assert!(told["hint"].as_str().unwrap().contains("administrative"), "{told}");
        assert_eq!(code(&nested), "FORBIDDEN");
        site.stop().await;
    }
}

#[tokio::test]
async fn who_may_not_or_asks_for_what_makes_no_sense_is_told_why() {
    let (_, judge, sites) = judged().await;
    for site in sites {
        let mut bob = administrator(&site, &judge, &ALL).await;
        let mut ada = site.member(ADA).await;
        let (me, id) = (id_of(&site, &mut bob).await, id_of(&site, &mut ada).await);
        let nothing = site.service.context().ids().v7().to_string();
        let path = format!("/auth/accounts/{id}/suspension");

        problem(&suspend(&site, &mut ada, &me).await, 403);
        problem(&ada.get(&site, "/auth/accounts").await, 403);
        problem(&suspend(&site, &mut Agent::new("192.0.2.1"), &id).await, 401);
        problem(&suspend(&site, &mut bob, &nothing).await, 404);
        problem(&reinstate(&site, &mut bob, &id).await, 409);
        for reason in [json!("  "), json!("two\nlines"), json!("long ".repeat(100))] {
            let told = problem(&bob.put(&site, &path, json!({ "reason": reason })).await, 422);
            assert_eq!(told["field"], "reason");
        }
        let oneself = problem(&suspend(&site, &mut bob, &me).await, 403);
        assert!(
            oneself["detail"].as_str().unwrap().contains("their own account"),
            "{oneself}"
        );
        let key = keys::key(&site, &mut bob, json!({ "name": "all", "scopes": ALL })).await;
        let mut program = Agent::new("203.0.113.1");
        program.access = key["key"].as_str().map(str::to_owned);
        problem(&suspend(&site, &mut program, &id).await, 403);
        judge.is_away(true);
        problem(&suspend(&site, &mut bob, &id).await, 503);
        judge.is_away(false);
        // Nothing of all that changed anything.
        ok(&ada.get(&site, "/auth/me").await);
        site.wait(Duration::from_secs(16 * 60));
        bob.access = None;
        granted(&bob.renew(&site).await);
        assert_eq!(problem(&suspend(&site, &mut bob, &id).await, 403)["confirm"], true);
        ok(&bob.post(&site, "/auth/confirm", json!({ "password": PASSWORD })).await);
        ok(&suspend(&site, &mut bob, &id).await);
        problem(&suspend(&site, &mut bob, &id).await, 409);
        site.stop().await;
    }
}

#[tokio::test]
async fn the_audit_log_names_who_did_what_to_whom_and_why_and_the_owner_is_told() {
    let (_, judge, sites) = judged().await;
    for site in sites {
        let heard = told::listen(&site);
        let mut bob = administrator(&site, &judge, &ALL).await;
        let id = id_of(&site, &mut site.member(ADA).await).await;
        let by = format!("user:{}", id_of(&site, &mut bob).await);

        ok(&suspend(&site, &mut bob, &id).await);
        let suspended = heard.wait_for("accounts.suspended", 1).await.remove(0);
        let ended = heard.wait_for("accounts.session_ended", 1).await.remove(0);
        site.mails_to(ADA, "sends spam").await;
        ok(&reinstate(&site, &mut bob, &id).await);
        let reinstated = heard.wait_for("accounts.reinstated", 1).await.remove(0);
        site.mails_to(ADA, "let you in again").await;

        for entry in [&suspended, &ended, &reinstated] {
            assert_eq!(
                (&entry["actor"], &entry["target_id"]),
                (&json!(by), &json!(id)),
                "{entry}"
            );
        }
        assert_eq!(suspended["data"], json!({ "reason": "sends spam", "sessions": 1 }));
        assert_eq!(ended["data"]["why"], "suspended");
        site.stop().await;
    }
}

#[tokio::test]
async fn two_administrators_who_suspend_each_other_at_the_same_moment_do_not_both_go() {
    let (_, judge, sites) = judged().await;
    for site in sites {
        let mut bob = administrator(&site, &judge, &ALL).await;
        let mut ada = site.member(ADA).await;
        let (of_bob, of_ada) = (id_of(&site, &mut bob).await, id_of(&site, &mut ada).await);
        judge.gives(&of_ada, &ALL);

        let (one, other) = tokio::join!(suspend(&site, &mut bob, &of_ada), suspend(&site, &mut ada, &of_bob));

        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{} {}", one.text(), other.text());
        site.stop().await;
    }
}
