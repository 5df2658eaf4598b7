//! A private nats-server with JetStream that lives as long as the test, and can be killed and started again.

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::binaries::{Watched, find, free_port, missing};

/// A NATS server of its own: own port, own folder.
pub struct TestNats {
    port: u16,
    store: TempDir,
    server: Option<Watched>,
}

impl TestNats {
    /// Starts a server. `None` where nats-server is not installed.
    ///
    /// # Panics
    /// When nats-server is not installed and the environment has `CI`, or when it does not start.
    pub async fn start() -> Option<Self> {
        let mut nats = Self {
            port: free_port(),
            store: tempfile::tempdir().expect("a temporary folder can be made"),
            server: None,
        };
        nats.launch().await.then_some(nats)
    }

    /// The server's URL.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Ends the server as `kill -9` does. What it has acknowledged is on disk.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Starts the server again after [`TestNats::kill`].
    ///
    /// # Panics
    /// When it does not start.
    pub async fn revive(&mut self) {
        assert!(self.launch().await, "nats-server was here a moment ago");
    }

    async fn launch(&mut self) -> bool {
        let Some(binary) = find("nats-server", vec!["/usr/sbin".into()]) else {
            missing("NATS", "install it, for instance with apt-get install nats-server");
            return false;
        };
        let (binary, store) = (binary.display().to_string(), self.store.path().display().to_string());
        let port = self.port.to_string();
        let line = [&binary, "-js", "-sd", &store, "-a", "127.0.0.1", "-p", &port];
        // The folder of the log goes with the server; what it stores stays.
        let folder = tempfile::tempdir().expect("a temporary folder can be made").keep();
        let server = Watched::start(folder, "KILL", &line);
        server
            .wait_until(async || TcpStream::connect(("127.0.0.1", self.port)).await.is_ok())
            .await;
        self.server = Some(server);
        true
    }
}
