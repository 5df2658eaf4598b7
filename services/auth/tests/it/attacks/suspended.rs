//! Who is suspended, and who would suspend those above them.

use serde_json::json;

use super::accounts::{NOBODY, are_answered_alike};
use crate::{
    administration::{administrator, id_of, judged, reinstate, suspend},
    keys, passkeys, providers, resets,
    support::{ADA, Agent, OTHER_PASSWORD, PASSWORD, granted, ok, problem},
};

#[tokio::test]
async fn nothing_lets_in_who_is_suspended_until_they_are_reinstated() {
    let (provider, judge, sites) = judged().await;
    for site in sites {
        let (mut browser, mut added) = resets::added(&site, &provider).await;
        let mut program = Agent::new("192.0.2.2");
        granted(&program.sign_in(&site, ADA, PASSWORD, "bearer").await);
        ok(&program
            .post(&site, "/auth/password/forgot", json!({ "email": ADA }))
            .await);
        let link = site.link_to(ADA, "reset").await;
        let id = id_of(&site, &mut program).await;
        let mut bob = administrator(&site, &judge, &["users:suspend"]).await;
        let verified = async |token: &str| site.auth().identity.verify(token).await.is_ok();
        let (access, of_key) = (
            program.access.clone().unwrap(),
            added.token.as_str().unwrap().to_owned(),
        );
        assert!(verified(&access).await && verified(&of_key).await);

        ok(&suspend(&site, &mut bob, &id).await);

        assert!(!verified(&access).await && !verified(&of_key).await);
        for agent in [&mut program, &mut browser] {
            problem(&agent.get(&site, "/auth/me").await, 401);
            agent.access = None;
            problem(&agent.renew(&site).await, 401);
        }
        let told = problem(&program.sign_in(&site, ADA, PASSWORD, "bearer").await, 403);
        assert!(told["detail"].as_str().unwrap().contains("suspended"), "{told}");
        assert_eq!(resets::tried(&site, &provider, &mut added).await, [false; 3]);
        let body = json!({ "token": link, "password": OTHER_PASSWORD });
        problem(&program.post(&site, "/auth/password/reset", body).await, 400);
        ok(&program
            .post(&site, "/auth/password/forgot", json!({ "email": ADA }))
            .await);
        let links = site.all_mails_to(ADA).await;
        assert_eq!(links.iter().filter(|mail| mail.contains("#reset=")).count(), 1);
        assert!(links.iter().any(|mail| mail.contains("suspended, and no password")));

        ok(&reinstate(&site, &mut bob, &id).await);

        granted(&program.sign_in(&site, ADA, PASSWORD, "bearer").await);
        assert_eq!(resets::tried(&site, &provider, &mut added).await, [true; 3]);
        site.stop().await;
    }
}

#[tokio::test]
async fn what_was_begun_before_the_suspension_does_not_end_after_it() {
    let (_, judge, sites) = judged().await;
    for site in sites {
        let mut ada = site.member(ADA).await;
        let id = id_of(&site, &mut ada).await;
        let mut authenticator = passkeys::registered(&site, &mut ada).await;
        ok(&ada
            .post(&site, "/auth/mail", json!({ "email": "new@example.com" }))
            .await);
        let to_new = site.link_to("new@example.com", "mail").await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let mut stranger = Agent::new("203.0.113.1");
        let waiting = ok(&stranger.sign_in(&site, ADA, PASSWORD, "bearer").await);
        let asked = passkeys::question(&site, &mut stranger).await;
        let mut bob = administrator(&site, &judge, &["users:suspend"]).await;

        ok(&suspend(&site, &mut bob, &id).await);

        let body = json!({ "challenge": waiting["secondFactor"]["challenge"], "code": site.code(&secret) });
        problem(&stranger.post(&site, "/auth/sign-in/code", body).await, 400);
        let credential = authenticator.sign(&asked["options"]);
        let body = json!({ "challenge": asked["challenge"], "credential": credential });
        problem(&stranger.post(&site, "/auth/sign-in/passkey", body).await, 403);
        let confirmed = stranger
            .post(&site, "/auth/mail/confirm", json!({ "token": to_new }))
            .await;
        problem(&confirmed, 400);
        site.stop().await;
    }
}

#[tokio::test]
async fn who_a_provider_vouches_for_is_not_let_into_a_suspended_account_nor_tied_to_it() {
    let (provider, judge, sites) = judged().await;
    for site in sites {
        let mut ada = site.member(ADA).await;
        let id = id_of(&site, &mut ada).await;
        let mut bob = administrator(&site, &judge, &["users:suspend"]).await;

        ok(&suspend(&site, &mut bob, &id).await);

        let mut browser = Agent::new("203.0.113.2");
        problem(&providers::sign_in(&site, &provider, &mut browser).await, 403);
        ok(&reinstate(&site, &mut bob, &id).await);
        let mut ada = Agent::new("192.0.2.1");
        granted(&ada.sign_in(&site, ADA, PASSWORD, "bearer").await);
        assert_eq!(ok(&ada.get(&site, "/auth/me").await)["identities"], 0);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_stranger_does_not_learn_that_an_account_is_suspended() {
    let (_, judge, sites) = judged().await;
    for site in sites {
        let mut ada = site.member(ADA).await;
        let id = id_of(&site, &mut ada).await;
        site.with_totp(&mut ada).await;
        let mut bob = administrator(&site, &judge, &["users:suspend"]).await;

        ok(&suspend(&site, &mut bob, &id).await);

        are_answered_alike(&site, ADA, NOBODY).await;
        // The password alone is not who asks for codes: it is told after the code.
        let asked = ok(&Agent::new("203.0.113.7").sign_in(&site, ADA, PASSWORD, "bearer").await);
        assert!(asked["secondFactor"]["challenge"].is_string(), "{asked}");
        site.stop().await;
    }
}

#[tokio::test]
async fn who_may_administrate_more_is_neither_suspended_nor_let_in_nor_signed_out_by_who_may_less() {
    let (_, judge, sites) = judged().await;
    for site in sites {
        let mut above = site.member(ADA).await;
        let id = id_of(&site, &mut above).await;
        let mut bob = administrator(&site, &judge, &["users:suspend", "sessions:end"]).await;
        judge.is_above_all(&id);

        let suspended = suspend(&site, &mut bob, &id).await;
        let reinstated = reinstate(&site, &mut bob, &id).await;
        let signed_out = bob.delete(&site, &format!("/auth/accounts/{id}/sessions")).await;

        for refused in [&suspended, &reinstated, &signed_out] {
            problem(refused, 403);
        }
        granted(&above.renew(&site).await);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_key_of_who_is_suspended_gives_no_token_however_often_it_is_tried() {
    let (_, judge, sites) = judged().await;
    for site in sites {
        let mut ada = site.member(ADA).await;
        let id = id_of(&site, &mut ada).await;
        let key = keys::key(&site, &mut ada, json!({ "name": "nightly" })).await;
        let mut bob = administrator(&site, &judge, &["users:suspend"]).await;
        ada.access = None;

        ok(&suspend(&site, &mut bob, &id).await);

        for _ in 0..3 {
            let asked = keys::asked(&site, "/internal/key-tokens", json!({ "key": key["key"] })).await;
            problem(&asked, 404);
            problem(&ada.renew(&site).await, 401);
        }
        site.stop().await;
    }
}
