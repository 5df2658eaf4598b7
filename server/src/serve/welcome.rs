//! What `hansa up` says once it listens: where everything is, and what to try there.

use auth::store::Auth;
use financial_data::store::Store;
use platform_service::Running;

use super::SERVICE;
use crate::{
    demo,
    failure::Result,
    gateway::GATEWAY,
    seed::{self, Account},
    table,
};

/// All of it.
pub(super) async fn text(running: &Running, loaded: Option<&demo::Loaded>) -> Result<String> {
    let data = running
        .context(SERVICE)
        .map(|context| context.data_dir().display().to_string())
        .unwrap_or_default();
    let mut text = String::new();
    if let Some(url) = running.url(SERVICE) {
        text += &format!("hansa listens on {url} and keeps its data in {data}\n");
    }
    if let Some(url) = running.url(GATEWAY) {
        text += &format!("the gateway listens on {url}/graphql\n");
    }
    for service in running
        .addresses()
        .keys()
        .filter(|name| ![SERVICE, GATEWAY].contains(name))
    {
        let url = running.url(service).unwrap_or_default();
        text += &format!("{service} listens on {url}\n");
    }
    if let Some(demo::Loaded { series, vintages, new }) = loaded {
        let (vintages, new) = (table::count(*vintages as u64), table::count(*new));
        text += &format!("demo: {series} series with {vintages} vintages, {new} revisions of them new\n");
    }
    if let Some(url) = running.url(SERVICE) {
        let has_demo = running
            .store::<Store>(SERVICE)
            .is_some_and(|store| store.find("GDP", Some("FRED")).is_ok());
        text += &things_to_try(&url, has_demo);
    }
    if let (Some(url), Some(accounts)) = (running.url("auth"), running.store::<Auth>("auth")) {
        let address = format!("{url}/auth");
        text += &match seed::made(&accounts).await? {
            Some(account) => how_to_sign_in(&address, &account),
            None => how_to_register(&address, &accounts.context.data_dir().display().to_string()),
        };
    }
    Ok(text)
}

fn how_to_sign_in(auth: &str, Account { email, password, .. }: &Account) -> String {
    format!(
        r#"
Sign in with an account of `hansa seed`; the answer has a token for the header `authorization: Bearer …`:
  curl {auth}/sign-in -H 'content-type: application/json' -d '{{"email": "{email}", "password": "{password}"}}'
"#
    )
}

fn how_to_register(auth: &str, data: &str) -> String {
    let account = r#"{"email": "ada@example.com", "password": "a quiet harbour at dawn"}"#;
    format!(
        r#"
Register, follow the link in the mail (without a mail server it is a file in {data}/mail), and sign in:
  curl {auth}/register -H 'content-type: application/json' -d '{account}'
  curl {auth}/sign-in -H 'content-type: application/json' -d '{account}'
The answer has a token for the header `authorization: Bearer …`. Ready accounts come with: hansa seed --data {data}
"#
    )
}

fn things_to_try(address: &str, has_demo: bool) -> String {
    let rest = format!("{address}/api/v1/financial-data");
    match has_demo {
        true => format!(
            r#"
The first quarter of 2020 as known on 30 April 2020, then everything that was published of it:
  curl '{rest}/series/GDP/points?as_of=2020-04-30&start=2020-01-01&format=csv'
  curl '{rest}/series/GDP/points?revisions=all&start=2020-01-01&end=2020-01-01&format=csv'
And by GraphQL:
  curl {address}/graphql -H 'content-type: application/json' -d '{{"query": "{{ financialSeries(id: \"GDP\") {{ title units latest {{ date value revisionDate }} }} }}"}}'
"#
        ),
        false => format!(
            r#"
Store a value, read it back, see what there is:
  curl '{rest}/bulk?source=mine' -H 'content-type: application/json' -d '[{{"series_id": "rate", "date": "2026-01-01", "value": "2.25"}}]'
  curl '{rest}/series/mine:rate/points?format=csv'
  curl '{rest}/series'
Real vintages to try things on come with: hansa up --demo
"#
        ),
    }
}
