//! A stand-in for S3: the `moto` server from PyPI, living as long as the test process.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use platform_http::{Client, ClientSettings, Method};
use tokio::{net::TcpStream, sync::OnceCell};

use crate::binaries::{Watched, command, find, free_port, missing};

static SERVER: OnceCell<Option<Server>> = OnceCell::const_new();
static BUCKETS: AtomicU32 = AtomicU32::new(1);

/// An empty bucket of its own on a server that all tests of a process share.
pub struct TestS3 {
    endpoint: String,
    bucket: String,
}

impl TestS3 {
    /// The region the stand-in lives in.
    pub const REGION: &str = "us-east-1";
    /// A key it takes; it takes any.
    pub const ACCESS_KEY_ID: &str = "test";
    /// A secret it takes; it takes any.
    pub const SECRET_ACCESS_KEY: &str = "test";

    /// Makes a bucket, and starts the server when it is the first. `None` where `moto` is not installed.
    ///
    /// # Panics
    /// When `moto` is not installed and the environment has `CI`, or when it does not start.
    pub async fn start() -> Option<Self> {
        let server = SERVER.get_or_init(Server::start).await.as_ref()?;
        let bucket = format!("test-{}", BUCKETS.fetch_add(1, Relaxed));
        let endpoint = format!("http://127.0.0.1:{}", server.port);
        let client = Client::new(&ClientSettings::default()).expect("a client needs nothing");
        let made = client
            .send(client.request(Method::PUT, &format!("{endpoint}/{bucket}")))
            .await;
        made.expect("a bucket can be made");
        Some(Self { endpoint, bucket })
    }

    /// The server's address, for instance `http://127.0.0.1:5000`. Buckets are in the path.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }
}

struct Server {
    port: u16,
    program: Watched,
}

impl Server {
    async fn start() -> Option<Self> {
        let Some(mut line) = program() else {
            missing("the S3 stand-in", "install it with pip install 'moto[server]'");
            return None;
        };
        let port = free_port();
        line.extend(["-H".into(), "127.0.0.1".into(), "-p".into(), port.to_string()]);
        let folder = tempfile::tempdir().expect("a temporary folder can be made").keep();
        let line: Vec<_> = line.iter().map(String::as_str).collect();
        let server = Self {
            port,
            program: Watched::start(folder, "TERM", &line),
        };
        server
            .program
            .wait_until(async || TcpStream::connect(("127.0.0.1", port)).await.is_ok())
            .await;
        Some(server)
    }
}

fn program() -> Option<Vec<String>> {
    let runs = |line: &[&str]| {
        command(line[0])
            .args(&line[1..])
            .status()
            .is_ok_and(|status| status.success())
    };
    let script: Option<PathBuf> = find("moto_server", Vec::new());
    if let Some(script) = script
        .and_then(|script| script.to_str().map(str::to_owned))
        .filter(|s| runs(&[s, "--help"]))
    {
        return Some(vec![script]);
    }
    let module = ["python3", "-m", "moto.server"];
    runs(&[module[0], module[1], module[2], "--help"]).then(|| module.map(str::to_owned).to_vec())
}
