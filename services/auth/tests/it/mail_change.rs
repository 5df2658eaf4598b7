//! Another mail address.

use std::time::Duration;

use serde_json::json;

use crate::support::{ADA, Agent, BOB, OTHER_PASSWORD, PASSWORD, granted, ok, problem, sites};

const NEW: &str = "lovelace@example.com";

#[tokio::test]
async fn an_address_is_changed_once_both_ends_agree() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        ok(&ada.post(&site, "/auth/mail", json!({ "email": NEW })).await);
        let (old, new) = (site.link_to(ADA, "mail").await, site.link_to(NEW, "mail").await);

        let first = ok(&ada.post(&site, "/auth/mail/confirm", json!({ "token": new })).await);
        let between = ok(&ada.get(&site, "/auth/me").await)["email"].clone();
        let second = ok(&ada.post(&site, "/auth/mail/confirm", json!({ "token": old })).await);

        assert_eq!((&first["changed"], &second["changed"]), (&json!(false), &json!(true)));
        assert_eq!(between, ADA);
        problem(&ada.get(&site, "/auth/me").await, 401);
        problem(
            &Agent::new("192.0.2.1").sign_in(&site, ADA, PASSWORD, "bearer").await,
            401,
        );
        granted(&Agent::new("192.0.2.1").sign_in(&site, NEW, PASSWORD, "bearer").await);
        site.stop().await;
    }
}

#[tokio::test]
async fn one_end_alone_changes_nothing_however_often_it_agrees() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        ok(&ada.post(&site, "/auth/mail", json!({ "email": NEW })).await);
        let new = site.link_to(NEW, "mail").await;
        ok(&ada.post(&site, "/auth/mail/confirm", json!({ "token": new })).await);

        let again = ada.post(&site, "/auth/mail/confirm", json!({ "token": new })).await;

        problem(&again, 400);
        assert_eq!(ok(&ada.get(&site, "/auth/me").await)["email"], ADA);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_change_that_is_not_confirmed_in_time_is_void() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        ok(&ada.post(&site, "/auth/mail", json!({ "email": NEW })).await);
        let (old, new) = (site.link_to(ADA, "mail").await, site.link_to(NEW, "mail").await);
        ok(&ada.post(&site, "/auth/mail/confirm", json!({ "token": old })).await);
        site.wait(Duration::from_secs(3600));
        ada.access = None;

        let late = ada.post(&site, "/auth/mail/confirm", json!({ "token": new })).await;

        problem(&late, 400);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_password_that_changes_makes_a_change_that_waits_void() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        ok(&ada.post(&site, "/auth/mail", json!({ "email": NEW })).await);
        let (old, new) = (site.link_to(ADA, "mail").await, site.link_to(NEW, "mail").await);
        ok(&ada.post(&site, "/auth/mail/confirm", json!({ "token": old })).await);
        let body = json!({ "currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD });
        ok(&ada.put(&site, "/auth/password", body).await);

        let confirmed = ada.post(&site, "/auth/mail/confirm", json!({ "token": new })).await;

        problem(&confirmed, 400);
        assert_eq!(ok(&ada.get(&site, "/auth/me").await)["email"], ADA);
        site.stop().await;
    }
}

#[tokio::test]
async fn the_owner_of_the_wanted_address_is_told_and_nobody_else_learns_that_it_is_taken() {
    for site in sites(&[]).await {
        site.member(BOB).await;
        let mut ada = site.member(ADA).await;

        let taken = ada.post(&site, "/auth/mail", json!({ "email": BOB })).await;
        let mails = site.mails_to(BOB, "wants to move another account").await;
        let free = ada.post(&site, "/auth/mail", json!({ "email": NEW })).await;

        assert_eq!((taken.status, taken.body), (free.status, free.body));
        assert!(!mails[0].contains("#mail="), "{}", mails[0]);
        site.stop().await;
    }
}

#[tokio::test]
async fn only_the_case_of_an_address_can_be_changed_too() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        ok(&ada
            .post(&site, "/auth/mail", json!({ "email": "Ada@example.com" }))
            .await);
        let (old, new) = (
            site.link_to(ADA, "mail").await,
            site.link_to("Ada@example.com", "mail").await,
        );

        ok(&ada.post(&site, "/auth/mail/confirm", json!({ "token": old })).await);
        ok(&ada.post(&site, "/auth/mail/confirm", json!({ "token": new })).await);

        granted(&Agent::new("192.0.2.1").sign_in(&site, ADA, PASSWORD, "bearer").await);
        site.stop().await;
    }
}
