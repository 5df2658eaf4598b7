//! The machine's own Redis in a process of each test, which may take it away and bring it back.

use tokio::net::TcpStream;

use crate::binaries::{Watched, find, free_port, missing};

/// A Redis of its own, empty at every start.
pub struct TestRedis {
    port: u16,
    program: Option<Watched>,
}

impl TestRedis {
    /// Starts a server. `None` where Redis is not installed.
    ///
    /// # Panics
    /// When Redis is not installed and the environment has `CI`, or when it does not start.
    pub async fn start() -> Option<Self> {
        if find("redis-server", Vec::new()).is_none() {
            missing("Redis", "install it, for instance with apt-get install redis-server");
            return None;
        }
        let mut redis = Self {
            port: free_port(),
            program: None,
        };
        redis.resume().await;
        Some(redis)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Takes it away. What it held is gone.
    pub fn stop(&mut self) {
        self.program = None;
    }

    /// Brings it back under the same address.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn resume(&mut self) {
        let folder = tempfile::tempdir().expect("a temporary folder can be made").keep();
        let (port, directory) = (self.port.to_string(), folder.display().to_string());
        let line = [
            "redis-server",
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ];
        let line: Vec<_> = line.into_iter().chain(["--port", &port, "--dir", &directory]).collect();
        let program = Watched::start(folder.clone(), "TERM", &line);
        let port = self.port;
        program
            .wait_until(async || TcpStream::connect(("127.0.0.1", port)).await.is_ok())
            .await;
        self.program = Some(program);
    }
}
