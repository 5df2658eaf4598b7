//! Other people's accounts: whether they exist, what belongs to them, and how to get into them.

use std::collections::BTreeSet;

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;

use crate::support::{ADA, Agent, BOB, OTHER_PASSWORD, PASSWORD, Person, Provider, Site, ok, problem, sites};

pub(super) const NOBODY: &str = "nobody@example.com";

#[tokio::test]
async fn the_answers_do_not_tell_whether_there_is_an_account() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        are_answered_alike(&site, ADA, NOBODY).await;
        site.stop().await;
    }
}

/// A stranger who tries two addresses is answered the same.
pub(super) async fn are_answered_alike(site: &Site, one: &str, other: &str) {
    let requests = |email: &str| {
        [
            ("/auth/sign-in", json!({ "email": email, "password": OTHER_PASSWORD })),
            ("/auth/register", json!({ "email": email, "password": OTHER_PASSWORD })),
            ("/auth/password/forgot", json!({ "email": email })),
        ]
    };
    for ((path, one), (_, other)) in requests(one).into_iter().zip(requests(other)) {
        let mut answers = Vec::new();
        for body in [one, other] {
            let answer = Agent::new("203.0.113.1").post(site, path, body).await;
            let mut names: BTreeSet<_> = answer.headers.keys().map(ToString::to_string).collect();
            names.remove("x-request-id");
            let mut body = answer.json();
            body["requestId"] = json!(null);
            answers.push((answer.status, names, body));
        }
        assert_eq!(answers[0], answers[1], "{path}");
    }
}

/// The time is the work, and the work is hashes and rows: both are counted, so that no clock can make this flaky.
#[tokio::test]
async fn the_work_does_not_tell_whether_there_is_an_account() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        site.settled().await;
        for (path, body) in [
            ("/auth/sign-in", json!({ "password": OTHER_PASSWORD })),
            ("/auth/register", json!({ "password": OTHER_PASSWORD })),
            ("/auth/password/forgot", json!({})),
        ] {
            let mut work = Vec::new();
            for (email, host) in [(ADA, 1), (NOBODY, 2)] {
                let recorder = PrometheusBuilder::new().build_recorder();
                let counts = recorder.handle();
                let mut body = body.clone();
                body["email"] = email.into();
                let mails = mails_enqueued(&site).await;
                {
                    let _recording = metrics::set_default_local_recorder(&recorder);
                    Agent::new(&format!("203.0.113.{host}")).post(&site, path, body).await;
                }
                let hashes = counts.render();
                let hashes = hashes
                    .lines()
                    .find(|line| line.starts_with("auth_password_hashes_total"));
                let hashes = hashes.map(|line| line.rsplit(' ').next().unwrap().to_owned());
                work.push((hashes, mails_enqueued(&site).await - mails));
            }
            assert_eq!(work[0], work[1], "{path}");
            let expected = (path != "/auth/password/forgot").then(|| "1".to_owned());
            assert_eq!(work[0].0, expected, "{path}");
        }
        site.stop().await;
    }
}

async fn mails_enqueued(site: &Site) -> usize {
    let filter = platform_jobs::Filter {
        kind: Some("auth.mail".into()),
        ..platform_jobs::Filter::default()
    };
    site.auth().jobs.list(&filter, 1_000).await.unwrap().len()
}

#[tokio::test]
async fn nobody_without_an_account_gets_a_mail_about_a_reset() {
    for site in sites(&[]).await {
        ok(&Agent::new("203.0.113.1")
            .post(&site, "/auth/password/forgot", json!({ "email": NOBODY }))
            .await);

        assert!(site.all_mails_to(NOBODY).await.is_empty());
        site.stop().await;
    }
}

#[tokio::test]
async fn who_registered_an_address_learns_nothing_by_trying_to_sign_in() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        let mut attacker = Agent::new("203.0.113.1");
        let register = |email: &str| json!({ "email": email, "password": OTHER_PASSWORD });
        ok(&attacker.post(&site, "/auth/register", register(ADA)).await);
        ok(&attacker.post(&site, "/auth/register", register(NOBODY)).await);

        let known = attacker.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await;
        let unknown = attacker.sign_in(&site, NOBODY, OTHER_PASSWORD, "bearer").await;

        assert_eq!(problem(&known, 401)["detail"], problem(&unknown, 401)["detail"]);
        site.stop().await;
    }
}

