//! What a provider's word is good for.

use serde_json::json;

use crate::{
    providers::{sign_in, tie},
    support::{ADA, Agent, Person, Provider, Site, ok, sites},
};

#[tokio::test]
async fn a_provider_that_is_trusted_with_every_domain_signs_anybody_in() {
    let provider = Provider::start().await;
    let mut settings = provider.settings();
    settings.push(("auth.providers.here.trusted-domains", "*"));
    for site in sites(&settings).await {
        let mut browser = Agent::new("192.0.2.1");

        sign_in(&site, &provider, &mut browser).await;

        assert_eq!(ok(&browser.get(&site, "/auth/me").await)["email"], ADA);
        site.stop().await;
    }
}

#[tokio::test]
async fn whoever_has_added_a_provider_signs_in_by_it_whatever_it_is_trusted_with() {
    let provider = Provider::start().await;
    let mut settings = provider.settings();
    settings.push(("auth.providers.here.trusted-domains", ""));
    for site in sites(&settings).await {
        let mut ada = site.visitor(ADA).await;
        tie(&site, &provider, &mut ada).await;

        let mut elsewhere = Agent::new("192.0.2.9");
        sign_in(&site, &provider, &mut elsewhere).await;

        assert_eq!(ok(&elsewhere.get(&site, "/auth/me").await)["email"], ADA);
        site.stop().await;
    }
}

#[tokio::test]
async fn what_a_provider_calls_a_mail_address_and_is_none_is_not_kept() {
    let provider = Provider::start().await;
    let nonsense: &str = format!("{}@example.com", "a".repeat(1000)).leak();
    for site in sites(&provider.settings()).await {
        provider.knows(Person {
            subject: "sub-1",
            email: nonsense,
            is_verified: false,
        });
        let mut ada = site.visitor(ADA).await;
        tie(&site, &provider, &mut ada).await;

        let tied = ok(&ada.get(&site, "/auth/identities").await);
        assert_eq!(
            (&tied["identities"][0]["provider"], &tied["identities"][0]["email"]),
            (&json!("here"), &json!(null))
        );
        site.stop().await;
    }
}

/// Moves an account to another address, with the links of both mails.
async fn moved(site: &Site, ada: &mut Agent, to: &str) {
    ok(&ada.post(site, "/auth/mail", json!({ "email": to })).await);
    for end in [site.link_to(ADA, "mail").await, site.link_to(to, "mail").await] {
        ok(&ada.post(site, "/auth/mail/confirm", json!({ "token": end })).await);
    }
}

#[tokio::test]
async fn a_provider_that_spoke_for_an_address_opens_nothing_once_the_account_has_another() {
    const NEW: &str = "lovelace@elsewhere.example";
    let provider = Provider::start().await;
    let here = || Person {
        subject: "sub-1",
        email: ADA,
        is_verified: true,
    };
    let names_another = Person {
        email: "x@example.com",
        is_verified: false,
        ..here()
    };
    for site in sites(&provider.settings()).await {
        let mut ada = site.member(ADA).await;
        let account = ok(&ada.get(&site, "/auth/me").await)["id"].clone();
        // It cannot hide by naming another one meanwhile.
        for person in [here(), names_another.clone()] {
            provider.knows(person);
            let mut browser = Agent::new("192.0.2.1");
            sign_in(&site, &provider, &mut browser).await;
            assert_eq!(ok(&browser.get(&site, "/auth/me").await)["id"], account);
        }
        moved(&site, &mut ada, NEW).await;
        provider.knows(here());

        let mut later = Agent::new("192.0.2.2");
        sign_in(&site, &provider, &mut later).await;

        let opened = ok(&later.get(&site, "/auth/me").await);
        assert_eq!(opened["email"], ADA);
        assert_ne!(
            opened["id"], account,
            "an account of its own for who has the address now"
        );
        site.mails_to(NEW, "A provider was removed").await;
        site.stop().await;
    }
}

#[tokio::test]
async fn a_provider_stays_where_the_address_is_only_written_in_another_way() {
    let provider = Provider::start().await;
    for site in sites(&provider.settings()).await {
        let mut ada = site.member(ADA).await;
        sign_in(&site, &provider, &mut Agent::new("192.0.2.1")).await;

        moved(&site, &mut ada, "Ada@example.com").await;

        let mut later = Agent::new("192.0.2.2");
        sign_in(&site, &provider, &mut later).await;
        let opened = ok(&later.get(&site, "/auth/me").await);
        assert_eq!(
            (&opened["email"], &opened["hasPassword"]),
            (&json!("Ada@example.com"), &json!(true))
        );
        assert_eq!(site.all_mails_to("Ada@example.com").await.len(), 1, "the link alone");
        site.stop().await;
    }
}
