//! Passwords: changed, forgotten, reset, and hashed anew.

use std::time::Duration;

use platform_config::{ByteSize, Secret};
use platform_crypto::{PasswordSettings, Passwords, Random};
use platform_database::orm::{ActiveModelTrait, IntoActiveModel, Set};
use serde_json::json;

use crate::support::{ADA, Agent, OTHER_PASSWORD, PASSWORD, bytes_in, granted, ok, problem, sites};

#[tokio::test]
async fn changing_the_password_ends_all_other_sessions_and_forgets_devices() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut phone = Agent::new("203.0.113.1");
        granted(&phone.sign_in(&site, ADA, PASSWORD, "bearer").await);

        let body = json!({ "currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD });
        let changed = ada.put(&site, "/auth/password", body).await;

        assert_eq!(changed.status, 204, "{}", changed.text());
        ok(&ada.get(&site, "/auth/me").await);
        problem(&phone.get(&site, "/auth/me").await, 401);
        assert!(bytes_in(&site, "devices", "hash").await.is_empty());
        problem(
            &phone.at("203.0.113.2").sign_in(&site, ADA, PASSWORD, "bearer").await,
            401,
        );
        granted(
            &Agent::new("203.0.113.3")
                .sign_in(&site, ADA, OTHER_PASSWORD, "bearer")
                .await,
        );
        site.mails_to(ADA, "The password was changed").await;
        site.stop().await;
    }
}

#[tokio::test]
async fn changing_the_password_needs_the_present_one() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;

        let without = ada
            .put(&site, "/auth/password", json!({ "newPassword": OTHER_PASSWORD }))
            .await;
        let body = json!({ "currentPassword": OTHER_PASSWORD, "newPassword": OTHER_PASSWORD });
        let wrong = ada.put(&site, "/auth/password", body).await;

        problem(&without, 422);
        problem(&wrong, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_mail_and_everybody_is_signed_out() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let mut stranger = Agent::new("203.0.113.1");
        let forgot = stranger
            .post(&site, "/auth/password/forgot", json!({ "email": "ADA@example.com" }))
            .await;
        assert_eq!(forgot.status, 202);
        let token = site.link_to(ADA, "reset").await;

        let body = json!({ "token": token, "password": OTHER_PASSWORD });
        let reset = stranger.post(&site, "/auth/password/reset", body).await;

        assert_eq!(reset.status, 204, "{}", reset.text());
        problem(&ada.get(&site, "/auth/me").await, 401);
        ada.access = None;
        problem(&ada.renew(&site).await, 401);
        granted(&stranger.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_reset_that_is_refused_for_the_password_can_be_tried_again() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        let mut agent = Agent::new("203.0.113.1");
        ok(&agent
            .post(&site, "/auth/password/forgot", json!({ "email": ADA }))
            .await);
        let token = site.link_to(ADA, "reset").await;

        let weak = agent
            .post(
                &site,
                "/auth/password/reset",
                json!({ "token": token, "password": "1234567890" }),
            )
            .await;
        let good = agent
            .post(
                &site,
                "/auth/password/reset",
                json!({ "token": token, "password": OTHER_PASSWORD }),
            )
            .await;

        problem(&weak, 422);
        assert_eq!(good.status, 204);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_new_link_is_as_good_as_the_old_one_until_one_of_them_is_used() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        let mut agent = Agent::new("203.0.113.1");
        ok(&agent
            .post(&site, "/auth/password/forgot", json!({ "email": ADA }))
            .await);
        let first = site.link_to(ADA, "reset").await;
        ok(&agent
            .post(&site, "/auth/password/forgot", json!({ "email": ADA }))
            .await);
        while site.link_to(ADA, "reset").await == first {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let second = site.link_to(ADA, "reset").await;

        let used = agent
            .post(
                &site,
                "/auth/password/reset",
                json!({ "token": second, "password": OTHER_PASSWORD }),
            )
            .await;
        let void = agent
            .post(
                &site,
                "/auth/password/reset",
                json!({ "token": first, "password": PASSWORD }),
            )
            .await;

        assert_eq!(used.status, 204);
        problem(&void, 400);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_password_that_was_hashed_in_an_older_way_is_hashed_anew_at_the_next_sign_in() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        let older = PasswordSettings {
            memory: ByteSize(128 << 10),
            iterations: 1,
            ..PasswordSettings::default()
        };
        let older = Passwords::new(&older, Random::system()).unwrap();
        let old = older.hash(Secret::new(PASSWORD.into())).await.unwrap();
        let mut account = auth::account::by_email(site.auth().db.read(), ADA)
            .await
            .unwrap()
            .unwrap()
            .into_active_model();
        account.password_hash = Set(Some(old.clone()));
        let tx = site.auth().db.begin().await.unwrap();
        account.update(&tx).await.unwrap();
        tx.commit().await.unwrap();

        granted(&Agent::new("192.0.2.1").sign_in(&site, ADA, PASSWORD, "bearer").await);

        let account = auth::account::by_email(site.auth().db.read(), ADA)
            .await
            .unwrap()
            .unwrap();
        let new = account.password_hash.unwrap();
        assert!(old.contains("m=128,") && new.contains("m=64,"), "{old} {new}");
        granted(&Agent::new("192.0.2.1").sign_in(&site, ADA, PASSWORD, "bearer").await);
        site.stop().await;
    }
}
