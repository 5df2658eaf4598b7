//! What happens while something else does: a password that changes while the old one is being compared.

use std::time::Duration;

use auth::store::Auth;
use futures::FutureExt;
use platform_database::{
    Kind, Tx,
    orm::{ConnectionTrait, Statement},
};
use platform_testing::Answer;
use serde_json::json;

use crate::support::{ADA, Agent, OTHER_PASSWORD, PASSWORD, problem, sites};

/// Takes the password away without being seen yet, asks, and lets it be seen once the question waits for it, or is
/// answered already. Only PostgreSQL lets two write at once.
async fn beside_a_change(auth: &Auth, asked: impl Future<Output = Answer>) -> Answer {
    let tx = auth.db.begin().await.unwrap();
    run(
        &tx,
        "update accounts set password_hash = null, password_changed_at = null",
    )
    .await;
    let mut asked = Box::pin(asked.fuse());
    let mut answered = None;
    while answered.is_none() && !is_somebody_waiting(auth).await {
        answered = tokio::time::timeout(Duration::from_millis(10), &mut asked).await.ok();
    }
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

            let answer = beside_a_change(&auth, thief.sign_in(&site, ADA, PASSWORD, "bearer")).await;

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

            let answer = beside_a_change(&auth, thief.put(&site, "/auth/password", body)).await;

            problem(&answer, 401);
            let mut agent = Agent::new("192.0.2.1");
            problem(&agent.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await, 401);
        }
        site.stop().await;
    }
}
