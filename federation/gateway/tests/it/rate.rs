//! How often callers may ask: who counts together, under which plan, and over how many processes.

use platform_auth::{Claims, Kind};
use platform_config::Config;
use platform_testing::{TestIssuer, TestRedis};
use serde_json::{Value, json};

use crate::support::{TestGateway, in_process_with, settings, staff};

/// Two at once and no more within a test, whatever it takes: they come back one a second.
fn two() -> Value {
    json!({ "per-second": 1, "burst": 2 })
}

/// A gateway that believes an issuer of ours.
async fn gateway(issuer: &TestIssuer, rate: Value, more: &str) -> TestGateway {
    let (_, keys) = issuer.settings().remove(0);
    let config = format!("identity.jwks = {keys:?}\n{more}");
    let config = Config::parse(&config).expect("the test's settings are TOML");
    let settings = settings(json!({ "rate": rate }));
    in_process_with(vec![staff::staff()], settings, (issuer.clock().clone(), config)).await
}

/// How many requests are accepted before one is refused, and the extensions of the refusal.
async fn exhaust(gateway: &TestGateway, token: Option<&str>) -> (usize, Value) {
    exhaust_by(gateway, token, &json!({ "query": "{ now }" })).await
}

async fn exhaust_by(gateway: &TestGateway, token: Option<&str>, asked: &Value) -> (usize, Value) {
    let mut accepted = 0;
    loop {
        let request = gateway.client.post(&gateway.url).json(asked);
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let answer = request.send().await.expect("the gateway answers");
        let status = answer.status().as_u16();
        let waits = answer.headers().contains_key("retry-after");
        let mut said: Value = answer.json().await.expect("the answer is JSON");
        match status {
            200 => accepted += 1,
            429 => {
                assert!(waits, "{said}");
                return (accepted, said["errors"][0]["extensions"].take());
            }
            _ => panic!("{status}: {said}"),
        }
    }
}

fn member(issuer: &TestIssuer, person: u128, workspace: Option<u128>) -> String {
    let id = |number: u128| format!("{number:032x}").parse().expect("that is an id");
    issuer.sign(&Claims {
        workspace: workspace.map(id),
        ..issuer.claims(id(person))
    })
}

#[tokio::test]
async fn members_of_a_workspace_count_together_and_for_it_alone() {
    let issuer = TestIssuer::default();
    let quota = json!({ "per-second": 1, "burst": 50 });
    let gateway = gateway(&issuer, json!({ "plans": { "free": two(), "workspace": quota } }), "").await;

    let (first, said) = exhaust(&gateway, Some(&member(&issuer, 1, Some(7)))).await;
    let (second, _) = exhaust(&gateway, Some(&member(&issuer, 2, Some(7)))).await;
    let (elsewhere, _) = exhaust(&gateway, Some(&member(&issuer, 2, Some(8)))).await;
    let (alone, own) = exhaust(&gateway, Some(&member(&issuer, 2, None))).await;

    assert!(first >= 50 && elsewhere >= 50, "{first} {elsewhere}");
    assert!(second < 25, "{second} are left by the other member");
    assert!((2..25).contains(&alone), "{alone}");
    assert_eq!((&said["plan"], &own["plan"]), (&json!("workspace"), &json!("free")));
}

#[tokio::test]
async fn without_a_plan_of_workspaces_members_have_their_own() {
    let issuer = TestIssuer::default();
    let gateway = gateway(&issuer, json!({ "plans": { "free": two() } }), "").await;

    let (_, said) = exhaust(&gateway, Some(&member(&issuer, 1, Some(7)))).await;
    let (second, _) = exhaust(&gateway, Some(&member(&issuer, 2, Some(7)))).await;

    assert_eq!(said["plan"], "free");
    assert!(second >= 2);
}

#[tokio::test]
async fn who_has_not_signed_in_counts_by_address_and_services_do_not_count() {
    let issuer = TestIssuer::default();
    let plans = json!({ "anonymous": two(), "free": two(), "key": two() });
    let gateway = gateway(&issuer, json!({ "plans": plans }), "").await;

    let (_, said) = exhaust(&gateway, None).await;
    let service = issuer.service("reports", "gateway");

    assert_eq!(said["plan"], "anonymous");
    for _ in 0..10 {
        let request = gateway.client.post(&gateway.url).json(&json!({ "query": "{ now }" }));
        let answer = request
            .header("authorization", format!("Bearer {service}"))
            .send()
            .await;
        assert_eq!(answer.expect("the gateway answers").status(), 200);
    }
}

