//! A process with nothing but a gateway, on a socket of its own.

use federation_gateway::Source;
use platform_config::Config;
use platform_http::{Client, ClientSettings};
use platform_service::{Clock, Host, Running};
use platform_testing::eventually;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The process.
pub(crate) struct Process {
    pub(crate) running: Running,
    url: String,
    client: Client,
    _folder: TempDir,
}

impl Process {
    /// Starts it with settings as an operator writes them, or says why it does not start.
    pub(crate) async fn start(source: Option<Source>, settings: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let data = folder.path().display().to_string();
        let config = Config::parse(&format!("host.data = {data:?}\ngateway.port = 0\n{settings}"));
        let config = config.expect("the test's settings are TOML");
        let host = Host::new(config, Clock::system()).services([federation_gateway::service(source)]);
        let running = host.start().await.map_err(|error| error.to_string())?;
        Ok(Self {
            url: format!("http://{}", running.addresses()["gateway"]),
            client: Client::new(&ClientSettings::default()).expect("a client can be made"),
            running,
            _folder: folder,
        })
    }

    /// The status and the answer of a path.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.get_as(path, ("accept", "*/*")).await
    }

    /// The same with a header.
    pub(crate) async fn get_as(&self, path: &str, (name, value): (&str, &str)) -> (u16, Value) {
        let request = self.client.get(&format!("{}{path}", self.url)).header(name, value);
        let answer = request.send().await;
        let answer = answer.expect("the gateway answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.expect("the answer is JSON"))
    }

    /// The status and the answer of an operation.
    pub(crate) async fn ask(&self, headers: &[(&str, &str)], query: &str) -> (u16, Value) {
        let post = self.client.post(&format!("{}/graphql", self.url));
        let request = headers
            .iter()
            .fold(post, |request, (name, value)| request.header(*name, *value));
        let answer = request.json(&json!({ "query": query })).send().await;
        let answer = answer.expect("the gateway answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.expect("the answer is JSON"))
    }

    /// Waits until it is ready, and asks.
    pub(crate) async fn served(&self, query: &str) -> Value {
        eventually("the gateway is ready", async || self.get("/readyz").await.0 == 200).await;
        let (_, mut answer) = self.ask(&[], query).await;
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"].take()
    }
}
