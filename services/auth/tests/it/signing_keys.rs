//! The keys that sign tokens: published before they sign, retired, refused, rotated by several processes.

use std::time::Duration;

use auth::{
    sealed,
    signing_key::{self, Old},
    totp,
};
use platform_crypto::{KeyRing, KeySettings, RingFile};
use platform_database::orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryOrder, Set};
use serde_json::Value;

use crate::support::{ADA, Agent, BOB, PASSWORD, Site, bytes_in, ok, sites};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn two_keys_are_published_and_the_next_one_signs_when_its_time_has_come() {
    for site in sites(&[]).await {
        let auth = site.auth();
        let before = ids(&site).await;
        let mut ada = site.member(ADA).await;
        assert_eq!(before.len(), 2);
        assert_eq!(kid(&ada), before[0]);

        site.wait(31 * DAY);
        signing_key::tend(&auth).await.unwrap();
        ada.access = None;
        ada.refresh = None;
        ok(&ada.sign_in(&site, ADA, PASSWORD, "bearer").await);

        let after = ids(&site).await;
        assert_eq!(kid(&ada), before[1]);
        assert!(after.contains(&before[0]) && after.contains(&before[1]) && after.len() == 3);
        ok(&ada.get(&site, "/auth/me").await);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_key_that_retired_verifies_until_its_tokens_are_gone() {
    for site in sites(&[]).await {
        let auth = site.auth();
        let mut ada = site.member(ADA).await;
        let old = kid(&ada);
        site.wait(MINUTE);

        signing_key::rotate(&auth, Old::Verifies).await.unwrap();
        ok(&ada.get(&site, "/auth/me").await);
        let between = ids(&site).await;
        site.wait(20 * MINUTE);
        signing_key::tend(&auth).await.unwrap();

        assert!(between.contains(&old));
        let after = ids(&site).await;
        assert!(!after.contains(&old) && after.len() == 2, "{after:?}");
        site.stop().await;
    }
}

#[tokio::test]
async fn a_key_that_leaked_can_be_refused_at_once() {
    for site in sites(&[]).await {
        let auth = site.auth();
        let mut ada = site.member(ADA).await;
        let old = kid(&ada);
        site.wait(MINUTE);

        signing_key::rotate(&auth, Old::Refused).await.unwrap();
        ada.access = None;
        ok(&ada.renew(&site).await);

        assert!(!ids(&site).await.contains(&old));
        assert_ne!(kid(&ada), old);
        ok(&ada.get(&site, "/auth/me").await);
        site.stop().await;
    }
}

/// Two processes on one database: the second one rotates, the first one is told nothing.
#[tokio::test]
async fn a_rotation_by_another_process_is_seen_within_seconds() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let old = kid(&ada);
        let other = auth::store::Auth::open(site.service.context()).await.unwrap();
        site.wait(MINUTE);

        let new = signing_key::rotate(&other, Old::Refused).await.unwrap();
        site.wait(Duration::from_secs(5));
        ada.access = None;
        ok(&ada.renew(&site).await);

        assert_eq!(kid(&ada), new);
        assert_ne!(old, new);
        assert_eq!(ids(&site).await.len(), 2);
        site.stop().await;
    }
}

#[tokio::test]
async fn processes_that_rotate_at_the_same_time_leave_one_that_signs_and_one_that_follows() {
    for site in sites(&[]).await {
        let other = auth::store::Auth::open(site.service.context()).await.unwrap();
        let auth = site.auth();

        for _ in 0..5 {
            site.wait(MINUTE);
            let (here, there) = futures::join!(
                signing_key::rotate(&auth, Old::Refused),
                signing_key::rotate(&other, Old::Refused)
            );
            here.unwrap();
            there.unwrap();
        }

        let keys = signing_key::all(auth.db.read()).await.unwrap();
        let now = site.service.clock().now();
        let to_come = keys.iter().filter(|key| key.signs_from > now).count();
        assert_eq!((keys.len(), to_come), (2, 1));
        site.stop().await;
    }
}

