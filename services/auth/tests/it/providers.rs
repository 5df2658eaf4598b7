//! Signing in by an OpenID provider.

use std::time::Duration;

use axum::http::Method;
use platform_testing::Answer;
use serde_json::json;

use crate::support::{ADA, Agent, BOB, PASSWORD, Person, Provider, Site, granted, ok, problem, sites};

pub(crate) async fn with_provider() -> (Provider, Vec<Site>) {
    let provider = Provider::start().await;
    let sites = sites(&provider.settings()).await;
    provider.at(sites[0].service.clock());
    (provider, sites)
}

/// Sends a browser to the provider and gives the path it comes back to.
pub(crate) async fn depart(site: &Site, provider: &Provider, browser: &mut Agent, query: &str) -> String {
    let sent = browser.get(site, &format!("/auth/oidc/here/start{query}")).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    provider.agree(sent.header("location"))
}

/// Ties what the provider says of somebody to who is signed in here by cookies.
pub(crate) async fn tie(site: &Site, provider: &Provider, browser: &mut Agent) -> Answer {
    provider.at(site.service.clock());
    let body = json!({ "returnTo": "/settings" });
    let sent = ok(&browser.post(site, "/auth/providers/here/link", body).await);
    let back = provider.agree(sent["url"].as_str().unwrap());
    browser.get(site, &back).await
}

/// A whole sign-in.
pub(crate) async fn sign_in(site: &Site, provider: &Provider, browser: &mut Agent) -> Answer {
    provider.at(site.service.clock());
    let back = depart(site, provider, browser, "").await;
    browser.get(site, &back).await
}

#[tokio::test]
async fn somebody_new_gets_an_account_with_the_address_that_the_provider_has_verified() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        let mut browser = Agent::new("192.0.2.1");
        provider.at(site.service.clock());
        let back = depart(&site, &provider, &mut browser, "?returnTo=/charts%3Fid%3D7").await;

        let arrived = browser.get(&site, &back).await;

        assert_eq!(arrived.status, 303, "{}", arrived.text());
        assert_eq!(arrived.header("location"), "http://localhost:8081/charts?id=7");
        let me = ok(&browser.get(&site, "/auth/me").await);
        assert_eq!(
            (&me["email"], &me["hasPassword"], &me["identities"]),
            (&json!(ADA), &json!(false), &json!(1))
        );
        site.stop().await;
    }
}

#[tokio::test]
async fn somebody_known_comes_back_to_the_same_account_also_with_another_address() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        provider.knows(Person {
            subject: "sub-1",
            email: ADA,
            is_verified: true,
        });
        let mut browser = Agent::new("192.0.2.1");
        sign_in(&site, &provider, &mut browser).await;
        let first = ok(&browser.get(&site, "/auth/me").await)["id"].clone();

        provider.knows(Person {
            subject: "sub-1",
            email: "elsewhere@example.com",
            is_verified: false,
        });
        let mut again = Agent::new("192.0.2.2");
        sign_in(&site, &provider, &mut again).await;

        let me = ok(&again.get(&site, "/auth/me").await);
        assert_eq!((&me["id"], &me["email"]), (&first, &json!(ADA)));
        site.stop().await;
    }
}

#[tokio::test]
async fn a_program_gets_its_tokens_in_the_answer() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        let mut program = Agent::new("192.0.2.1");
        provider.at(site.service.clock());
        let back = depart(&site, &provider, &mut program, "?mode=bearer").await;

        let arrived = program.get(&site, &back).await;

        program.take(&granted(&arrived));
        assert_eq!(ok(&program.get(&site, "/auth/me").await)["email"], ADA);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_verified_address_belongs_to_the_account_that_has_proven_it() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        site.member(ADA).await;
        let mut browser = Agent::new("192.0.2.1");

        sign_in(&site, &provider, &mut browser).await;

        let me = ok(&browser.get(&site, "/auth/me").await);
        assert_eq!((&me["hasPassword"], &me["identities"]), (&json!(true), &json!(1)));
        site.mails_to(ADA, "Another provider can sign you in").await;
        site.stop().await;
    }
}

#[tokio::test]
async fn who_is_signed_in_can_tie_an_identity_whatever_its_address() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        provider.knows(Person {
            subject: "sub-9",
            email: "work@example.com",
            is_verified: false,
        });
        let mut ada = site.visitor(ADA).await;

        let arrived = tie(&site, &provider, &mut ada).await;

        assert_eq!(arrived.header("location"), "http://localhost:8081/settings");
        let tied = ok(&ada.get(&site, "/auth/identities").await);
        assert_eq!(tied["identities"][0]["email"], "work@example.com");
        let mut elsewhere = Agent::new("192.0.2.9");
        sign_in(&site, &provider, &mut elsewhere).await;
        assert_eq!(ok(&elsewhere.get(&site, "/auth/me").await)["email"], ADA);
        site.stop().await;
    }
}

