//! How much is asked of the database to sign somebody in.

use platform_testing::Tap;

use crate::support::{ADA, Agent, BOB, OTHER_PASSWORD, PASSWORD, Site, granted, problem};

/// What a sign-in reads and writes.
const TABLES: [&str; 6] = [
    "accounts",
    "devices",
    "throttles",
    "sessions",
    "refresh_tokens",
    "totps",
];
/// The account with its device; the counts; and once the password is known, all that follows from it at once.
const MOST: usize = 1 + 3 + 9;

/// A service that does nothing beside what it is asked for, and a tap on its database.
async fn tapped() -> Option<(Tap, Site)> {
    let tap = Tap::start().await?;
    let quiet = [("database.url", tap.url()), ("identity.revocation-poll", "1h")];
    let site = Site::start(&quiet, None).await;
    site.member(ADA).await;
    site.settled().await;
    Some((tap, site))
}

#[tokio::test]
async fn a_sign_in_takes_at_most_thirteen_statements() {
    let Some((tap, site)) = tapped().await else { return };
    let mut agent = Agent::new("198.51.100.7");

    for device in ["one that is not known", "one that is"] {
        tap.empty();
        granted(&agent.sign_in(&site, ADA, PASSWORD, "bearer").await);
        let statements = tap.about(&TABLES);

        assert!(statements.len() <= MOST, "from {device}: {statements:#?}");
        let last = statements.iter().rposition(|statement| statement == "BEGIN").unwrap();
        for table in ["throttles", "sessions", "refresh_tokens", "devices", "event_outbox"] {
            let is_about = |statement: &String| statement.contains(table);
            assert!(statements[last..].iter().any(is_about), "{table}: {statements:#?}");
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn a_sign_in_that_fails_asks_the_same_whether_there_is_such_an_account() {
    let Some((tap, site)) = tapped().await else { return };
    let known = site.member(BOB).await.device;

    for device in [None, known] {
        let mut asked = Vec::new();
        for (host, email) in [(1, ADA), (2, "nobody@example.com")] {
            let mut agent = Agent::new(&format!("198.51.100.{host}"));
            agent.device = device.clone();
            tap.empty();
            problem(&agent.sign_in(&site, email, OTHER_PASSWORD, "bearer").await, 401);
            asked.push(tap.about(&TABLES));
        }

        assert_eq!(asked[0].len(), 4, "{asked:#?}");
        assert_eq!(asked[0], asked[1]);
    }
    site.stop().await;
}
