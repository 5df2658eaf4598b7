//! What is kept no longer than it is good for.

use std::time::Duration;

use auth::jobs::Forget;
use platform_testing::eventually;
use serde_json::{Value, json};

use crate::support::{ADA, Agent, PASSWORD, bytes_in, granted, ok, problem, sites};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn tokens_of_an_ended_session_are_forgotten_and_used_ones_of_another_still_tell_of_a_copy() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut copy = ada.clone();
        granted(&ada.renew(&site).await);
        let mut phone = Agent::new("203.0.113.9");
        granted(&phone.sign_in(&site, ADA, PASSWORD, "bearer").await);
        ok(&phone.post(&site, "/auth/sign-out", json!({})).await);
        site.wait(Duration::from_secs(60));
        assert_eq!(bytes_in(&site, "refresh_tokens", "hash").await.len(), 3);

        let auth = site.auth();
        let tx = auth.db.begin().await.unwrap();
        auth.jobs.enqueue(&tx, &Forget {}).await.unwrap();
        tx.commit().await.unwrap();

        eventually("two tokens are left", async || {
            bytes_in(&site, "refresh_tokens", "hash").await.len() == 2
        })
        .await;
        problem(&copy.renew(&site).await, 401);
        problem(&ada.renew(&site).await, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn no_more_than_fifty_devices_of_an_account_are_known_and_those_used_last() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        let first = bytes_in(&site, "devices", "hash").await.remove(0);
        for host in 1..=50 {
            site.wait(Duration::from_secs(1));
            let mut agent = Agent::new(&format!("203.0.113.{host}"));
            granted(&agent.sign_in(&site, ADA, PASSWORD, "bearer").await);
        }

        let known = bytes_in(&site, "devices", "hash").await;

        assert_eq!(known.len(), 50);
        assert!(!known.contains(&first));
        site.stop().await;
    }
}

#[tokio::test]
async fn a_session_that_nobody_used_for_a_month_is_listed_no_more() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        site.wait(20 * DAY);
        let mut used = Agent::new("203.0.113.9");
        granted(&used.sign_in(&site, ADA, PASSWORD, "bearer").await);
        let both = ok(&used.get(&site, "/auth/sessions").await);

        site.wait(11 * DAY);
        used.access = None;
        granted(&used.renew(&site).await);
        let one = ok(&used.get(&site, "/auth/sessions").await);

        let count = |listed: &Value| listed["sessions"].as_array().unwrap().len();
        assert_eq!((count(&both), count(&one)), (2, 1));
        site.stop().await;
    }
}
