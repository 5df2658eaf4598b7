//! What is good once and tried by several at the same moment, and sign-ins that wait for their code while something else
//! is done to the account.

use futures::future::join_all;
use platform_testing::Answer;
use serde_json::{Value, json};

use crate::{
    passkeys,
    providers::{depart, tie, with_provider},
    support::{ADA, Agent, BOB, OTHER_PASSWORD, PASSWORD, Provider, Site, granted, ok, problem, sites},
};

/// Sends bodies to one path at the same moment, each from another address.
async fn at_once(site: &Site, path: &str, bodies: Vec<Value>) -> Vec<Answer> {
    let sent = bodies.into_iter().enumerate().map(|(at, body)| async move {
        let mut agent = Agent::new(&format!("203.0.113.{at}"));
        agent.post(site, path, body).await
    });
    join_all(sent).await
}

fn good(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status.is_success()).count()
}

/// The question for a code, put to several who know the password.
async fn asked(site: &Site, count: usize) -> Vec<Value> {
    let mut challenges = Vec::new();
    for at in 0..count {
        let mut agent = Agent::new(&format!("203.0.113.{at}"));
        let asked = ok(&agent.sign_in(site, ADA, PASSWORD, "bearer").await);
        challenges.push(asked["secondFactor"]["challenge"].clone());
    }
    challenges
}

#[tokio::test]
async fn a_reset_link_sets_one_password_however_many_follow_it_at_the_same_moment() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        let mut agent = Agent::new("192.0.2.1");
        ok(&agent
            .post(&site, "/auth/password/forgot", json!({ "email": ADA }))
            .await);
        let token = site.link_to(ADA, "reset").await;
        let passwords: Vec<_> = (0..4).map(|at| format!("{OTHER_PASSWORD} {at}")).collect();
        let bodies = passwords
            .iter()
            .map(|password| json!({ "token": token, "password": password }));

        let answers = at_once(&site, "/auth/password/reset", bodies.collect()).await;

        assert_eq!(good(&answers), 1, "{answers:?}");
        let set = answers.iter().position(|answer| answer.status.is_success()).unwrap();
        granted(&agent.sign_in(&site, ADA, &passwords[set], "bearer").await);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_code_lets_one_in_however_many_give_it_at_the_same_moment() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let code = site.code(&secret);
        let bodies = asked(&site, 4)
            .await
            .into_iter()
            .map(|challenge| json!({ "challenge": challenge, "code": code }));

        let answers = at_once(&site, "/auth/sign-in/code", bodies.collect()).await;

        assert_eq!(good(&answers), 1, "{answers:?}");
        site.stop().await;
    }
}

#[tokio::test]
async fn a_passkeys_answer_lets_one_in_however_many_send_it_at_the_same_moment() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut authenticator = passkeys::registered(&site, &mut ada).await;
        let question = passkeys::question(&site, &mut ada).await;
        let credential = authenticator.sign(&question["options"]);
        let body = json!({ "challenge": question["challenge"], "credential": credential });

        let answers = at_once(&site, "/auth/sign-in/passkey", vec![body; 4]).await;

        assert_eq!(good(&answers), 1, "{answers:?}");
        site.stop().await;
    }
}

#[tokio::test]
async fn what_the_ends_of_two_accounts_agree_to_moves_neither_of_them() {
    for site in sites(&[]).await {
        let (mut ada, mut bob) = (site.member(ADA).await, site.member(BOB).await);
        for (agent, new) in [(&mut ada, "new-ada@example.com"), (&mut bob, "new-bob@example.com")] {
            ok(&agent.post(&site, "/auth/mail", json!({ "email": new })).await);
        }
        let (old, new) = (
            site.link_to(ADA, "mail").await,
            site.link_to("new-bob@example.com", "mail").await,
        );

        for token in [old, new] {
            let agreed = ok(&ada.post(&site, "/auth/mail/confirm", json!({ "token": token })).await);
            assert_eq!(agreed["changed"], false);
        }

        assert_eq!(ok(&ada.get(&site, "/auth/me").await)["email"], ADA);
        assert_eq!(ok(&bob.get(&site, "/auth/me").await)["email"], BOB);
        site.stop().await;
    }
}

/// Begins a sign-in by the provider, until a code is asked for.
async fn begun(site: &Site, provider: &Provider, browser: &mut Agent) -> String {
    provider.at(site.service.clock());
    let back = depart(site, provider, browser, "").await;
    let arrived = browser.get(site, &back).await;
    let (_, challenge) = arrived.header("location").split_once("#code=").unwrap();
    challenge.to_owned()
}

#[tokio::test]
async fn a_sign_in_by_a_provider_that_is_taken_away_before_the_code_is_given_is_void() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        let mut ada = site.visitor(ADA).await;
        tie(&site, &provider, &mut ada).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let mut thief = Agent::new("203.0.113.66");
        let challenge = begun(&site, &provider, &mut thief).await;
        let tied = ok(&ada.get(&site, "/auth/identities").await)["identities"][0]["id"].clone();
        let path = format!("/auth/identities/{}", tied.as_str().unwrap());
        assert_eq!(ada.delete(&site, &path).await.status, 204);

        let body = json!({ "challenge": challenge, "code": site.code(&secret) });
        let answer = thief.post(&site, "/auth/sign-in/code", body).await;

        problem(&answer, 400);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_provider_that_spoke_for_an_address_is_not_tied_by_a_code_that_comes_after_the_account_has_left_it() {
    const NEW: &str = "lovelace@elsewhere.example";
    let (provider, sites) = with_provider().await;
    for site in sites {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let mut browser = Agent::new("192.0.2.1");
        let challenge = begun(&site, &provider, &mut browser).await;
        ok(&ada.post(&site, "/auth/mail", json!({ "email": NEW })).await);
        for end in [site.link_to(ADA, "mail").await, site.link_to(NEW, "mail").await] {
            ok(&ada.post(&site, "/auth/mail/confirm", json!({ "token": end })).await);
        }

        let body = json!({ "challenge": challenge, "code": site.code(&secret), "mode": "cookie" });
        let answer = browser.post(&site, "/auth/sign-in/code", body).await;

        problem(&answer, 400);
        site.stop().await;
    }
}
