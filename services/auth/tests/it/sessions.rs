//! Sessions: tokens that are renewed, lists, and ends that count everywhere.

use std::time::Duration;

use serde_json::json;

use crate::support::{ADA, Agent, PASSWORD, granted, ok, problem, sites};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn an_access_token_lasts_minutes_and_a_refresh_token_gives_the_next() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        site.wait(6 * MINUTE);
        problem(&ada.get(&site, "/auth/me").await, 401);

        ada.access = None;
        granted(&ada.renew(&site).await);

        ok(&ada.get(&site, "/auth/me").await);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends_and_one_in_use_ends_after_half_a_year() {
    for site in sites(&[]).await {
        let (mut idle, mut used) = (site.member(ADA).await, site.member("bea@example.com").await);
        idle.access = None;
        used.access = None;

        for _ in 0..6 {
            site.wait(29 * DAY);
            ok(&used.renew(&site).await);
            used.access = None;
        }
        site.wait(7 * DAY);

        problem(&idle.renew(&site).await, 401);
        problem(&used.renew(&site).await, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn two_tabs_that_renew_at_once_stay_signed_in() {
    for site in sites(&[]).await {
        let mut first = site.visitor(ADA).await;
        let mut second = first.clone();

        ok(&first.renew(&site).await);
        site.wait(Duration::from_secs(5));
        ok(&second.renew(&site).await);

        // Both got the same successor, so that whichever answer the browser kept last is good.
        assert_eq!(first.cookies["refresh"], second.cookies["refresh"]);
        site.wait(MINUTE);
        ok(&second.renew(&site).await);
        ok(&second.get(&site, "/auth/me").await);
        site.stop().await;
    }
}

#[tokio::test]
async fn requests_that_renew_at_the_same_moment_all_get_one_successor() {
    for site in sites(&[]).await {
        let ada = site.member(ADA).await;
        let mut tabs: Vec<Agent> = (0..6).map(|_| ada.clone()).collect();

        let answers = tabs.iter_mut().map(|tab| tab.renew(&site));
        let answers = futures::future::join_all(answers).await;

        let tokens: std::collections::BTreeSet<_> = answers
            .iter()
            .map(|answer| ok(answer)["refreshToken"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(tokens.len(), 1);
        site.stop().await;
    }
}

#[tokio::test]
async fn sessions_are_listed_with_where_they_are_used() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut phone = Agent::new("203.0.113.9");
        site.wait(Duration::from_secs(1));
        granted(&phone.sign_in(&site, ADA, PASSWORD, "bearer").await);

        let listed = ok(&ada.get(&site, "/auth/sessions").await);

        let sessions = listed["sessions"].as_array().unwrap();
        assert_eq!(sessions.len(), 2);
        assert_eq!(sessions[0]["address"], "203.0.113.9");
        assert_eq!(sessions[0]["current"], false);
        assert_eq!(sessions[1]["current"], true);
        assert!(!listed.to_string().contains("accountId"));
        site.stop().await;
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere_at_once() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let copy = ada.access.clone().unwrap();

        assert_eq!(ada.post(&site, "/auth/sign-out", json!({})).await.status, 204);

        problem(&ada.get(&site, "/auth/me").await, 401);
        ada.access = None;
        problem(&ada.renew(&site).await, 401);
        assert!(site.auth().identity.verify(&copy).await.is_err());
        site.stop().await;
    }
}

#[tokio::test]
async fn another_session_and_all_others_can_be_ended() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut others: Vec<_> = (1..4).map(|host| Agent::new(&format!("203.0.113.{host}"))).collect();
        let mut ids = Vec::new();
        for other in &mut others {
            let body = granted(&other.sign_in(&site, ADA, PASSWORD, "bearer").await);
            ids.push(body["session"].as_str().unwrap().to_owned());
        }

        let one = ada.delete(&site, &format!("/auth/sessions/{}", ids[0])).await;
        let rest = ok(&ada.delete(&site, "/auth/sessions").await);

        assert_eq!(one.status, 204);
        assert_eq!(rest["revoked"], 2);
        for other in &mut others {
            problem(&other.get(&site, "/auth/me").await, 401);
        }
        ok(&ada.get(&site, "/auth/me").await);
        site.stop().await;
    }
}

#[tokio::test]
async fn other_services_learn_which_sessions_are_over_and_forget_them_when_their_tokens_are() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let session = ok(&ada.get(&site, "/auth/me").await)["session"].clone();
        ok(&ada.post(&site, "/auth/sign-out", json!({})).await);

        let before = auth::revocation::since(&site.auth(), 0).await.unwrap();
        let again = auth::revocation::since(&site.auth(), before.next).await.unwrap();
        // As long as the longest token may live, which was given while the settings were others.
        site.wait(59 * MINUTE);
        let still = auth::revocation::since(&site.auth(), 0).await.unwrap();
        site.wait(3 * MINUTE);
        let later = auth::revocation::since(&site.auth(), 0).await.unwrap();

        assert_eq!(before.revoked.len(), 1);
        assert_eq!(before.revoked[0].session.to_string(), session.as_str().unwrap());
        // The cursor stays behind for what is not committed yet, so what is new comes twice.
        assert_eq!(again.revoked, before.revoked);
        assert_eq!(still.revoked, before.revoked);
        assert!(later.revoked.is_empty());
        site.stop().await;
    }
}

