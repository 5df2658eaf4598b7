//! The public audit of federation gateways (graphql-hive/federation-gateway-audit), whose own server has the subgraphs and
//! the cases. It is no package: [the gateway's page](../../../../docs/gateway.md#conformance) says how to start it.

use std::io::Write;

use federation_composition::{Subgraph, compose};
use federation_gateway::{Peers, Settings, Supergraph};
use platform_http::{Client, ClientSettings};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::support::TestGateway;

/// What is not passed: the suite, the number of the case, and why.
const NOT_PASSED: [(&str, usize, &str); 2] = [
    ("partial-union-complex", 0, UNEQUAL_ANSWERS),
    ("partial-union-complex", 1, UNEQUAL_ANSWERS),
];

/// Federation demands the same value from every subgraph that resolves a shareable field; here they differ.
const UNEQUAL_ANSWERS: &str = "of a union in a shareable field only the members are asked for that all subgraphs know";

/// The audit's server.
struct Audit {
    url: String,
    client: Client,
}

#[derive(Deserialize)]
struct Part {
    name: String,
    url: String,
    sdl: String,
}

#[derive(Deserialize)]
struct Case {
    query: String,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: bool,
}

impl Audit {
    #[expect(clippy::disallowed_methods, reason = "a test finds its peers by the environment")]
    fn given() -> Option<Self> {
        let url = std::env::var("HANSA_AUDIT").ok();
        if url.is_none() {
            // Not through the test harness's capture: what is skipped must be seen in a run that passes.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: HANSA_AUDIT does not say where the audit is served"
            );
        }
        let client = Client::new(&ClientSettings::default()).expect("a client can be made");
        url.map(|url| Self { url, client })
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.client.get(&format!("{}{path}", self.url)).send().await;
        answer
            .expect("the audit answers")
            .json()
            .await
            .expect("it answers as it used to")
    }

    /// What its subgraphs compose to, served; or why that is not possible.
    async fn gateway(&self, suite: &str) -> Result<TestGateway, String> {
        let parts: Vec<Part> = self.get(&format!("/{suite}/subgraphs")).await;
        let subgraphs: Vec<_> = parts
            .into_iter()
            .map(|Part { name, url, sdl }| Subgraph { name, url, sdl })
            .collect();
        let sdl = compose(&subgraphs)
            .map_err(|errors| format!("{errors:?}"))?
            .supergraph_sdl;
        Supergraph::parse(&sdl).map_err(|error| error.to_string())?;
        Ok(TestGateway::start(&sdl, Settings::default(), Peers::new()).await)
    }

    /// The numbers of the cases that are not passed, each with what came instead.
    async fn failures(&self, suite: &str) -> Vec<(usize, String)> {
        let cases: Vec<Case> = self.get(&format!("/{suite}/tests")).await;
        let gateway = match self.gateway(suite).await {
            Ok(gateway) => gateway,
            Err(error) => return (0..cases.len()).map(|number| (number, error.clone())).collect(),
        };
        let mut failures = Vec::new();
        for (number, Case { query, expected }) in cases.into_iter().enumerate() {
            let answer = gateway.run(&query).await;
            let failed = answer["errors"].as_array().is_some_and(|errors| !errors.is_empty());
            if answer["data"] != expected.data || failed != expected.errors {
                failures.push((number, format!("{query}\nexpected {}\n{answer}", expected.data)));
            }
        }
        failures
    }
}

#[tokio::test]
async fn all_cases_of_the_public_audit_pass_but_those_listed_here() {
    let Some(audit) = Audit::given() else { return };
    let suites: Vec<String> = audit.get("/ids").await;

    let (mut failed, mut told) = (Vec::new(), String::new());
    for suite in &suites {
        for (number, came) in audit.failures(suite).await {
            told += &format!("{suite} {number}: {came}\n");
            failed.push((suite.as_str(), number));
        }
    }

    let listed = NOT_PASSED.iter().map(|(suite, number, _)| (*suite, *number));
    let served = listed.filter(|(suite, _)| suites.iter().any(|served| served == suite));
    assert_eq!(failed, served.collect::<Vec<_>>(), "{told}");
}
