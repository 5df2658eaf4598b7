//! Guessing, and using the defence against guessing to lock others out.

use std::time::Duration;

use serde_json::json;

use crate::support::{ADA, Agent, BOB, OTHER_PASSWORD, PASSWORD, granted, ok, problem, sites};

#[tokio::test]
async fn who_guesses_waits_longer_and_longer() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        let mut attacker = Agent::new("203.0.113.66");
        for _ in 0..5 {
            problem(&attacker.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await, 401);
        }

        let mut waits = Vec::new();
        for _ in 0..6 {
            let refused = attacker.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await;
            let wait = problem(&refused, 429)["retryAfterSeconds"].as_u64().unwrap();
            assert_eq!(refused.header("retry-after"), wait.to_string());
            waits.push(wait);
            site.wait(Duration::from_secs(wait));
            problem(&attacker.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await, 401);
        }

        assert!(waits.windows(2).all(|pair| pair[1] >= 2 * pair[0] - 1), "{waits:?}");
        site.stop().await;
    }
}

#[tokio::test]
async fn the_right_password_is_not_looked_at_while_one_has_to_wait_and_waiting_helps() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        let mut agent = Agent::new("203.0.113.66");
        for _ in 0..5 {
            agent.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await;
        }

        let at_once = agent.sign_in(&site, ADA, PASSWORD, "bearer").await;
        site.wait(Duration::from_secs(5));
        let later = agent.sign_in(&site, ADA, PASSWORD, "bearer").await;
        let mistaken = agent.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await;

        problem(&at_once, 429);
        granted(&later);
        problem(&mistaken, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn attempts_at_the_same_moment_are_counted_before_they_are_made() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        let mut agents: Vec<_> = (0..20).map(|_| Agent::new("203.0.113.66")).collect();

        let tries = agents
            .iter_mut()
            .map(|agent| agent.sign_in(&site, ADA, OTHER_PASSWORD, "bearer"));
        let answers = futures::future::join_all(tries).await;

        let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
        assert_eq!(looked_at, 5);
        site.stop().await;
    }
}

#[tokio::test]
async fn guessing_at_many_accounts_from_one_address_is_slowed_too() {
    for site in sites(&[]).await {
        let mut attacker = Agent::new("203.0.113.66");
        for number in 0..50 {
            let email = format!("person-{number}@example.com");
            problem(&attacker.sign_in(&site, &email, OTHER_PASSWORD, "bearer").await, 401);
        }

        let refused = attacker.sign_in(&site, BOB, OTHER_PASSWORD, "bearer").await;
        let neighbour = Agent::new("203.0.113.67")
            .sign_in(&site, BOB, OTHER_PASSWORD, "bearer")
            .await;

        problem(&refused, 429);
        problem(&neighbour, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn one_who_has_a_whole_network_of_ipv6_is_one() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        for host in 1..=5 {
            let mut agent = Agent::new(&format!("2001:db8:1:2::{host:x}"));
            problem(&agent.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await, 401);
        }

        let refused = Agent::new("2001:db8:1:2:ffff::1")
            .sign_in(&site, ADA, OTHER_PASSWORD, "bearer")
            .await;
        let other = Agent::new("2001:db8:1:3::1")
            .sign_in(&site, ADA, PASSWORD, "bearer")
            .await;

        problem(&refused, 429);
        granted(&other);
        site.stop().await;
    }
}

#[tokio::test]
async fn nobody_is_locked_out_by_what_others_do() {
    for site in sites(&[]).await {
        let mut known = site.member(ADA).await;
        known.access = None;
        known.refresh = None;
        for host in 1..=40 {
            let mut attacker = Agent::new(&format!("203.0.113.{host}"));
            for _ in 0..5 {
                problem(&attacker.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await, 401);
            }
        }
        // Even one who sits at the same address as the owner.
        for _ in 0..6 {
            Agent::new("192.0.2.1")
                .sign_in(&site, ADA, OTHER_PASSWORD, "bearer")
                .await;
        }

        let known_device = known.sign_in(&site, ADA, PASSWORD, "bearer").await;
        let new_device = Agent::new("198.51.100.7").sign_in(&site, ADA, PASSWORD, "bearer").await;

        granted(&known_device);
        granted(&new_device);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_device_is_known_to_its_own_account_alone_and_guesses_no_better() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        let mut bob = site.member(BOB).await;
        bob.access = None;
        for _ in 0..5 {
            problem(&bob.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await, 401);
        }
        problem(&bob.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await, 429);

        for _ in 0..5 {
            problem(&bob.sign_in(&site, BOB, OTHER_PASSWORD, "bearer").await, 401);
        }

        problem(&bob.sign_in(&site, BOB, OTHER_PASSWORD, "bearer").await, 429);
        site.stop().await;
    }
}

#[tokio::test]
async fn codes_cannot_be_tried_out_with_a_password_that_is_known() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let mut thief = Agent::new("203.0.113.66");
        let asked = ok(&thief.sign_in(&site, ADA, PASSWORD, "bearer").await);
        let with = |code: &str| json!({ "challenge": asked["secondFactor"]["challenge"], "code": code });
        for number in 0..5 {
            problem(
                &thief
                    .post(&site, "/auth/sign-in/code", with(&format!("{number:06}")))
                    .await,
                401,
            );
        }

        let right = thief.post(&site, "/auth/sign-in/code", with(&site.code(&secret))).await;
        let asked = ok(&thief.sign_in(&site, ADA, PASSWORD, "bearer").await);
        let body = json!({ "challenge": asked["secondFactor"]["challenge"], "code": "999999" });
        let anew = thief.post(&site, "/auth/sign-in/code", body).await;

        problem(&right, 400);
        problem(&anew, 429);
        assert_eq!(
            ok(&ada
                .post(&site, "/auth/confirm", json!({ "code": site.code(&secret) }))
                .await),
            json!(null)
        );
        site.stop().await;
    }
}

