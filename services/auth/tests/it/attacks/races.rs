//! What happens while something else does: a password that changes while the old one is being compared, and a session
//! that ends while a request of it is under way.

use std::{convert::Infallible, time::Duration};

use auth::{jobs::Forget, store::Auth};
use axum::{
    body::Body,
    http::{Request, header},
};
use futures::{FutureExt, channel::oneshot, future::join_all, stream};
use platform_database::{
    Kind, Tx,
    orm::{ConnectionTrait, Statement},
};
use platform_testing::{Answer, eventually};
use serde_json::{Value, json};

use crate::{
    keys, providers,
    support::{ADA, Agent, Authenticator, OTHER_PASSWORD, PASSWORD, Site, granted, ok, problem, sites},
};

/// What is changed first, and what while somebody waits for it.
type Change<'a> = (&'a str, &'a str);

const NO_PASSWORD: Change<'static> = (
    "update accounts set password_hash = null, password_changed_at = null",
    "select 1",
);
const SIGNED_OUT: Change<'static> = (
    "update sessions set ended_at = now(), ended_why = 'signed_out'",
    "select 1",
);
const UNTIED: Change<'static> = ("select id from accounts for no key update", "delete from identities");
const DELETED: Change<'static> = ("delete from accounts", "select 1");
const MOVED: Change<'static> = (
    "update accounts set email = 'new@example.com', email_key = 'new@example.com'",
    "select 1",
);

/// Changes something without being seen yet, asks, goes on once the question waits for it, or is answered already, and lets
/// it be seen. Only PostgreSQL lets two write at once.
async fn beside_a_change(auth: &Auth, (first, then): Change<'_>, asked: impl Future<Output = Answer>) -> Answer {
    let tx = auth.db.begin().await.unwrap();
    run(&tx, first).await;
    let mut asked = Box::pin(asked.fuse());
    let mut answered = None;
    while answered.is_none() && !is_somebody_waiting(auth).await {
        answered = tokio::time::timeout(Duration::from_millis(10), &mut asked).await.ok();
    }
    run(&tx, then).await;
    tx.commit().await.unwrap();
    match answered {
        Some(answer) => answer,
        None => asked.await,
    }
}

async fn run(tx: &Tx, sql: &str) {
    tx.execute_unprepared(sql).await.unwrap();
}

async fn is_somebody_waiting(auth: &Auth) -> bool {
    let db = auth.db.read();
    let sql = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let waiting = Statement::from_string(db.get_database_backend(), sql);
    db.query_one_raw(waiting).await.unwrap().is_some()
}

