//! What replicas keep of people, and how they hear that it has changed. Their clocks stand nearly still: nothing becomes
//! old by itself.

use contracts::users::{Deleted, EmailChanged};
use serde_json::json;
use tonic::Code;

use crate::{grpc::profile, support::Users};

#[tokio::test]
async fn a_changed_profile_is_seen_by_every_replica() {
    let Some(([one, other], _redis)) = Users::replicas().await else {
        return;
    };
    let (ada, bob) = (one.person("ada").await, one.person("bob").await);
    let name = async |users: &Users| {
        let query = "query ($id: ID!) { user(id: $id) { name } }";
        users.data(&bob, query, json!({ "id": ada.id })).await["user"]["name"].clone()
    };
    assert_eq!((name(&one).await, name(&other).await), (json!("ada"), json!("ada")));

    let change = "mutation { updateProfile(input: { name: \"Countess\" }) { name } }";
    one.data(&ada, change, json!({})).await;

    assert_eq!(name(&one).await, "Countess", "whoever wrote it reads it");
    other
        .until("the other hears of it", async || name(&other).await == "Countess")
        .await;
}

#[tokio::test]
async fn what_an_event_changes_is_forgotten_by_every_replica() {
    let Some((replicas, _redis)) = Users::replicas().await else {
        return;
    };
    let ada = replicas[0].person("ada").await;
    let token = replicas[0].issuer.service("reports", "users");
    let email = async |users: &Users| profile(users, &token, &ada.id.to_string()).await.map(|found| found.0);
    for users in &replicas {
        assert_eq!(email(users).await, Ok("ada@example.com".into()));
    }

    let changed = EmailChanged {
        user: ada.id,
        email: "countess@example.com".into(),
    };
    replicas[0].tell(&changed).await;
    for users in &replicas {
        let is_new = async || email(users).await == Ok("countess@example.com".into());
        users.until("it hears of the new address", is_new).await;
    }

    replicas[1].tell(&Deleted { user: ada.id }).await;
    for users in &replicas {
        let is_gone = async || email(users).await == Err(Code::NotFound);
        users.until("it hears that she is gone", is_gone).await;
    }
}