#[tokio::test]
async fn a_token_may_name_its_plan_and_no_plan_that_there_is_not() {
    let jwt = json!({ "sources": [{ "jwks": crate::support::tokens::trusted().to_string() }] });
    let plans = json!({ "free": two(), "gold": { "per-second": 1, "burst": 40 } });
    let settings = settings(json!({ "jwt": jwt, "rate": { "plans": plans } }));
    let gateway = crate::support::in_process(vec![staff::staff()], settings).await;
    let token = |name: &str, plan: &str| crate::support::tokens::token(json!({ "sub": name, "plan": plan }));

    let (gold, said) = exhaust(&gateway, Some(&token("ada", "gold"))).await;
    let (made_up, free) = exhaust(&gateway, Some(&token("bob", "platinum"))).await;

    assert!(gold >= 40 && (2..20).contains(&made_up), "{gold} {made_up}");
    assert_eq!((&said["plan"], &free["plan"]), (&json!("gold"), &json!("free")));
}

#[tokio::test]
async fn a_person_and_their_keys_share_what_one_principal_may() {
    let issuer = TestIssuer::default();
    let quota = json!({ "per-second": 1, "burst": 50 });
    let gateway = gateway(&issuer, json!({ "principal": quota }), "").await;
    let person = member(&issuer, 1, None);
    let key = issuer.sign(&Claims {
        kind: Kind::Key,
        ..issuer.claims("00000000000000000000000000000001".parse().expect("that is an id"))
    });

    let (first, _) = exhaust(&gateway, Some(&person)).await;
    let (left, _) = exhaust(&gateway, Some(&key)).await;

    assert!(first >= 50 && left < 25, "{first} {left}");
}

#[tokio::test]
async fn an_operation_may_have_a_quota_of_its_own_for_each_who_asks() {
    let issuer = TestIssuer::default();
    let quotas = json!({ "Export": { "per-hour": 3 }, "Rare": { "per-minute": 5, "burst": 2 } });
    let gateway = gateway(&issuer, json!({ "operations": quotas }), "").await;
    let (ada, bob) = (member(&issuer, 1, None), member(&issuer, 2, None));
    let export = json!({ "query": "query Export { now }" });
    let chosen = json!({ "query": "query Export { now } query Rare { now }", "operationName": "Rare" });

    let (first, said) = exhaust_by(&gateway, Some(&ada), &export).await;
    let (second, _) = exhaust_by(&gateway, Some(&bob), &export).await;
    let (anybody, _) = exhaust_by(&gateway, None, &export).await;
    let (rare, other) = exhaust_by(&gateway, Some(&ada), &chosen).await;

    assert_eq!((first, second, anybody, rare), (3, 3, 3, 2));
    assert_eq!((&said["operation"], &said["plan"]), (&json!("Export"), &Value::Null));
    assert_eq!(other["operation"], "Rare");
    let wait = said["details"]["retryAfterSeconds"]
        .as_u64()
        .expect("it is said how long");
    assert!((1100..=1200).contains(&wait), "{wait}");
}

#[tokio::test]
async fn operations_without_a_quota_of_their_own_are_under_the_other_limits() {
    let issuer = TestIssuer::default();
    let quota = json!({ "per-hour": 10 });
    let rate = json!({ "operations": { "Export": { "per-hour": 2 } }, "principal": quota });
    let gateway = gateway(&issuer, rate, "").await;
    let ada = member(&issuer, 1, None);

    let (exports, _) = exhaust_by(&gateway, Some(&ada), &json!({ "query": "query Export { now }" })).await;
    let (others, said) = exhaust_by(&gateway, Some(&ada), &json!({ "query": "query Other { now }" })).await;
    let (nameless, _) = exhaust(&gateway, Some(&ada)).await;

    // What was refused had counted for the principal before.
    assert_eq!((exports, others, nameless), (2, 7, 0));
    assert_eq!(said["operation"], Value::Null);
}

#[tokio::test]
async fn gateways_that_share_a_redis_count_together_and_each_alone_when_it_is_away() {
    let Some(mut redis) = TestRedis::start().await else {
        return;
    };
    let issuer = TestIssuer::default();
    let quota = json!({ "per-second": 1, "burst": 50 });
    let shared = format!("cache = {{ redis = {:?} }}", redis.url());
    let rate = json!({ "plans": { "free": quota } });
    let gateways = [
        gateway(&issuer, rate.clone(), &shared).await,
        gateway(&issuer, rate, &shared).await,
    ];
    let (ada, bob) = (member(&issuer, 1, None), member(&issuer, 2, None));

    let (first, _) = exhaust(&gateways[0], Some(&ada)).await;
    let (second, _) = exhaust(&gateways[1], Some(&ada)).await;
    redis.stop();
    let (alone, _) = exhaust(&gateways[1], Some(&bob)).await;

    assert!(first >= 50 && second < 25, "{first} {second}");
    assert!(alone >= 50, "{alone}");
}