#[tokio::test]
async fn codes_are_asked_for_after_the_provider_too() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let mut browser = Agent::new("192.0.2.1");
        provider.at(site.service.clock());
        let back = depart(&site, &provider, &mut browser, "?returnTo=/charts%3Fid%3D7").await;

        let arrived = browser.get(&site, &back).await;
        let (_, step) = arrived.header("location").split_once("/auth/page#code=").unwrap();
        let (challenge, to) = step.split_once("&to=").unwrap();
        problem(&browser.get(&site, "/auth/me").await, 401);
        let before = ok(&ada.get(&site, "/auth/identities").await)["identities"].clone();
        let body = json!({ "challenge": challenge, "code": site.code(&secret), "mode": "cookie" });
        granted(&browser.post(&site, "/auth/sign-in/code", body).await);

        let me = ok(&browser.get(&site, "/auth/me").await);
        assert_eq!((&me["email"], &me["identities"]), (&json!(ADA), &json!(1)));
        assert_eq!(to, "%2Fcharts%3Fid%3D7");
        // Who has the provider's word and not the code has left nothing behind.
        assert_eq!(before, json!([]));
        site.stop().await;
    }
}

#[tokio::test]
async fn the_last_way_to_sign_in_stays_and_another_is_removed_with_a_mail() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        let mut browser = Agent::new("192.0.2.1");
        sign_in(&site, &provider, &mut browser).await;
        let tied = ok(&browser.get(&site, "/auth/identities").await);
        let path = format!("/auth/identities/{}", tied["identities"][0]["id"].as_str().unwrap());

        let only = browser.delete(&site, &path).await;
        let set = browser
            .put(&site, "/auth/password", json!({ "newPassword": PASSWORD }))
            .await;
        let one_of_two = browser.delete(&site, &path).await;

        problem(&only, 409);
        assert_eq!(set.status, 204, "{}", set.text());
        assert_eq!(one_of_two.status, 204);
        site.mails_to(ADA, "A provider was removed").await;
        site.stop().await;
    }
}

#[tokio::test]
async fn a_return_that_this_browser_did_not_ask_for_is_refused() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        let (mut attacker, mut victim) = (Agent::new("203.0.113.1"), Agent::new("192.0.2.1"));
        let back = depart(&site, &provider, &mut attacker, "").await;

        // The attacker's own return, in the victim's browser: the victim would act in the attacker's account.
        let planted = victim.get(&site, &back).await;
        let with_another = {
            depart(&site, &provider, &mut victim, "").await;
            victim.get(&site, &back).await
        };

        problem(&planted, 400);
        problem(&with_another, 400);
        assert!(!victim.cookies.contains_key("access"));
        site.stop().await;
    }
}

#[tokio::test]
async fn a_return_is_good_once_and_soon() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        let mut browser = Agent::new("192.0.2.1");
        let back = depart(&site, &provider, &mut browser, "").await;
        let kept = browser.clone();
        provider.at(site.service.clock());
        assert_eq!(browser.get(&site, &back).await.status, 303);

        let again = kept.clone().get(&site, &back).await;
        let mut late = Agent::new("192.0.2.1");
        let back = depart(&site, &provider, &mut late, "").await;
        site.wait(Duration::from_secs(600));
        let late = late.get(&site, &back).await;

        problem(&again, 400);
        problem(&late, 400);
        site.stop().await;
    }
}

#[tokio::test]
async fn an_identity_that_is_not_meant_for_this_sign_in_is_refused() {
    for (name, value) in [
        ("nonce", json!("another")),
        ("aud", json!("somebody else")),
        ("iss", json!("https://evil.example")),
        ("exp", json!(1)),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
    ] {
        let (provider, sites) = with_provider().await;
        provider.lies(name, value.clone());
        for site in sites {
            let mut browser = Agent::new("192.0.2.1");

            let arrived = sign_in(&site, &provider, &mut browser).await;

            problem(&arrived, 400);
            assert!(!browser.cookies.contains_key("access"), "{name} {value}");
            site.stop().await;
        }
    }
}

#[tokio::test]
async fn providers_are_listed_and_others_are_not_there() {
    let (_provider, sites) = with_provider().await;
    for site in sites {
        let mut agent = Agent::new("192.0.2.1");

        let listed = ok(&agent.get(&site, "/auth/providers").await);
        let other = agent.send(&site, Method::GET, "/auth/oidc/elsewhere/start", None).await;

        assert_eq!(listed["providers"][0]["start"], "/auth/oidc/here/start");
        problem(&other, 404);
        site.stop().await;
    }
}

#[tokio::test]
async fn an_identity_of_somebody_else_cannot_be_tied() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        provider.knows(Person {
            subject: "sub-1",
            email: ADA,
            is_verified: true,
        });
        sign_in(&site, &provider, &mut Agent::new("192.0.2.1")).await;
        let mut bob = site.visitor(BOB).await;
        let sent = ok(&bob.post(&site, "/auth/providers/here/link", json!({})).await);
        let back = provider.agree(sent["url"].as_str().unwrap());

        let arrived = bob.get(&site, &back).await;

        problem(&arrived, 409);
        assert_eq!(ok(&bob.get(&site, "/auth/identities").await)["identities"], json!([]));
        site.stop().await;
    }
}
