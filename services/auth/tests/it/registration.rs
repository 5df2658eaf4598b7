//! Registering, and proving the mail address.

use serde_json::json;

use crate::support::{ADA, Agent, OTHER_PASSWORD, PASSWORD, granted, ok, problem, sites};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn who_follows_the_link_and_knows_the_password_has_an_account() {
    for site in sites(&[]).await {
        let token = site.registered(ADA).await;
        let mut agent = Agent::new("192.0.2.1");

        let body = json!({ "token": token, "password": PASSWORD });
        let answer = agent.post(&site, "/auth/register/verify", body).await;

        agent.take(&granted(&answer));
        let me = agent.get(&site, "/auth/me").await.json();
        assert_eq!(me["email"], ADA);
        assert_eq!(me["name"], "Ada");
        site.stop().await;
    }
}

#[tokio::test]
async fn nobody_signs_in_before_the_address_is_proven() {
    for site in sites(&[]).await {
        site.registered(ADA).await;

        let answer = Agent::new("192.0.2.1").sign_in(&site, ADA, PASSWORD, "bearer").await;

        problem(&answer, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_link_is_good_once_and_for_a_day() {
    for site in sites(&[]).await {
        let mut agent = Agent::new("192.0.2.1");
        let (first, second) = (site.registered(ADA).await, site.registered("late@example.com").await);
        let verify = |token: &str| json!({ "token": token, "password": PASSWORD });
        granted(&agent.post(&site, "/auth/register/verify", verify(&first)).await);

        let again = agent.post(&site, "/auth/register/verify", verify(&first)).await;
        site.wait(DAY);
        let late = agent.post(&site, "/auth/register/verify", verify(&second)).await;

        problem(&again, 400);
        problem(&late, 400);
        site.stop().await;
    }
}

#[tokio::test]
async fn passwords_that_are_guessed_first_are_refused() {
    for site in sites(&[]).await {
        for password in ["short", "password123", "Password123", "aaaaaaaaaaaa", "ada@example.com"] {
            let body = json!({ "email": ADA, "password": password });

            let answer = Agent::new("192.0.2.1").post(&site, "/auth/register", body).await;

            assert_eq!(problem(&answer, 422)["field"], "password", "{password}");
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn only_mail_addresses_are_registered() {
    for site in sites(&[]).await {
        let long = format!("{}@example.com", "a".repeat(300));
        for email in [
            "ada",
            "ada@",
            "@example.com",
            "ada@exam ple.com",
            "ada@example.com\r\nBcc: all@example.com",
            "аda@example.com",
            // Mail to these goes to ada@example.com, and to nobody.
            "\"ada\"@example.com",
            "\"a\\da\"@example.com",
            "ada@[192.0.2.1]",
            &long,
        ] {
            let body = json!({ "email": email, "password": PASSWORD });

            let answer = Agent::new("192.0.2.1").post(&site, "/auth/register", body).await;

            assert_eq!(problem(&answer, 422)["field"], "email", "{email}");
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn whoever_has_an_account_is_told_when_somebody_registers_the_address_again() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        let body = json!({ "email": "ADA@Example.com", "password": OTHER_PASSWORD });

        let answer = Agent::new("198.51.100.1").post(&site, "/auth/register", body).await;

        assert_eq!(answer.status, 202);
        site.mails_to(ADA, "has an account already").await;
        problem(
            &Agent::new("198.51.100.1")
                .sign_in(&site, ADA, OTHER_PASSWORD, "bearer")
                .await,
            401,
        );
        site.stop().await;
    }
}

#[tokio::test]
async fn registration_can_be_closed() {
    for site in sites(&[("auth.registration", "false")]).await {
        let body = json!({ "email": ADA, "password": PASSWORD });

        let answer = Agent::new("192.0.2.1").post(&site, "/auth/register", body).await;

        problem(&answer, 403);
        site.stop().await;
    }
}

#[tokio::test]
async fn accounts_can_be_made_without_a_mail_by_who_runs_the_system() {
    for site in sites(&[]).await {
        let person = || auth::seed::Person {
            email: ADA.into(),
            name: None,
            password: platform_config::Secret::new(PASSWORD.into()),
        };

        let first = auth::seed::account(&site.auth(), person()).await.unwrap();
        let second = auth::seed::account(&site.auth(), person()).await.unwrap();

        assert_eq!(first.id, second.id);
        granted(&Agent::new("192.0.2.1").sign_in(&site, ADA, PASSWORD, "bearer").await);
        site.stop().await;
    }
}

#[tokio::test]
async fn the_page_that_links_open_is_served_here() {
    for site in sites(&[]).await {
        let page = Agent::new("192.0.2.1").get(&site, "/auth/page").await;
        let script = Agent::new("192.0.2.1").get(&site, "/auth/page.js").await;

        assert!(page.text().contains("page.js"));
        assert!(page.header("content-security-policy").contains("script-src 'self'"));
        assert_eq!(script.status, 200);
        site.stop().await;
    }
}

#[tokio::test]
async fn whoever_has_no_token_yet_gets_one_also_where_every_request_needs_one() {
    for site in sites(&[("identity.required", "true")]).await {
        let mut ada = site.member(ADA).await;
        let mut again = Agent::new("192.0.2.1");

        granted(&again.sign_in(&site, ADA, PASSWORD, "bearer").await);

        for agent in [&mut ada, &mut again] {
            assert_eq!(ok(&agent.get(&site, "/auth/me").await)["email"], ADA);
        }
        problem(&Agent::new("192.0.2.1").get(&site, "/auth/me").await, 401);
        site.stop().await;
    }
}
