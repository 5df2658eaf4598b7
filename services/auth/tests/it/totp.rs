//! Codes of an authenticator, and recovery codes.

use std::time::Duration;

use serde_json::json;

use crate::support::{ADA, Agent, OTHER_PASSWORD, PASSWORD, Site, bytes_in, granted, ok, problem, sites};

/// Lets a session grow older than what it showed is good for.
async fn later(site: &Site, agent: &mut Agent) {
    site.wait(Duration::from_secs(16 * 60));
    agent.access = None;
    ok(&agent.renew(site).await);
}

#[tokio::test]
async fn the_password_alone_does_not_sign_in_where_codes_are_asked_for() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let mut agent = Agent::new("203.0.113.1");

        let asked = ok(&agent.sign_in(&site, ADA, PASSWORD, "bearer").await);
        let challenge = &asked["secondFactor"]["challenge"];
        let body = json!({ "challenge": challenge, "code": site.code(&secret) });
        let answer = agent.post(&site, "/auth/sign-in/code", body).await;

        assert!(asked["accessToken"].is_null() && asked["session"].is_null());
        agent.take(&granted(&answer));
        let listed = ok(&agent.get(&site, "/auth/sessions").await);
        assert_eq!(listed["sessions"][0]["method"], "PASSWORD_AND_CODE");
        site.stop().await;
    }
}

#[tokio::test]
async fn codes_are_asked_for_only_once_the_first_was_given() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        ok(&ada.post(&site, "/auth/totp", json!({})).await);

        let wrong = ada.post(&site, "/auth/totp/confirm", json!({ "code": "000000" })).await;
        let signed_in = Agent::new("203.0.113.1").sign_in(&site, ADA, PASSWORD, "bearer").await;

        problem(&wrong, 401);
        granted(&signed_in);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_recovery_code_stands_in_for_the_authenticator_and_its_owner_is_told() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (_, codes) = site.with_totp(&mut ada).await;
        assert_eq!(codes.len(), 10);
        let mut agent = Agent::new("203.0.113.1");
        let asked = ok(&agent.sign_in(&site, ADA, PASSWORD, "bearer").await);

        let spaced = codes[0].to_uppercase().replace('-', " ");
        let body = json!({ "challenge": asked["secondFactor"]["challenge"], "code": spaced });
        let answer = agent.post(&site, "/auth/sign-in/code", body).await;

        agent.take(&granted(&answer));
        assert_eq!(ok(&agent.get(&site, "/auth/me").await)["recoveryCodesLeft"], 9);
        site.mails_to(ADA, "A recovery code was used").await;
        site.stop().await;
    }
}

#[tokio::test]
async fn new_recovery_codes_void_the_old_ones_and_their_owner_is_told() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (_, old) = site.with_totp(&mut ada).await;
        let renewed = ok(&ada.post(&site, "/auth/totp/recovery-codes", json!({})).await);
        assert_eq!(renewed["recoveryCodes"].as_array().unwrap().len(), 10);
        let mut agent = Agent::new("203.0.113.1");
        let asked = ok(&agent.sign_in(&site, ADA, PASSWORD, "bearer").await);

        let body = json!({ "challenge": asked["secondFactor"]["challenge"], "code": old[0] });
        let answer = agent.post(&site, "/auth/sign-in/code", body).await;

        problem(&answer, 401);
        site.mails_to(ADA, "There are new recovery codes").await;
        site.stop().await;
    }
}

#[tokio::test]
async fn what_was_trusted_by_the_password_alone_is_not_once_codes_are_asked_for() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut phone = Agent::new("203.0.113.9");
        granted(&phone.sign_in(&site, ADA, PASSWORD, "bearer").await);
        let known = bytes_in(&site, "devices", "hash").await;
        assert_eq!(known.len(), 2);

        site.with_totp(&mut ada).await;

        problem(&phone.get(&site, "/auth/me").await, 401);
        ok(&ada.get(&site, "/auth/me").await);
        let own = platform_crypto::sha256(ada.device.unwrap().as_bytes()).to_vec();
        assert_eq!(bytes_in(&site, "devices", "hash").await, [own]);
        site.stop().await;
    }
}

#[tokio::test]
async fn the_password_does_not_stand_in_for_a_code_where_the_password_is_changed() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let body = json!({ "currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD });
        let change = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) }";
        let query = json!({ "query": change, "variables": { "input": body } });
        later(&site, &mut ada).await;

        let old_session = ada.put(&site, "/auth/password", body.clone()).await;
        let by_graphql = ada.post(&site, "/graphql", query).await.json();
        let code = json!({ "code": site.code(&secret) });
        ok(&ada.post(&site, "/auth/confirm", code).await);
        site.wait(Duration::from_secs(14 * 60));
        ada.access = None;
        ok(&ada.renew(&site).await);
        let confirmed = ada.put(&site, "/auth/password", body).await;
        site.wait(Duration::from_secs(2 * 60));
        let by_the_change = ada.delete(&site, "/auth/totp").await;

        assert_eq!(problem(&old_session, 403)["confirm"], true);
        assert_eq!(
            by_graphql["errors"][0]["extensions"]["code"], "FORBIDDEN",
            "{by_graphql}"
        );
        assert_eq!(confirmed.status, 204, "{}", confirmed.text());
        assert_eq!(problem(&by_the_change, 403)["confirm"], true);
        site.stop().await;
    }
}

#[tokio::test]
async fn codes_can_be_switched_off() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        site.with_totp(&mut ada).await;

        assert_eq!(ada.delete(&site, "/auth/totp").await.status, 204);

        granted(&Agent::new("203.0.113.1").sign_in(&site, ADA, PASSWORD, "bearer").await);
        site.stop().await;
    }
}

#[tokio::test]
async fn who_has_an_authenticator_confirms_by_a_code_and_not_by_the_password() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        later(&site, &mut ada).await;

        let password = ada.post(&site, "/auth/confirm", json!({ "password": PASSWORD })).await;
        let code = ada
            .post(&site, "/auth/confirm", json!({ "code": site.code(&secret) }))
            .await;

        problem(&password, 409);
        assert_eq!(code.status, 204);
        site.stop().await;
    }
}

#[tokio::test]
async fn the_secret_is_sealed_at_rest() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let plain = totp_rs::Secret::try_from_base32(&secret).unwrap().as_bytes().to_vec();

        let stored = bytes_in(&site, "totps", "secret").await;

        assert_eq!(stored.len(), 1);
        assert!(!stored[0].windows(plain.len()).any(|window| window == plain));
        site.stop().await;
    }
}

#[tokio::test]
async fn a_code_that_comes_too_early_because_of_others_does_not_void_the_step() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let step = async |agent: &mut Agent| {
            let asked = ok(&agent.sign_in(&site, ADA, PASSWORD, "bearer").await);
            asked["secondFactor"]["challenge"].clone()
        };
        for host in 1..=20 {
            let mut thief = Agent::new(&format!("203.0.113.{host}"));
            let body = json!({ "challenge": step(&mut thief).await, "code": "000000" });
            problem(&thief.post(&site, "/auth/sign-in/code", body).await, 401);
        }
        let mut owner = Agent::new("198.51.100.7");
        let challenge = step(&mut owner).await;
        let body = || json!({ "challenge": challenge, "code": site.code(&secret) });

        for _ in 0..6 {
            problem(&owner.post(&site, "/auth/sign-in/code", body()).await, 429);
        }
        site.wait(Duration::from_secs(60));

        granted(&owner.post(&site, "/auth/sign-in/code", body()).await);
        site.stop().await;
    }
}