/// Where it stood after a full answer.
#[tokio::test]
async fn a_cursor_that_is_ahead_falls_behind_what_is_yet_to_be_committed() {
    for site in sites(&[]).await {
        let now = site.service.clock().now().timestamp_micros();

        let first = auth::revocation::since(&site.auth(), 0).await.unwrap();
        let ahead = auth::revocation::since(&site.auth(), now).await.unwrap();

        assert_eq!(ahead.next, first.next);
        assert!(
            now - ahead.next >= 90_000_000,
            "a minute of clocks, and the longest statement"
        );
        site.stop().await;
    }
}

#[tokio::test]
async fn the_list_of_what_is_over_is_for_services_alone() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;

        let asked = ada.get(&site, "/internal/revocations?since=0").await;

        problem(&asked, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_browser_keeps_its_tokens_where_scripts_cannot_read_them() {
    for site in sites(&[("auth.public-url", "https://auth.example.com")]).await {
        site.member(ADA).await;
        let mut browser = Agent::new("192.0.2.7");

        let answer = browser.sign_in(&site, ADA, PASSWORD, "cookie").await;

        let cookies: Vec<_> = answer
            .headers
            .get_all("set-cookie")
            .iter()
            .map(|c| c.to_str().unwrap())
            .collect();
        for name in ["access", "refresh", "device"] {
            let cookie = cookies
                .iter()
                .find(|cookie| cookie.starts_with(&format!("__Host-{name}=")))
                .unwrap();
            for flag in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
                assert!(cookie.contains(flag), "{cookie}");
            }
        }
        let body = answer.json();
        assert!(body["accessToken"].is_null() && body["refreshToken"].is_null() && body["deviceToken"].is_null());
        assert_eq!(answer.header("cache-control"), "no-store");
        site.stop().await;
    }
}

#[tokio::test]
async fn signing_out_takes_the_cookies_away_and_leaves_the_device_known() {
    for site in sites(&[]).await {
        let mut browser = site.visitor(ADA).await;

        ok(&browser.post(&site, "/auth/sign-out", json!({})).await);

        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["device"]);
        site.stop().await;
    }
}

#[tokio::test]
async fn the_oldest_session_ends_when_there_are_too_many() {
    for site in sites(&[("auth.sessions", "3")]).await {
        let mut first = site.member(ADA).await;
        let mut last = Agent::new("192.0.2.1");

        for _ in 0..3 {
            site.wait(Duration::from_secs(1));
            granted(&last.sign_in(&site, ADA, PASSWORD, "bearer").await);
        }

        problem(&first.get(&site, "/auth/me").await, 401);
        let listed = ok(&last.get(&site, "/auth/sessions").await);
        assert_eq!(listed["sessions"].as_array().unwrap().len(), 3);
        site.stop().await;
    }
}

#[tokio::test]
async fn an_account_that_is_deleted_is_gone_with_its_sessions() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;

        assert_eq!(ada.delete(&site, "/auth/me").await.status, 204);

        problem(&ada.get(&site, "/auth/me").await, 401);
        problem(
            &Agent::new("192.0.2.1").sign_in(&site, ADA, PASSWORD, "bearer").await,
            401,
        );
        site.registered(ADA).await;
        site.stop().await;
    }
}

#[tokio::test]
async fn what_changes_how_one_signs_in_needs_a_recent_proof() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        site.wait(16 * MINUTE);
        ada.access = None;
        ok(&ada.renew(&site).await);

        let refused = ada.post(&site, "/auth/totp", json!({})).await;
        let confirmed = ada.post(&site, "/auth/confirm", json!({ "password": PASSWORD })).await;
        let allowed = ada.post(&site, "/auth/totp", json!({})).await;

        assert_eq!(problem(&refused, 403)["confirm"], true);
        assert_eq!(confirmed.status, 204);
        ok(&allowed);
        site.stop().await;
    }
}
