//! Passkeys, by an authenticator in software.

use serde_json::{Value, json};

use crate::support::{ADA, Agent, Authenticator, BOB, Site, granted, ok, problem, sites};

/// Registers a new authenticator for somebody.
pub(crate) async fn registered(site: &Site, agent: &mut Agent) -> Authenticator {
    let mut authenticator = Authenticator::new();
    let asked = ok(&agent.post(site, "/auth/passkeys/begin", json!({})).await);
    let body = json!({
        "challenge": asked["challenge"], "name": "phone", "credential": authenticator.register(&asked["options"]),
    });
    let answer = agent.post(site, "/auth/passkeys", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    authenticator
}

pub(crate) async fn question(site: &Site, agent: &mut Agent) -> Value {
    ok(&agent.post(site, "/auth/sign-in/passkey/begin", json!({})).await)
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_name_and_a_password() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut authenticator = registered(&site, &mut ada).await;
        let mut agent = Agent::new("203.0.113.1");

        let asked = question(&site, &mut agent).await;
        let body = json!({ "challenge": asked["challenge"], "credential": authenticator.sign(&asked["options"]) });
        let answer = agent.post(&site, "/auth/sign-in/passkey", body).await;

        agent.take(&granted(&answer));
        assert_eq!(ok(&agent.get(&site, "/auth/me").await)["email"], ADA);
        let listed = ok(&agent.get(&site, "/auth/passkeys").await);
        assert_eq!(listed["passkeys"][0]["name"], "phone");
        assert!(listed["passkeys"][0]["lastUsedAt"].is_string());
        assert!(listed["passkeys"][0]["content"].is_null());
        site.stop().await;
    }
}

#[tokio::test]
async fn an_answer_is_good_for_one_question_once() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut authenticator = registered(&site, &mut ada).await;
        let mut agent = Agent::new("203.0.113.1");
        let (first, second) = (question(&site, &mut agent).await, question(&site, &mut agent).await);
        let credential = authenticator.sign(&first["options"]);
        let body = json!({ "challenge": first["challenge"], "credential": credential });
        granted(&agent.post(&site, "/auth/sign-in/passkey", body.clone()).await);

        let again = agent.post(&site, "/auth/sign-in/passkey", body).await;
        let body = json!({ "challenge": second["challenge"], "credential": credential });
        let other = agent.post(&site, "/auth/sign-in/passkey", body).await;

        problem(&again, 400);
        problem(&other, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_passkey_of_another_site_or_without_a_verified_user_is_refused() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut authenticator = registered(&site, &mut ada).await;
        let mut agent = Agent::new("203.0.113.1");

        authenticator.origin = "https://evil.example".into();
        let asked = question(&site, &mut agent).await;
        let body = json!({ "challenge": asked["challenge"], "credential": authenticator.sign(&asked["options"]) });
        let phished = agent.post(&site, "/auth/sign-in/passkey", body).await;
        authenticator.origin = "http://localhost:8081".into();
        authenticator.flags = 0x01;
        let asked = question(&site, &mut agent).await;
        let body = json!({ "challenge": asked["challenge"], "credential": authenticator.sign(&asked["options"]) });
        let unverified = agent.post(&site, "/auth/sign-in/passkey", body).await;

        problem(&phished, 401);
        problem(&unverified, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn somebody_elses_question_cannot_be_answered() {
    for site in sites(&[]).await {
        let (mut ada, mut bob) = (site.member(ADA).await, site.member(BOB).await);
        let asked = ok(&ada.post(&site, "/auth/passkeys/begin", json!({})).await);
        let credential = Authenticator::new().register(&asked["options"]);

        let body = json!({ "challenge": asked["challenge"], "name": "mine", "credential": credential });
        let answer = bob.post(&site, "/auth/passkeys", body).await;

        problem(&answer, 400);
        assert_eq!(ok(&bob.get(&site, "/auth/passkeys").await)["passkeys"], json!([]));
        site.stop().await;
    }
}

#[tokio::test]
async fn a_passkey_that_was_removed_signs_nobody_in_and_its_owner_is_told() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut authenticator = registered(&site, &mut ada).await;
        let id = ok(&ada.get(&site, "/auth/passkeys").await)["passkeys"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();

        assert_eq!(ada.delete(&site, &format!("/auth/passkeys/{id}")).await.status, 204);

        let asked = question(&site, &mut ada).await;
        let body = json!({ "challenge": asked["challenge"], "credential": authenticator.sign(&asked["options"]) });
        problem(&ada.post(&site, "/auth/sign-in/passkey", body).await, 401);
        site.mails_to(ADA, "A passkey was removed").await;
        site.stop().await;
    }
}

#[tokio::test]
async fn a_site_without_a_name_has_no_passkeys() {
    for site in sites(&[("auth.public-url", "http://127.0.0.1:8081")]).await {
        let answer = Agent::new("203.0.113.1")
            .post(&site, "/auth/sign-in/passkey/begin", json!({}))
            .await;

        problem(&answer, 409);
        site.stop().await;
    }
}
