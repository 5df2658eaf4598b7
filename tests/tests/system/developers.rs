//! The reason this system exists: two developers with people of their own beside one shared financial data service.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use platform_http::Method;
use serde_json::{Value, json};
use system_tests::{Process, Server, seed, send};

const JOINED: &str = "{ me { name financialSeries { id name latest { value } } } }";

/// A developer's own process: people, sign-in and permissions here, financial data elsewhere.
struct Developer {
    auth: String,
    /// The gateway where there is one, else the service of people itself.
    asked: String,
    _process: Process,
}

impl Developer {
    async fn start(home: &Path, shared: &str, federated: bool) -> Self {
        seed(home, &[]);
        let only = format!("up --only users,auth,security --with financial-data={shared}");
        let ports = "--gateway-port 0 --set auth.port=0 --set users.port=0 --set security.port=0";
        let mut arguments: Vec<_> = only.split(' ').chain(ports.split(' ')).collect();
        arguments.extend((!federated).then_some("--no-gateway"));
        let mut process = Process::start(home, &arguments);
        Self {
            auth: process.address("auth").await,
            asked: process.address(if federated { "gateway" } else { "users" }).await,
            _process: process,
        }
    }

    /// Signs in with a seeded account and gives back the token.
    async fn sign_in(&self) -> String {
        let (token, _) = system_tests::sign_in(&self.auth, "analyst", "correct-horse-economic-2").await;
        token
    }

    async fn ask(&self, token: &str, query: &str) -> Value {
        let url = format!("{}/graphql", self.asked);
        send(Method::POST, &url, token, &json!({ "query": query })).await.1
    }

    /// Saves a series, once the profile of the account has arrived.
    async fn save(&self, token: &str, series: &str) {
        let query = format!("mutation {{ saveSeries(series: \"{series}\") {{ note }} }}");
        let started = Instant::now();
        loop {
            let answer = self.ask(token, &query).await;
            if answer["errors"].is_null() {
                return;
            }
            let is_early = answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE";
            assert!(is_early && started.elapsed() < Duration::from_secs(30), "{answer}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn shared(home: &Path) -> Server {
    let server = Server::start(home, None).await;
    let rows =
        "series_id,date,value,revision_date\nGDP,2020-01-01,21537.94,2020-04-29\nGDP,2020-04-01,19408.759,2020-07-30\n";
    let (status, body) = server.upload(rows).await.unwrap();
    assert_eq!(status, 200, "{body}");
    server
}

async fn points(server: &Server) -> String {
    let path = "/api/v1/financial-data/series/TEST:GDP/points?revisions=all&format=csv";
    server.get(path).await.unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn two_developers_share_financial_data_and_nothing_else() {
    let (common, first, second) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let financial = shared(common.path()).await;
    let before = points(&financial).await;
    let (ada, bob) = tokio::join!(
        Developer::start(first.path(), &financial.url, true),
        Developer::start(second.path(), &financial.url, true)
    );

    // Each joins their own people with the shared data, across the network.
    let (of_ada, of_bob) = (ada.sign_in().await, bob.sign_in().await);
    ada.save(&of_ada, "TEST:GDP").await;
    bob.save(&of_bob, "TEST:GDP").await;
    let joined = ada.ask(&of_ada, JOINED).await;
    let series = &joined["data"]["me"]["financialSeries"][0];
    assert_eq!(series["latest"]["value"], "19408.759", "{joined}");
    assert_eq!(joined["data"]["me"]["name"], "Anna Analyst");
    let owned = ada.ask(&of_ada, "{ financialSeries(id: \"TEST:GDP\") { id } }").await;
    assert_eq!(series["id"], owned["data"]["financialSeries"]["id"], "{owned}");

    // The token of one is nothing to the other.
    let stranger = bob.ask(&of_ada, JOINED).await;
    assert_eq!(
        stranger["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
        "{stranger}"
    );

    // One wipes and seeds their people again.
    drop(ada);
    std::fs::remove_dir_all(first.path()).unwrap();
    std::fs::create_dir(first.path()).unwrap();
    let ada = Developer::start(first.path(), &financial.url, true).await;
    let again = ada.sign_in().await;
    ada.save(&again, "TEST:GDP").await;

    assert_eq!(points(&financial).await, before);
    let unnoticed = bob.ask(&of_bob, JOINED).await;
    assert_eq!(
        unnoticed["data"]["me"]["financialSeries"][0]["latest"]["value"], "19408.759",
        "{unnoticed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_federation_each_service_answers_alone_and_one_wipe_is_still_unnoticed() {
    const MINE: &str = "{ me { financialSeries { id } } }";
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [common, first, second] = &folders;
    let financial = shared(common.path()).await;
    let before = points(&financial).await;
    let (ada, bob) = tokio::join!(
        Developer::start(first.path(), &financial.url, false),
        Developer::start(second.path(), &financial.url, false)
    );
    let of_bob = bob.sign_in().await;
    bob.save(&of_bob, "TEST:GDP").await;

    drop(ada);
    std::fs::remove_dir_all(first.path()).unwrap();
    std::fs::create_dir(first.path()).unwrap();
    let ada = Developer::start(first.path(), &financial.url, false).await;
    let own = ada.ask(&ada.sign_in().await, MINE).await;
    let unnoticed = bob.ask(&of_bob, MINE).await;

    assert_eq!(own["data"]["me"]["financialSeries"], json!([]), "{own}");
    let id = unnoticed["data"]["me"]["financialSeries"][0]["id"].as_str();
    let id = id.unwrap_or_else(|| panic!("{unnoticed}"));
    let (status, series) = financial
        .get(&format!("/api/v1/financial-data/series/{id}"))
        .await
        .unwrap();
    assert_eq!(status, 200, "{series}");
    assert_eq!(points(&financial).await, before);
}
