//! What is left of an account that was suspended twice, or given back to its owner.

use std::time::Duration;

use auth::{account, administration, revocation};
use serde_json::json;

use crate::{
    administration::{ALL, administrator, id_of, judged, reinstate, suspend},
    keys, providers, resets,
    support::{ADA, Agent, OTHER_PASSWORD, PASSWORD, granted, ok, problem},
    told,
};

#[tokio::test]
async fn a_key_whose_owner_is_suspended_again_is_over_until_its_last_token_is() {
    let (_, judge, sites) = judged().await;
    for site in sites {
        let mut bob = administrator(&site, &judge, &ALL).await;
        let mut ada = site.member(ADA).await;
        let id = id_of(&site, &mut ada).await;
        let key = keys::key(&site, &mut ada, json!({ "name": "nightly" })).await;
        ok(&suspend(&site, &mut bob, &id).await);
        ok(&reinstate(&site, &mut bob, &id).await);
        site.wait(Duration::from_secs(4 * 60));
        granted(&bob.renew(&site).await);
        let token = ok(&keys::asked(&site, "/internal/key-tokens", json!({ "key": key["key"] })).await);

        ok(&suspend(&site, &mut bob, &id).await);

        let over = revocation::since(&site.auth(), 0).await.unwrap().revoked;
        let key: uuid::Uuid = key["id"].as_str().unwrap().parse().unwrap();
        let until = over.iter().find(|over| over.session == key).unwrap().until;
        assert!(until >= token["expiresAt"].as_i64().unwrap());
        site.stop().await;
    }
}

#[tokio::test]
async fn an_operator_gives_an_account_back_to_who_reads_its_mail() {
    let (provider, _, sites) = judged().await;
    for site in sites {
        let heard = told::listen(&site);
        let (mut ada, mut added) = resets::added(&site, &provider).await;
        site.with_totp(&mut ada).await;
        let auth = site.auth();
        let account = account::by_email(auth.db.read(), ADA).await.unwrap().unwrap();

        let removed = administration::recover(&auth, account.id).await.unwrap();

        let removed = json!(removed);
        assert_eq!(
            removed,
            json!({ "sessions": 1, "codes": true, "keys": 1, "passkeys": 1, "identities": 1 })
        );
        let told = heard.wait_for("accounts.recovered", 1).await.remove(0);
        assert_eq!((&told["actor"], &told["data"]), (&json!("service:operator"), &removed));
        problem(&ada.get(&site, "/auth/me").await, 401);
        assert_eq!(resets::tried(&site, &provider, &mut added).await, [false; 3]);
        let mut agent = Agent::new("203.0.113.9");
        problem(&agent.sign_in(&site, ADA, PASSWORD, "bearer").await, 401);
        site.mails_to(ADA, "took away everything that opened your account")
            .await;
        ok(&agent
            .post(&site, "/auth/password/forgot", json!({ "email": ADA }))
            .await);
        let body = json!({ "token": site.link_to(ADA, "reset").await, "password": OTHER_PASSWORD });
        assert_eq!(agent.post(&site, "/auth/password/reset", body).await.status, 204);
        // No code is asked for, and nothing is left that opened it.
        granted(&agent.sign_in(&site, ADA, OTHER_PASSWORD, "bearer").await);
        let overview = administration::overview(auth.db.read(), &account, auth.context.clock().now()).await;
        let overview = json!(overview.unwrap());
        for gone in ["recoveryCodesLeft", "passkeys", "identities", "apiKeys"] {
            assert_eq!(overview[gone], 0, "{overview}");
        }
        assert_eq!(overview["asksForCodes"], false);
        assert_eq!(
            providers::sign_in(&site, &provider, &mut Agent::new("203.0.113.10"))
                .await
                .status,
            403
        );
        site.stop().await;
    }
}
