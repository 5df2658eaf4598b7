//! What other services are told.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use contracts::{audit, privacy, sessions, users};
use platform_database::Tx;
use platform_error::Error;
use platform_events::{Cause, Consumers, Received};
use serde_json::{Value, json};

use crate::support::{ADA, Agent, OTHER_PASSWORD, PASSWORD, Site, granted, ok, problem, sites};

/// What somebody who listens has heard.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<(String, Value)>>>);

impl Heard {
    fn note(&self, what: &str, data: &impl serde::Serialize) {
        self.0.lock().unwrap().push((what.to_owned(), json!(data)));
    }

    fn of(&self, what: &str) -> Vec<Value> {
        let heard = self.0.lock().unwrap();
        heard
            .iter()
            .filter(|(found, _)| found == what)
            .map(|(_, data)| data.clone())
            .collect()
    }

    /// The events of a type, once there are so many.
    pub(crate) async fn wait_for(&self, what: &str, count: usize) -> Vec<Value> {
        for _ in 0..3_000 {
            let heard = self.of(what);
            if heard.len() >= count {
                return heard;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what} was not heard {count} times");
    }
}

async fn registered(heard: &Heard, _: &Tx, event: Received<users::Registered>) -> Result<(), Error> {
    heard.note("users.registered", &event.event);
    Ok(())
}

async fn deleted(heard: &Heard, _: &Tx, event: Received<users::Deleted>) -> Result<(), Error> {
    heard.note("users.deleted", &event.event);
    Ok(())
}

async fn email_changed(heard: &Heard, _: &Tx, event: Received<users::EmailChanged>) -> Result<(), Error> {
    heard.note("users.email_changed", &event.event);
    Ok(())
}

async fn revoked(heard: &Heard, _: &Tx, event: Received<sessions::Revoked>) -> Result<(), Error> {
    heard.note("sessions.revoked", &event.event);
    Ok(())
}

async fn recorded(heard: &Heard, _: &Tx, event: Received<audit::Recorded>) -> Result<(), Error> {
    let mut told = json!(event.event);
    told["actor"] = json!(event.envelope.actor);
    heard.note(&event.action, &told);
    Ok(())
}

async fn part(heard: &Heard, _: &Tx, event: Received<privacy::ExportPart>) -> Result<(), Error> {
    heard.note("privacy.export_part", &event.event);
    Ok(())
}

/// Listens to a service until it stops.
pub(crate) fn listen(site: &Site) -> Heard {
    let heard = Heard::default();
    let (events, store) = (site.auth().events.clone(), heard.clone());
    site.service.context().spawn("listener", async move {
        let consumers = Consumers::new()
            .on("listener", registered)
            .on("listener", deleted)
            .on("listener", email_changed)
            .on("listener", revoked)
            .on("listener", recorded)
            .on("listener", part);
        consumers.run(&events, &store).await.unwrap();
    });
    heard
}

#[tokio::test]
async fn others_learn_of_an_account_when_its_address_is_proven_and_not_before() {
    for site in sites(&[]).await {
        let heard = listen(&site);
        let token = site.registered(ADA).await;
        assert!(heard.of("users.registered").is_empty());

        let body = json!({ "token": token, "password": PASSWORD });
        let granted = granted(&Agent::new("192.0.2.1").post(&site, "/auth/register/verify", body).await);

        let told = heard.wait_for("users.registered", 1).await;
        assert_eq!(
            told,
            [json!({ "user": granted["user"], "email": ADA, "name": "Ada", "locale": null })]
        );
        site.stop().await;
    }
}

#[tokio::test]
async fn others_learn_at_once_which_session_is_over() {
    for site in sites(&[]).await {
        let heard = listen(&site);
        let mut ada = site.member(ADA).await;
        let me = ok(&ada.get(&site, "/auth/me").await);

        ok(&ada.post(&site, "/auth/sign-out", json!({})).await);

        let told = heard.wait_for("sessions.revoked", 1).await;
        assert_eq!((&told[0]["session"], &told[0]["user"]), (&me["session"], &me["id"]));
        assert!(told[0]["until"].as_i64().unwrap() >= site.service.clock().now().timestamp() + 300);
        site.stop().await;
    }
}

#[tokio::test]
async fn others_learn_that_an_account_is_gone_and_forget_the_person() {
    for site in sites(&[]).await {
        let heard = listen(&site);
        let mut ada = site.member(ADA).await;
        let made = ok(&ada.post(&site, "/auth/keys", json!({ "name": "nightly" })).await);
        let me = ok(&ada.get(&site, "/auth/me").await);

        ok(&ada.delete(&site, "/auth/me").await);

        assert_eq!(heard.wait_for("users.deleted", 1).await, [json!({ "user": me["id"] })]);
        let over = heard.wait_for("sessions.revoked", 2).await;
        let over: Vec<_> = over.iter().map(|told| &told["session"]).collect();
        assert!(over.contains(&&me["session"]) && over.contains(&&made["id"]));
        site.stop().await;
    }
}

#[tokio::test]
async fn others_learn_of_another_mail_address_once_both_ends_agreed() {
    for site in sites(&[]).await {
        let heard = listen(&site);
        let mut ada = site.member(ADA).await;
        ok(&ada
            .post(&site, "/auth/mail", json!({ "email": "new@example.com" }))
            .await);
        let (old, new) = (
            site.link_to(ADA, "mail").await,
            site.link_to("new@example.com", "mail").await,
        );

        ok(&ada.post(&site, "/auth/mail/confirm", json!({ "token": old })).await);
        ok(&ada.post(&site, "/auth/mail/confirm", json!({ "token": new })).await);

        let told = heard.wait_for("users.email_changed", 1).await;
        assert_eq!(told[0]["email"], "new@example.com");
        site.stop().await;
    }
}

#[tokio::test]
async fn who_asks_what_is_known_of_them_gets_it_without_secrets() {
    for site in sites(&[]).await {
        let heard = listen(&site);
        let mut ada = site.member(ADA).await;
        let made = ok(&ada.post(&site, "/auth/keys", json!({ "name": "nightly" })).await);
        ok(&ada
            .post(&site, "/auth/mail", json!({ "email": "new@example.com" }))
            .await);
        let user = ok(&ada.get(&site, "/auth/me").await)["id"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let asked = privacy::ExportRequested {
            export: site.service.context().ids().v7(),
            user,
        };

        let auth = site.auth();
        let tx = auth.db.begin().await.unwrap();
        auth.events.publish(&tx, &asked, &Cause::default()).await.unwrap();
        tx.commit().await.unwrap();

        let part = &heard.wait_for("privacy.export_part", 1).await[0];
        assert_eq!(
            (&part["service"], &part["data"]["account"]["email"]),
            (&json!("auth"), &json!(ADA))
        );
        assert_eq!(part["data"]["apiKeys"][0]["name"], "nightly");
        assert_eq!(part["data"]["devices"].as_array().unwrap().len(), 1);
        assert_eq!(part["data"]["mailChange"]["email"], "new@example.com");
        let text = part.to_string();
        assert!(!text.contains(made["key"].as_str().unwrap()) && !text.contains("argon2") && !text.contains("hash"));
        site.stop().await;
    }
}

#[tokio::test]
async fn the_audit_log_learns_who_came_how_who_left_and_who_gave_a_wrong_code() {
    for site in sites(&[]).await {
        let heard = listen(&site);
        let mut ada = site.member(ADA).await;
        let me = ok(&ada.get(&site, "/auth/me").await);
        site.with_totp(&mut ada).await;
        let asked = ok(&Agent::new("203.0.113.66").sign_in(&site, ADA, PASSWORD, "bearer").await);
        let body = json!({ "challenge": asked["secondFactor"]["challenge"], "code": "000000" });

        Agent::new("203.0.113.66").post(&site, "/auth/sign-in/code", body).await;
        ok(&ada.post(&site, "/auth/sign-out", json!({})).await);

        let begun = &heard.wait_for("accounts.signed_in", 1).await[0];
        let ended = &heard.wait_for("accounts.session_ended", 1).await[0];
        let refused = &heard.wait_for("accounts.second_factor", 1).await[0];
        assert_eq!(begun["data"], json!({ "session": me["session"], "method": "PASSWORD" }));
        assert_eq!(ended["data"], json!({ "session": me["session"], "why": "signed_out" }));
        assert_eq!(
            (&refused["outcome"], &refused["target_id"]),
            (&json!("refused"), &me["id"])
        );
        assert_eq!(heard.wait_for("accounts.registered", 1).await[0]["target_id"], me["id"]);
        site.stop().await;
    }
}

#[tokio::test]
async fn the_audit_log_learns_who_guesses_within_a_session_and_who_shows_who_they_are() {
    for site in sites(&[]).await {
        let heard = listen(&site);
        let mut ada = site.member(ADA).await;
        let me = ok(&ada.get(&site, "/auth/me").await);
        let wrong = json!({ "currentPassword": OTHER_PASSWORD, "newPassword": OTHER_PASSWORD });

        problem(
            &ada.post(&site, "/auth/confirm", json!({ "password": OTHER_PASSWORD }))
                .await,
            401,
        );
        problem(&ada.put(&site, "/auth/password", wrong).await, 401);
        ok(&ada.post(&site, "/auth/confirm", json!({ "password": PASSWORD })).await);
        site.with_totp(&mut ada).await;
        problem(
            &ada.post(&site, "/auth/confirm", json!({ "code": "000000" })).await,
            401,
        );

        let told = heard.wait_for("accounts.confirmation", 4).await;
        let count = |outcome: &str| told.iter().filter(|told| told["outcome"] == outcome).count();
        assert_eq!((count("refused"), count("done")), (3, 1), "{told:?}");
        assert!(told.iter().all(|told| told["target_id"] == me["id"]));
        site.stop().await;
    }
}