/// The other process has the ring as it is after the next step, and this one as it is before.
#[tokio::test]
async fn what_an_older_key_of_the_ring_sealed_is_sealed_anew_beside_a_process_that_does_not_know_yet() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        site.with_totp(&mut ada).await;
        let auth = site.auth();
        let file = RingFile::in_folder(site.service.folder());
        file.add(None, site.service.context().random()).unwrap();
        let behind = ring(&site);
        file.promote().unwrap();
        let ahead = ring(&site);
        let by_key = async || sealed::by_key(&auth.db, &ahead).await.unwrap();
        assert_eq!(by_key().await, [("k1".into(), 3)].into());

        let anew = sealed::anew(&auth.db, &ahead).await.unwrap().sealed;
        let undone = sealed::anew(&auth.db, &behind).await.unwrap().sealed;

        assert_eq!((anew, undone), (3, 0));
        assert_eq!(by_key().await, [("k2".into(), 3)].into());
        site.stop().await;
    }
}

#[tokio::test]
async fn a_secret_that_no_key_opens_keeps_no_other_from_being_sealed_anew_and_no_key_in_the_ring() {
    for site in sites(&[]).await {
        for mail in [ADA, BOB] {
            let mut agent = site.member(mail).await;
            site.with_totp(&mut agent).await;
        }
        let auth = site.auth();
        let codes = totp::Entity::find().order_by_asc(totp::Column::AccountId);
        let codes = codes.all(auth.db.read()).await.unwrap();
        // A secret opens in its own row alone.
        let mut lost = codes[0].clone().into_active_model();
        lost.secret = Set(codes[1].secret.clone());
        let tx = auth.db.begin().await.unwrap();
        lost.update(&tx).await.unwrap();
        tx.commit().await.unwrap();
        let file = RingFile::in_folder(site.service.folder());
        file.add(None, site.service.context().random()).unwrap();
        file.promote().unwrap();

        let anew = sealed::anew(&auth.db, &ring(&site)).await.unwrap();

        assert_eq!((anew.sealed, anew.unopened), (3, 1));
        let by_key = sealed::by_key(&auth.db, &ring(&site)).await.unwrap();
        assert_eq!(by_key, [("k2".into(), 3)].into());
        site.stop().await;
    }
}

#[tokio::test]
async fn the_schedule_tends_the_keys() {
    for site in sites(&[]).await {
        let before = ids(&site).await;

        site.wait(31 * DAY);

        while ids(&site).await.len() < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(ids(&site).await.contains(&before[1]));
        site.stop().await;
    }
}

#[tokio::test]
async fn signing_keys_are_sealed_at_rest() {
    for site in sites(&[]).await {
        let stored = bytes_in(&site, "signing_keys", "sealed").await;

        assert_eq!(stored.len(), 2);
        for sealed in stored {
            assert!(platform_crypto::SigningKey::from_pkcs8(&sealed).is_err());
            // Every PKCS#8 document of such a key has the algorithm's name in it.
            assert!(!sealed.windows(5).any(|window| window == [0x06, 0x03, 0x2b, 0x65, 0x70]));
        }
        site.stop().await;
    }
}

/// The ring as it is in the folder now.
fn ring(site: &Site) -> KeyRing {
    let random = site.service.context().random();
    KeyRing::open(&KeySettings::default(), site.service.folder(), random).unwrap()
}

async fn ids(site: &Site) -> Vec<String> {
    let answer = site.service.get("/.well-known/jwks.json").await;
    assert!(answer.header("cache-control").contains("max-age"));
    let set = ok(&answer);
    assert!(!set.to_string().contains("\"d\""));
    set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// The id of the key that signed somebody's token.
fn kid(agent: &Agent) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let header = agent.access.as_ref().unwrap().split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}
