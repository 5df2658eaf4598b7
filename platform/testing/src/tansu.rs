//! A private tansu broker, which speaks Kafka's protocol and keeps everything in memory.

use tokio::net::TcpStream;

use crate::binaries::{Watched, find, free_port};

/// A broker of its own that lives as long as the test.
pub struct TestTansu {
    port: u16,
    _broker: Watched,
}

impl TestTansu {
    /// Starts a broker. `None` where tansu is not installed, also where everything else must be tested: it is in no
    /// package manager.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start() -> Option<Self> {
        let binary = find("tansu", Vec::new())?.display().to_string();
        let port = free_port();
        let address = format!("tcp://127.0.0.1:{port}");
        let line = [
            &binary,
            "broker",
            "--listener-url",
            &address,
            "--advertised-listener-url",
            &address,
            "--storage-engine",
            "memory://tansu/",
        ];
        let folder = tempfile::tempdir().expect("a temporary folder can be made").keep();
        let broker = Watched::start(folder, "KILL", &line);
        broker
            .wait_until(async || TcpStream::connect(("127.0.0.1", port)).await.is_ok())
            .await;
        Some(Self { port, _broker: broker })
    }

    /// `host:port` of the broker.
    pub fn broker(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}
