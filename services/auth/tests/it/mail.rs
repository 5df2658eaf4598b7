//! Mail leaves by SMTP: to whom it should, again when the server asks for that, and never in the clear where TLS is
//! required.

use std::time::Duration;

use auth::store::Auth;
use platform_config::Config;
use platform_jobs::Filter;
use platform_service::{Clock, Context};
use serde_json::json;

use crate::support::{ADA, Agent, BOB, GONE, MailServer, PASSWORD, Site, granted, token_in};

const MINUTE: Duration = Duration::from_secs(60);

async fn register(site: &Site, email: &str) {
    let body = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
    let answer = Agent::new("192.0.2.1").post(site, "/auth/register", body).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
}

async fn verify(site: &Site, token: &str) {
    let body = json!({ "token": token, "password": PASSWORD });
    granted(&Agent::new("192.0.2.1").post(site, "/auth/register/verify", body).await);
}

/// What an operator reads of a mail that was not sent.
async fn told(site: &Site) -> String {
    let mails = Filter {
        kind: Some("auth.mail".into()),
        ..Filter::default()
    };
    loop {
        let jobs = site.auth().jobs.list(&mails, 1).await.unwrap();
        if let Some(told) = jobs.into_iter().find_map(|job| job.last_error) {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_mail_is_handed_to_the_server_with_the_credentials_of_its_url() {
    let server = MailServer::start(0).await;
    let url = format!("smtp://hansa:a%20secret@127.0.0.1:{}", server.port());
    let settings = [
        ("mail.smtp", url.as_str()),
        ("mail.from", "The Harbour <harbour@example.com>"),
    ];
    let site = Site::start(&settings, None).await;
    register(&site, ADA).await;

    let mail = server.first(|| {}).await;

    let envelope = (mail.from.as_str(), mail.to.as_slice());
    assert_eq!(envelope, ("harbour@example.com", &[ADA.to_owned()][..]));
    assert!(
        mail.text.contains("From: \"The Harbour\" <harbour@example.com>\r\n"),
        "{}",
        mail.text
    );
    assert!(
        mail.text.contains("Message-ID: <") && mail.text.contains("Date: "),
        "{}",
        mail.text
    );
    assert!(server.commands().contains(&"AUTH PLAIN  hansa a secret".to_owned()));
    assert!(
        !site.service.folder().join("mail").exists(),
        "no mail is a file where there is a server"
    );
    verify(&site, &token_in(&mail.text, "verify")).await;
    site.stop().await;
}

#[tokio::test]
async fn a_mail_that_the_server_does_not_take_yet_is_sent_later_with_a_link_that_works() {
    let server = MailServer::start(2).await;
    let url = format!("smtp://127.0.0.1:{}", server.port());
    let site = Site::start(&[("mail.smtp", &url)], None).await;
    register(&site, ADA).await;
    let why = told(&site).await;

    let mail = server.first(|| site.wait(MINUTE)).await;

    let tries = server.commands().iter().filter(|said| said.starts_with("MAIL")).count();
    assert_eq!(tries, 3);
    assert_eq!(why, "the mail was not sent: the server (mail.smtp) answered 451");
    verify(&site, &token_in(&mail.text, "verify")).await;
    site.stop().await;
}

#[tokio::test]
async fn no_mail_goes_by_the_connection_of_another_whose_answers_may_be_to_come() {
    let server = MailServer::start(0).await;
    let url = format!("smtp://127.0.0.1:{}", server.port());
    let site = Site::start(&[("mail.smtp", &url)], None).await;
    register(&site, ADA).await;
    server.hears(GONE).await;

    register(&site, BOB).await;
    server.hears("RCPT TO:<bob@example.com>").await;

    let said = server.commands();
    let greetings = said.iter().filter(|said| said.starts_with("EHLO")).count();
    assert_eq!(greetings, 2, "{said:?}");
    assert!(!said.contains(&"NOOP".to_owned()), "{said:?}");
    site.stop().await;
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_to_a_server_without_tls_where_tls_is_required() {
    let server = MailServer::start(0).await;
    let url = format!("smtp://hansa:secret@127.0.0.1:{}?tls=required", server.port());
    let site = Site::start(&[("mail.smtp", &url)], None).await;
    register(&site, ADA).await;

    server.hears(GONE).await;

    let said = server.commands();
    let is_harmless = |said: &String| said.starts_with("EHLO") || said == GONE;
    assert!(said.iter().all(is_harmless), "{said:?}");
    let why = told(&site).await;
    assert!(why.contains("cannot be used") && why.contains("STARTTLS"), "{why}");
    site.stop().await;
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_at_the_start() {
    let site = Site::start(&[], None).await;
    for (key, value) in [("smtp", "mail.example:25"), ("from", "nobody")] {
        let config = Config::parse(&format!("[mail]\n{key} = \"{value}\"")).unwrap();
        let context = Context::standalone("auth", config, Clock::system(), site.service.folder());

        let refused = Auth::open(context).await.err().unwrap().to_string();

        assert!(refused.contains(&format!("mail.{key} must be an address")), "{refused}");
    }
    site.stop().await;
}