#[tokio::test]
async fn fields_that_nobody_asks_for_are_refused() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let id = site.service.context().ids().v7();
        let attempts = [
            (
                "/auth/register",
                json!({ "email": BOB, "password": PASSWORD, "role": "admin" }),
            ),
            (
                "/auth/register",
                json!({ "email": BOB, "password": PASSWORD, "id": id }),
            ),
            (
                "/auth/register",
                json!({ "email": BOB, "password": PASSWORD, "emailVerified": true }),
            ),
            (
                "/auth/sign-in",
                json!({ "email": ADA, "password": PASSWORD, "userId": id }),
            ),
            ("/auth/keys", json!({ "name": "nightly", "accountId": id })),
            ("/auth/keys", json!({ "name": "nightly", "hash": "00" })),
            ("/auth/mail", json!({ "email": BOB, "userId": id })),
            ("/auth/confirm", json!({ "password": PASSWORD, "user": id })),
        ];
        for (path, body) in attempts {
            problem(&ada.post(&site, path, body).await, 422);
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn a_provider_is_believed_about_no_domain_but_those_it_is_trusted_with() {
    for trusted in ["", "example.org", "sub.example.com", "ample.com"] {
        let provider = Provider::start().await;
        let mut settings = provider.settings();
        settings.push(("auth.providers.here.trusted-domains", trusted));
        for site in sites(&settings).await {
            provider.at(site.service.clock());
            let mut ada = site.member(ADA).await;
            for email in [ADA, NOBODY] {
                provider.knows(Person {
                    subject: "attacker",
                    email,
                    is_verified: true,
                });
                let mut browser = Agent::new("203.0.113.1");
                let sent = browser.get(&site, "/auth/oidc/here/start").await;
                let back = provider.agree(sent.header("location"));

                let arrived = browser.get(&site, &back).await;

                problem(&arrived, 403);
                assert!(!browser.cookies.contains_key("access"), "{trusted}");
            }
            assert_eq!(ok(&ada.get(&site, "/auth/me").await)["identities"], 0, "{trusted}");
            site.stop().await;
        }
    }
}

#[tokio::test]
async fn an_address_that_the_provider_has_not_verified_opens_no_account() {
    let provider = Provider::start().await;
    for site in sites(&provider.settings()).await {
        provider.at(site.service.clock());
        provider.knows(Person {
            subject: "attacker",
            email: ADA,
            is_verified: false,
        });
        let mut ada = site.member(ADA).await;

        for email in [ADA, NOBODY] {
            provider.knows(Person {
                subject: "attacker",
                email,
                is_verified: false,
            });
            let mut browser = Agent::new("203.0.113.1");
            let sent = browser.get(&site, "/auth/oidc/here/start").await;
            let back = provider.agree(sent.header("location"));

            let arrived = browser.get(&site, &back).await;

            problem(&arrived, 403);
            assert!(!browser.cookies.contains_key("access"));
        }
        assert_eq!(ok(&ada.get(&site, "/auth/me").await)["identities"], 0);
        site.stop().await;
    }
}

#[tokio::test]
async fn an_account_cannot_be_prepared_for_whoever_owns_the_address() {
    let provider = Provider::start().await;
    for site in sites(&provider.settings()).await {
        provider.at(site.service.clock());
        provider.knows(Person {
            subject: "ada",
            email: ADA,
            is_verified: true,
        });
        // The attacker registers the victim's address; the victim gets the mail and thinks nothing of it.
        let token = site.registered(ADA).await;
        let mut victim = Agent::new("192.0.2.1");
        let sent = victim.get(&site, "/auth/oidc/here/start").await;
        let back = provider.agree(sent.header("location"));
        assert_eq!(victim.get(&site, &back).await.status, 303);

        let attacker = Agent::new("203.0.113.1").sign_in(&site, ADA, PASSWORD, "bearer").await;
        let body = json!({ "token": token, "password": PASSWORD });
        let followed = Agent::new("192.0.2.1").post(&site, "/auth/register/verify", body).await;

        problem(&attacker, 401);
        problem(&followed, 409);
        assert_eq!(ok(&victim.get(&site, "/auth/me").await)["hasPassword"], false);
        site.stop().await;
    }
}

#[tokio::test]
async fn the_link_of_a_registration_is_worth_nothing_without_its_password() {
    for site in sites(&[]).await {
        let token = site.registered(ADA).await;
        let mut victim = Agent::new("192.0.2.1");

        for _ in 0..10 {
            let body = json!({ "token": token, "password": OTHER_PASSWORD });
            problem(&victim.post(&site, "/auth/register/verify", body).await, 401);
        }
        let right = json!({ "token": token, "password": PASSWORD });
        let after_too_many = victim.post(&site, "/auth/register/verify", right).await;

        problem(&after_too_many, 400);
        site.stop().await;
    }
}
