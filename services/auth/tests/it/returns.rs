//! What is shown to who goes to a provider, or comes back from it, in vain.

use platform_testing::{Answer, Log};
use tracing::Level;

use crate::{
    providers::{depart, sign_in, with_provider},
    support::{Agent, Provider, Site, problem, sites},
};

/// What a browser says that goes to a page.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
/// A path of this site that would be a script, were it not for the page's care.
const PLACE: &str = "/charts?\"><script>alert('1')</script>&{words}";

fn browser() -> Agent {
    Agent::new("192.0.2.1").accepting(Some(BROWSER))
}

/// Lets a browser come back with a refusal by the provider.
async fn refused(site: &Site, provider: &Provider, agent: &mut Agent) -> Answer {
    let place: String = PLACE.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let back = depart(site, provider, agent, &format!("?returnTo={place}")).await;
    let (path, sent) = back.split_once('?').unwrap();
    let state = sent.split('&').find(|pair| pair.starts_with("state=")).unwrap();
    let why = "error=access_denied&error_description=%3Cscript%3Ealert(2)%3C/script%3E";
    agent.get(site, &format!("{path}?{why}&{state}")).await
}

/// The text of a page that says why something did not work.
fn page(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("script-src"), "{policy}");
    assert!(!answer.text().contains("<script"), "{}", answer.text());
    answer.text()
}

#[tokio::test]
async fn a_browser_that_comes_back_in_vain_is_told_in_words_and_shown_where_it_wanted_to_go() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        let shown = page(&refused(&site, &provider, &mut browser()).await, 400);

        assert!(
            shown.contains("the provider did not sign you in; begin again."),
            "{shown}"
        );
        let way_on = "<a href=\"http://localhost:8081/charts?&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;{words}\">";
        assert!(shown.contains(way_on), "{shown}");
        site.stop().await;
    }
}

#[tokio::test]
async fn who_would_rather_have_json_gets_a_problem_document() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        for accepts in [
            None,
            Some("*/*"),
            Some("application/json"),
            Some("application/problem+json, text/html;q=0.5"),
        ] {
            let mut program = browser().accepting(accepts);

            let told = problem(&refused(&site, &provider, &mut program).await, 400);

            assert_eq!(told["detail"], "the provider did not sign you in; begin again");
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn a_browser_that_did_not_leave_from_here_is_led_nowhere() {
    let (provider, sites) = with_provider().await;
    for site in sites {
        let (mut attacker, mut victim) = (browser(), browser());
        let back = depart(&site, &provider, &mut attacker, "?returnTo=/attackers").await;
        let nobody = "/auth/oidc/here/callback?state=%3Cscript%3E";
        depart(&site, &provider, &mut victim, "").await;

        for path in [back.as_str(), nobody, "/auth/oidc/elsewhere/callback"] {
            let answer = victim.get(&site, path).await;
            let shown = page(&answer, answer.status.as_u16());

            assert!(answer.status.is_client_error() && !shown.contains("href"), "{shown}");
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn a_browser_that_is_not_sent_to_its_provider_is_told_in_words_too() {
    let (provider, sites) = with_provider().await;
    provider.describes("issuer", "https://elsewhere.example");
    for site in sites {
        let away = browser().get(&site, "/auth/oidc/here/start").await;
        let nowhere = browser()
            .get(&site, "/auth/oidc/here/start?returnTo=//evil.example")
            .await;

        assert!(page(&away, 503).contains("the provider cannot be reached; try again later."));
        assert!(!page(&nowhere, 422).contains("evil"));
        site.stop().await;
    }
}

#[tokio::test]
async fn a_provider_that_does_not_take_our_secret_is_for_the_operator_to_mend() {
    const SECRET: &str = "the secret of last year";
    let log = Log::listen(Level::INFO);
    let provider = Provider::start().await;
    let mut settings = provider.settings();
    settings.retain(|(name, _)| !name.ends_with("client-secret"));
    settings.push(("auth.providers.here.client-secret", SECRET));
    for site in sites(&settings).await {
        let before = log.count("WARN");

        let arrived = sign_in(&site, &provider, &mut Agent::new("192.0.2.1")).await;

        let told = problem(&arrived, 503);
        assert_eq!(
            told["detail"],
            "signing in by this provider does not work now; use another way, or tell those who run this site"
        );
        assert_eq!(log.count("WARN"), before + 1, "{}", log.text());
        site.stop().await;
    }
    let log = log.text();
    assert!(
        log.contains("provider=\"here\"") && log.contains("invalid_client: client-id or client-secret"),
        "{log}"
    );
    assert!(!log.contains(SECRET) && !log.contains("code="), "{log}");
}

#[tokio::test]
async fn a_code_that_the_provider_does_not_know_is_no_fault_of_ours() {
    let log = Log::listen(Level::INFO);
    let (provider, sites) = with_provider().await;
    for site in sites {
        let mut browser = Agent::new("192.0.2.1");
        let back = depart(&site, &provider, &mut browser, "").await;
        let (path, sent) = back.split_once('?').unwrap();
        let state = sent.split('&').find(|pair| pair.starts_with("state=")).unwrap();

        let arrived = browser.get(&site, &format!("{path}?code=made-up&{state}")).await;

        let told = problem(&arrived, 400);
        assert_eq!(told["detail"], "the provider did not accept its own code; begin again");
        site.stop().await;
    }
    assert_eq!(log.count("WARN"), 0, "{}", log.text());
}
