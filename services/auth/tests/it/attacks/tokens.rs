//! Tokens that were stolen, used before, or made up.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{ADA, Agent, BOB, OTHER_PASSWORD, PASSWORD, ok, problem, sites};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_refresh_token_that_comes_back_ends_the_session_of_thief_and_owner() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut thief = Agent::new("203.0.113.66");
        thief.refresh = ada.refresh.clone();
        ok(&ada.renew(&site).await);
        site.wait(MINUTE);

        let replayed = thief.renew(&site).await;

        problem(&replayed, 401);
        problem(&ada.get(&site, "/auth/me").await, 401);
        ada.access = None;
        problem(&ada.renew(&site).await, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_thief_who_is_first_is_found_out_when_the_owner_comes() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut thief = Agent::new("203.0.113.66");
        thief.refresh = ada.refresh.clone();
        ok(&thief.renew(&site).await);
        site.wait(MINUTE);

        ada.access = None;
        problem(&ada.renew(&site).await, 401);

        problem(&thief.get(&site, "/auth/me").await, 401);
        thief.access = None;
        problem(&thief.renew(&site).await, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_thief_within_the_grace_is_found_out_at_the_next_turn() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut thief = Agent::new("203.0.113.66");
        thief.refresh = ada.refresh.clone();
        ok(&ada.renew(&site).await);
        ok(&thief.renew(&site).await);

        site.wait(MINUTE);
        ok(&thief.renew(&site).await);
        site.wait(MINUTE);
        ada.access = None;
        let caught = ada.renew(&site).await;

        problem(&caught, 401);
        thief.access = None;
        problem(&thief.renew(&site).await, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn tokens_of_one_kind_do_not_work_as_another() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (access, refresh) = (ada.access.clone().unwrap(), ada.refresh.clone().unwrap());
        ok(&ada.post(&site, "/auth/password/forgot", json!({ "email": ADA })).await);
        let reset = site.link_to(ADA, "reset").await;
        let mut agent = Agent::new("203.0.113.1");

        for token in [&access, &reset] {
            problem(
                &agent
                    .post(&site, "/auth/refresh", json!({ "refreshToken": token }))
                    .await,
                401,
            );
        }
        let body = json!({ "token": reset, "password": PASSWORD });
        problem(&agent.post(&site, "/auth/register/verify", body).await, 400);
        problem(
            &agent.post(&site, "/auth/mail/confirm", json!({ "token": reset })).await,
            400,
        );
        let body = json!({ "token": refresh, "password": OTHER_PASSWORD });
        problem(&agent.post(&site, "/auth/password/reset", body).await, 400);
        agent.access = Some(refresh);
        problem(&agent.get(&site, "/auth/me").await, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn forged_access_tokens_are_refused() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let token = ada.access.clone().unwrap();
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let mut other: Value = read(claims);
        other["sub"] = site.service.context().ids().v7().to_string().into();
        let own = platform_crypto::SigningKey::generate(platform_crypto::Random::system());
        let public = ok(&site.service.get("/.well-known/jwks.json").await)["keys"][0].to_string();
        let kid = read(header)["kid"].clone();
        let none = write(&json!({ "alg": "none", "typ": "JWT" }));
        let shared = write(&json!({ "alg": "HS256", "typ": "JWT", "kid": kid }));
        let mine = format!("{header}.{}", write(&other));
        let hmac = format!("{shared}.{}", write(&other));

        let forged = [
            format!("{none}.{}.", write(&other)),
            format!(
                "{hmac}.{}",
                platform_crypto::base64url(&platform_crypto::sha256(format!("{public}{hmac}").as_bytes()))
            ),
            format!("{mine}.{signature}"),
            format!("{mine}.{}", platform_crypto::base64url(&own.sign(mine.as_bytes()))),
            format!("{header}.{claims}"),
            "x".repeat(100_000),
        ];
        for token in forged {
            ada.access = Some(token);
            problem(&ada.get(&site, "/auth/me").await, 401);
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn a_reset_link_is_good_once_and_not_for_long() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        site.member(BOB).await;
        let mut agent = Agent::new("203.0.113.1");
        ok(&agent
            .post(&site, "/auth/password/forgot", json!({ "email": ADA }))
            .await);
        ok(&agent
            .post(&site, "/auth/password/forgot", json!({ "email": BOB }))
            .await);
        let (used, late) = (site.link_to(ADA, "reset").await, site.link_to(BOB, "reset").await);
        let body = |token: &str| json!({ "token": token, "password": OTHER_PASSWORD });
        ok(&agent.post(&site, "/auth/password/reset", body(&used)).await);

        problem(&agent.post(&site, "/auth/password/reset", body(&used)).await, 400);
        site.wait(60 * MINUTE);
        problem(&agent.post(&site, "/auth/password/reset", body(&late)).await, 400);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_reset_link_in_the_mailbox_that_an_account_has_left_sets_no_password() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        ok(&ada.post(&site, "/auth/password/forgot", json!({ "email": ADA })).await);
        let token = site.link_to(ADA, "reset").await;
        // As if it had moved while the mail was being written.
        site.change("update accounts set email = 'new@example.com', email_key = 'new@example.com'")
            .await;

        let body = json!({ "token": token, "password": OTHER_PASSWORD });
        let answer = Agent::new("203.0.113.1")
            .post(&site, "/auth/password/reset", body)
            .await;

        problem(&answer, 400);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_reset_ends_a_sign_in_that_waits_for_its_code() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let mut thief = Agent::new("203.0.113.66");
        let asked = ok(&thief.sign_in(&site, ADA, PASSWORD, "bearer").await);
        ok(&ada.post(&site, "/auth/password/forgot", json!({ "email": ADA })).await);
        let token = site.link_to(ADA, "reset").await;
        ok(&ada
            .post(
                &site,
                "/auth/password/reset",
                json!({ "token": token, "password": OTHER_PASSWORD }),
            )
            .await);

        let body = json!({ "challenge": asked["secondFactor"]["challenge"], "code": site.code(&secret) });
        let answer = thief.post(&site, "/auth/sign-in/code", body).await;

        problem(&answer, 400);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_code_that_was_used_is_not_taken_again() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let code = site.code(&secret);
        let mut seen = Agent::new("203.0.113.66");
        for (agent, expected) in [(&mut ada.clone(), 200), (&mut seen, 401)] {
            agent.access = None;
            let asked = ok(&agent.sign_in(&site, ADA, PASSWORD, "bearer").await);
            let body = json!({ "challenge": asked["secondFactor"]["challenge"], "code": code });

            let answer = agent.post(&site, "/auth/sign-in/code", body).await;

            assert_eq!(answer.status, expected, "{}", answer.text());
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn an_older_code_is_not_taken_after_a_newer_one() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let older = site.code(&secret);
        site.wait(Duration::from_secs(30));
        let newer = site.code(&secret);
        ok(&ada.post(&site, "/auth/confirm", json!({ "code": newer })).await);

        let answer = ada.post(&site, "/auth/confirm", json!({ "code": older })).await;

        problem(&answer, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_recovery_code_is_good_once_also_for_two_who_come_at_the_same_moment() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (_, codes) = site.with_totp(&mut ada).await;
        let mut agents = [
            Agent::new("203.0.113.1"),
            Agent::new("203.0.113.2"),
            Agent::new("203.0.113.3"),
        ];
        let mut bodies = Vec::new();
        for agent in &mut agents {
            let asked = ok(&agent.sign_in(&site, ADA, PASSWORD, "bearer").await);
            bodies.push(json!({ "challenge": asked["secondFactor"]["challenge"], "code": codes[3] }));
        }

        let tries = agents
            .iter_mut()
            .zip(bodies)
            .map(|(agent, body)| agent.post(&site, "/auth/sign-in/code", body));
        let answers = futures::future::join_all(tries).await;

        let good = answers.iter().filter(|answer| answer.status.is_success()).count();
        assert_eq!(good, 1, "{answers:?}");
        site.stop().await;
    }
}

#[tokio::test]
async fn a_recovery_code_of_one_account_is_none_of_another() {
    for site in sites(&[]).await {
        let (mut ada, mut bob) = (site.member(ADA).await, site.member(BOB).await);
        let (_, codes) = site.with_totp(&mut ada).await;
        site.with_totp(&mut bob).await;

        let answer = bob.post(&site, "/auth/confirm", json!({ "code": codes[0] })).await;

        problem(&answer, 401);
        site.stop().await;
    }
}

fn read(part: &str) -> Value {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn write(part: &Value) -> String {
    platform_crypto::base64url(part.to_string().as_bytes())
}
