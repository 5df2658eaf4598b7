//! Providers that do things in other ways that the book allows, and those that are away.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    providers::{depart, sign_in, with_provider},
    support::{ADA, Agent, Provider, Site, granted, ok, problem},
};

const START: &str = "/auth/oidc/here/start";
const MINUTE: Duration = Duration::from_secs(60);

async fn ada_signs_in(provider: &Provider, sites: Vec<Site>) {
    for site in sites {
        let mut browser = Agent::new("192.0.2.1");
        sign_in(&site, provider, &mut browser).await;
        assert_eq!(ok(&browser.get(&site, "/auth/me").await)["email"], ADA);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_provider_that_names_nobody_in_the_token_is_asked_for_the_rest() {
    let (provider, sites) = with_provider().await;
    for name in ["email", "email_verified", "name"] {
        provider.lies(name, Value::Null);
    }
    provider.describes("userinfo_endpoint", format!("{}/userinfo", provider.base()));

    ada_signs_in(&provider, sites).await;
}

#[tokio::test]
async fn a_provider_that_takes_the_secret_in_the_body_alone_gets_it_there() {
    let (provider, sites) = with_provider().await;
    provider.describes("token_endpoint_auth_methods_supported", json!(["client_secret_post"]));

    ada_signs_in(&provider, sites).await;
}

#[tokio::test]
async fn a_provider_that_cannot_be_read_is_tried_once_in_a_while_and_its_visitors_are_counted() {
    let (provider, sites) = with_provider().await;
    let known = provider.base().to_owned();
    for site in sites {
        provider.describes("issuer", "https://elsewhere.example");
        let before = provider.asked();
        let mut browser = Agent::new("192.0.2.1");

        for _ in 0..100 {
            problem(&browser.get(&site, START).await, 503);
        }

        problem(&browser.get(&site, START).await, 429);
        assert_eq!(provider.asked(), before + 1);
        provider.describes("issuer", known.as_str());
        site.wait(MINUTE);
        assert_eq!(browser.get(&site, START).await.status, 303);
        site.stop().await;
    }
}

#[tokio::test]
async fn an_old_description_serves_while_there_is_no_new_one_and_nobody_waits_for_it_again() {
    let (provider, sites) = with_provider().await;
    let known = provider.base().to_owned();
    for site in sites {
        let mut browser = Agent::new("192.0.2.1");
        assert_eq!(browser.get(&site, START).await.status, 303);
        provider.describes("issuer", "https://elsewhere.example");
        site.wait(120 * MINUTE);
        let before = provider.asked();

        for _ in 0..3 {
            assert_eq!(browser.get(&site, START).await.status, 303);
        }

        assert_eq!(provider.asked(), before + 1);
        provider.describes("issuer", known.as_str());
        site.stop().await;
    }
}

#[tokio::test]
async fn a_proof_that_is_too_old_when_the_browser_comes_back_ties_nothing() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        let mut ada = site.visitor(ADA).await;
        site.wait(14 * MINUTE);
        granted(&ada.renew(&site).await);
        let sent = ok(&ada.post(&site, "/auth/providers/here/link", json!({})).await);
        let back = provider.agree(sent["url"].as_str().unwrap());

        site.wait(9 * MINUTE);
        provider.at(site.service.clock());
        let arrived = ada.get(&site, &back).await;

        assert_eq!(problem(&arrived, 403)["confirm"], true);
        granted(&ada.renew(&site).await);
        assert_eq!(ok(&ada.get(&site, "/auth/identities").await)["identities"], json!([]));
        site.stop().await;
    }
}

#[tokio::test]
async fn a_browser_that_goes_to_the_provider_in_two_tabs_comes_back_from_both() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        provider.at(site.service.clock());
        let mut browser = Agent::new("192.0.2.1");
        let first = depart(&site, &provider, &mut browser, "?returnTo=/first").await;
        let second = depart(&site, &provider, &mut browser, "?returnTo=/second").await;
        let wrong = browser
            .get(&site, "/auth/oidc/here/callback?code=of&state=somebody")
            .await;

        let arrived = [browser.get(&site, &first).await, browser.get(&site, &second).await];

        problem(&wrong, 400);
        for (arrived, place) in arrived.iter().zip(["/first", "/second"]) {
            assert_eq!(arrived.status, 303, "{}", arrived.text());
            assert!(arrived.header("location").ends_with(place));
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn a_return_without_the_name_of_a_provider_that_always_says_it_is_refused() {
    let (provider, sites) = with_provider().await;
    provider.describes("authorization_response_iss_parameter_supported", true);
    for site in sites {
        provider.at(site.service.clock());
        let mut browser = Agent::new("192.0.2.1");
        let back = depart(&site, &provider, &mut browser, "").await;
        let named = format!(
            "{}&iss={}",
            depart(&site, &provider, &mut browser, "").await,
            provider.base()
        );

        problem(&browser.get(&site, &back).await, 400);
        assert_eq!(browser.get(&site, &named).await.status, 303);
        site.stop().await;
    }
}

#[tokio::test]
async fn who_comes_back_while_the_provider_is_away_hears_that_it_is() {
    let (provider, sites) = with_provider().await;
    provider.describes("token_endpoint", "https://127.0.0.1:1/token");
    for site in sites {
        let mut browser = Agent::new("192.0.2.1");

        let arrived = sign_in(&site, &provider, &mut browser).await;

        assert_eq!(problem(&arrived, 503)["code"], "UNAVAILABLE");
        site.stop().await;
    }
}

#[tokio::test]
async fn nobody_is_sent_to_what_is_no_page() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        let mut ada = site.member(ADA).await;
        for place in ["javascript:alert(1)//", "data:text/html,x"] {
            provider.describes("authorization_endpoint", place);
            let sent = ada.post(&site, "/auth/providers/here/link", json!({})).await;
            problem(&sent, 503);
            site.wait(MINUTE);
        }
        provider.describes("authorization_endpoint", format!("{}/authorize", provider.base()));
        assert_eq!(ada.get(&site, START).await.status, 303);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_provider_calls_nobody_by_more_than_255_ascii_characters() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        for subject in ["x".repeat(256), "\u{fc}".repeat(10), "a\0b".to_owned(), String::new()] {
            provider.lies("sub", json!(subject));
            let mut browser = Agent::new("192.0.2.1");

            let arrived = sign_in(&site, &provider, &mut browser).await;

            problem(&arrived, 400);
            assert!(!browser.cookies.contains_key("access"), "{subject}");
        }
        provider.lies("sub", json!("x".repeat(255)));
        let mut browser = Agent::new("192.0.2.1");
        assert_eq!(sign_in(&site, &provider, &mut browser).await.status, 303);
        site.stop().await;
    }
}
