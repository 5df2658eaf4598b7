//! Sending mails to others, and having work done for mails that are not sent.

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;

use crate::support::{ADA, Agent, OTHER_PASSWORD, PASSWORD, ok, problem, sites};

#[tokio::test]
async fn who_may_send_no_more_mails_costs_no_more_hashes() {
    for site in sites(&[]).await {
        let mut attacker = Agent::new("203.0.113.66");
        let register = |number: i32| json!({ "email": format!("person-{number}@example.com"), "password": PASSWORD });
        for number in 0..20 {
            ok(&attacker.post(&site, "/auth/register", register(number)).await);
        }
        let recorder = PrometheusBuilder::new().build_recorder();

        let refused = {
            let _recording = metrics::set_default_local_recorder(&recorder);
            attacker.post(&site, "/auth/register", register(20)).await
        };

        problem(&refused, 429);
        let counts = recorder.handle().render();
        assert!(!counts.contains("auth_password_hashes_total"), "{counts}");
        site.stop().await;
    }
}

#[tokio::test]
async fn nobodys_mailbox_is_filled_and_one_address_sends_only_so_much() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        for host in 1..=12 {
            let mut agent = Agent::new(&format!("203.0.113.{host}"));
            ok(&agent
                .post(&site, "/auth/password/forgot", json!({ "email": ADA }))
                .await);
        }
        let mut attacker = Agent::new("203.0.113.66");
        let mut refused = 0;
        for number in 0..25 {
            let body = json!({ "email": format!("person-{number}@example.com") });
            refused += usize::from(attacker.post(&site, "/auth/password/forgot", body).await.status == 429);
        }

        let mails = site.all_mails_to(ADA).await;

        let resets = mails.iter().filter(|mail| mail.contains("#reset=")).count();
        assert!((1..=6).contains(&resets), "{resets}");
        assert_eq!(refused, 5);
        site.stop().await;
    }
}

#[tokio::test]
async fn letters_without_a_link_do_not_use_up_those_that_reset_a_password() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        for host in 1..=12 {
            let body = json!({ "email": ADA, "password": OTHER_PASSWORD });
            let mut attacker = Agent::new(&format!("203.0.113.{host}"));
            ok(&attacker.post(&site, "/auth/register", body).await);
        }
        let mails = site.all_mails_to(ADA).await;
        let linkless = mails.iter().filter(|mail| mail.contains("It has an account already"));
        assert!((1..=6).contains(&linkless.count()), "{mails:?}");

        let mut owner = Agent::new("192.0.2.1");
        ok(&owner
            .post(&site, "/auth/password/forgot", json!({ "email": ADA }))
            .await);

        let mails = site.all_mails_to(ADA).await;
        assert!(mails.iter().any(|mail| mail.contains("#reset=")), "{mails:?}");
        site.stop().await;
    }
}