#[tokio::test]
async fn a_password_that_changes_while_it_is_compared_signs_nobody_in() {
    for site in sites(&[]).await {
        let auth = site.auth();
        if auth.db.kind() == Kind::Postgres {
            site.member(ADA).await;
            let mut thief = Agent::new("203.0.113.66");

            let answer = beside_a_change(&auth, NO_PASSWORD, thief.sign_in(&site, ADA, PASSWORD, "bearer")).await;

            problem(&answer, 401);
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn a_session_that_ends_while_it_is_renewed_gets_no_tokens_any_more() {
    for site in sites(&[]).await {
        let auth = site.auth();
        if auth.db.kind() == Kind::Postgres {
            let mut thief = site.member(ADA).await;

            let answer = beside_a_change(&auth, SIGNED_OUT, thief.renew(&site)).await;

            problem(&answer, 401);
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn who_knows_only_the_password_of_before_does_not_set_the_next_one() {
    for site in sites(&[]).await {
        let auth = site.auth();
        if auth.db.kind() == Kind::Postgres {
            let mut thief = site.member(ADA).await;
            let body = json!({ "currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD });

            let answer = beside_a_change(&auth, NO_PASSWORD, thief.put(&site, "/auth/password", body)).await;

            problem(&answer, 401);
            let mut agent = Agent::new("192.0.2.1");
            problem(&agent.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await, 401);
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn a_provider_that_speaks_for_an_address_is_not_tied_to_the_account_that_is_leaving_it() {
    let (provider, sites) = providers::with_provider().await;
    for site in sites {
        let auth = site.auth();
        if auth.db.kind() == Kind::Postgres {
            let mut ada = site.member(ADA).await;
            let mut browser = Agent::new("203.0.113.66");

            let arrives = providers::sign_in(&site, &provider, &mut browser);
            let answer = beside_a_change(&auth, MOVED, arrives).await;

            problem(&answer, 400);
            assert_eq!(ok(&ada.get(&site, "/auth/me").await)["identities"], 0);
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn what_was_removed_while_somebody_comes_by_it_is_not_there_and_no_fault_of_ours() {
    let (provider, sites) = providers::with_provider().await;
    for site in sites {
        let auth = site.auth();
        if auth.db.kind() == Kind::Postgres {
            let mut ada = site.visitor(ADA).await;
            providers::tie(&site, &provider, &mut ada).await;
            let mut thief = Agent::new("203.0.113.66");

            let arrives = providers::sign_in(&site, &provider, &mut thief);
            problem(&beside_a_change(&auth, UNTIED, arrives).await, 404);
            let leaves = ada.post(&site, "/auth/sign-out", json!({}));
            problem(&beside_a_change(&auth, DELETED, leaves).await, 404);

            assert!(!thief.cookies.contains_key("access"));
        }
        site.stop().await;
    }
}

/// Whoever resets the password revokes all keys, in this order.
#[tokio::test]
async fn a_key_is_revoked_beside_a_reset_of_the_password_and_neither_fails() {
    for site in sites(&[]).await {
        let auth = site.auth();
        if auth.db.kind() == Kind::Postgres {
            let mut ada = site.member(ADA).await;
            let made = keys::key(&site, &mut ada, json!({ "name": "nightly" })).await;
            let id = made["id"].as_str().unwrap();
            let first = format!(
                "select id from accounts for no key update;
                insert into revocations (session_id, revoked_at, until) values ('{id}', now(), now())"
            );
            let then = "update api_keys set revoked_at = now()";

            let path = format!("/auth/keys/{id}");
            let answer = beside_a_change(&auth, (&first, then), ada.delete(&site, &path)).await;

            problem(&answer, 404);
        }
        site.stop().await;
    }
}

/// Begins requests of a session, and lets their bodies come once all are read from and `meanwhile` is over.
async fn kept_open<const N: usize>(
    site: &Site,
    access: &str,
    requests: [(&str, Value); N],
    meanwhile: impl Future,
) -> Vec<Answer> {
    let (mut begun, mut held, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    for (path, body) in requests {
        let (is_read, read) = oneshot::channel::<()>();
        let (come, comes) = oneshot::channel::<()>();
        let body = stream::once(async move {
            is_read.send(()).unwrap();
            comes.await.unwrap();
            Ok::<_, Infallible>(body.to_string())
        });
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {access}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from_stream(body));
        answers.push(site.service.request(request.unwrap()));
        begun.push(read);
        held.push(come);
    }
    let then = async {
        join_all(begun).await;
        meanwhile.await;
        held.into_iter().for_each(|come| come.send(()).unwrap());
    };
    futures::join!(join_all(answers), then).0
}

#[tokio::test]
async fn what_was_begun_before_the_session_ended_changes_nothing_any_more() {
    for site in sites(&[]).await {
        let mut thief = site.member(ADA).await;
        let secret = ok(&thief.post(&site, "/auth/totp", json!({})).await)["secret"].clone();
        let asked = ok(&thief.post(&site, "/auth/passkeys/begin", json!({})).await);
        let credential = Authenticator::new().register(&asked["options"]);
        let requests = [
            ("/auth/keys", json!({ "name": "kept" })),
            (
                "/auth/totp/confirm",
                json!({ "code": site.code(secret.as_str().unwrap()) }),
            ),
            (
                "/auth/passkeys",
                json!({ "challenge": asked["challenge"], "name": "kept", "credential": credential }),
            ),
            ("/auth/mail", json!({ "email": "thief@example.com" })),
            ("/auth/confirm", json!({ "password": PASSWORD })),
        ];
        let mut ada = Agent::new("192.0.2.1");
        let reset = async {
            ok(&ada.post(&site, "/auth/password/forgot", json!({ "email": ADA })).await);
            let token = site.link_to(ADA, "reset").await;
            let body = json!({ "token": token, "password": OTHER_PASSWORD });
            ok(&ada.post(&site, "/auth/password/reset", body).await);
        };

        let answers = kept_open(&site, thief.access.as_ref().unwrap(), requests, reset).await;

        for answer in &answers {
            problem(answer, 401);
        }
        granted(&ada.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await);
        assert_eq!(ok(&ada.get(&site, "/auth/keys").await)["keys"], json!([]));
        assert_eq!(ok(&ada.get(&site, "/auth/passkeys").await)["passkeys"], json!([]));
        site.stop().await;
    }
}

#[tokio::test]
async fn failures_are_forgotten_beside_an_attempt_that_counts_some_of_them() {
    for site in sites(&[]).await {
        let auth = site.auth();
        if auth.db.kind() == Kind::Postgres {
            site.member(ADA).await;
            granted(&Agent::new("203.0.113.9").sign_in(&site, ADA, PASSWORD, "bearer").await);
            site.wait(Duration::from_secs(25 * 3600));
            let attempt = auth.db.begin().await.unwrap();
            run(
                &attempt,
                "update throttles set count = count + 1 where name like 'address:%'",
            )
            .await;

            let tx = auth.db.begin().await.unwrap();
            auth.jobs.enqueue(&tx, &Forget {}).await.unwrap();
            tx.commit().await.unwrap();

            let left = async || {
                let db = auth.db.read();
                let sql = "select 1 from throttles where name not like 'address:%'";
                let left = Statement::from_string(db.get_database_backend(), sql);
                db.query_all_raw(left).await.unwrap().len()
            };
            assert!(left().await > 0);
            eventually("the others are forgotten", async || left().await == 0).await;
            attempt.commit().await.unwrap();
        }
        site.stop().await;
    }
}