#[tokio::test]
async fn codes_are_guessed_no_better_from_many_addresses() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        let answer_to = async |agent: &mut Agent, code: &str| {
            let asked = ok(&agent.sign_in(&site, ADA, PASSWORD, "bearer").await);
            let body = json!({ "challenge": asked["secondFactor"]["challenge"], "code": code });
            agent.post(&site, "/auth/sign-in/code", body).await
        };
        for host in 1..=20 {
            let mut thief = Agent::new(&format!("203.0.113.{host}"));
            problem(&answer_to(&mut thief, "000000").await, 401);
        }

        let next = answer_to(&mut Agent::new("203.0.113.21"), "000000").await;
        (ada.access, ada.refresh) = (None, None);
        let known_device = answer_to(&mut ada, &site.code(&secret)).await;

        problem(&next, 429);
        granted(&known_device);
        site.stop().await;
    }
}

#[tokio::test]
async fn who_gives_the_right_code_does_not_wait_however_often_and_wherever() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let (secret, _) = site.with_totp(&mut ada).await;
        for host in 1..=22 {
            let mut agent = Agent::new(&format!("203.0.113.{host}"));
            let asked = ok(&agent.sign_in(&site, ADA, PASSWORD, "bearer").await);
            let body = json!({ "challenge": asked["secondFactor"]["challenge"], "code": site.code(&secret) });

            granted(&agent.post(&site, "/auth/sign-in/code", body).await);

            site.wait(Duration::from_secs(30));
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn people_behind_one_gateway_are_not_in_each_others_way() {
    for site in sites(&[]).await {
        let mut bob = site.member(BOB).await;
        let confirm = |password: &str| {
            let query = "mutation($input: ConfirmInput!) { confirm(input: $input) }";
            json!({ "query": query, "variables": { "input": { "password": password } } })
        };
        for number in 0..11 {
            let mut other = site.member(&format!("person-{number}@example.com")).await;
            for _ in 0..5 {
                other.post(&site, "/graphql", confirm(OTHER_PASSWORD)).await;
            }
        }

        let answer = bob.post(&site, "/graphql", confirm(PASSWORD)).await.json();

        assert_eq!(answer["data"]["confirm"], true, "{answer}");
        site.stop().await;
    }
}

#[tokio::test]
async fn an_address_that_a_client_merely_claims_does_not_count() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        for number in 0..5 {
            let forwarded = format!("198.51.100.{number}");
            problem(&claimed(&site, &forwarded).await, 401);
        }

        problem(&claimed(&site, "198.51.100.99").await, 429);
        site.stop().await;
    }
}

async fn claimed(site: &crate::support::Site, forwarded: &str) -> platform_testing::Answer {
    use axum::{
        body::Body,
        extract::ConnectInfo,
        http::{Request, header},
    };
    let body = json!({ "email": ADA, "password": OTHER_PASSWORD }).to_string();
    let request = Request::post("/auth/sign-in")
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-forwarded-for", forwarded);
    let mut request = request.body(Body::from(body)).unwrap();
    let peer = std::net::SocketAddr::from(([192, 0, 2, 200], 1));
    request.extensions_mut().insert(ConnectInfo(peer));
    site.service.request(request).await
}
