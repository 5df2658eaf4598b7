//! What tests of the whole system need: the real binary as a process, and the Python engines that read its lake.

mod http;
mod process;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use platform_http::Method;
use serde_json::Value;

use http::client;
pub use http::{send, sign_in};
pub use process::Process;

/// A running `hansa run` on a directory of its own port; killed without notice when dropped.
pub struct Server {
    child: Child,
    /// Its address, for instance `http://127.0.0.1:40001`.
    pub url: String,
    reached: Mutex<mpsc::Receiver<String>>,
}

/// The binary under test. `cargo test --workspace` builds it, because its package has integration tests.
///
/// # Panics
/// When it has not been built.
pub fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its own file");
    let binary = own
        .ancestors()
        .nth(2)
        .expect("a test lies in target/PROFILE/deps")
        .join("hansa");
    assert!(
        binary.exists(),
        "{} does not exist: run `cargo test --workspace`",
        binary.display()
    );
    binary
}

/// Runs a command of the binary to its end.
pub fn hansa(arguments: &[&str]) -> Output {
    Command::new(binary())
        .args(arguments)
        .output()
        .expect("the binary starts")
}

/// Makes the accounts that come ready, one of which may do everything.
///
/// # Panics
/// When that fails.
pub fn seed(data: &Path, more: &[&str]) {
    let data = data.display().to_string();
    let seeded = hansa(&[&["seed", "--system", "economic", "--data", &data], more].concat());
    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
}

impl Server {
    /// Starts a server on `directory` and waits until it is ready. `fault` names a step at which it halts.
    ///
    /// # Panics
    /// When it is not ready in half a minute.
    pub async fn start(directory: &Path, fault: Option<&str>) -> Self {
        let mut server = Self::spawn(directory, fault);
        let started = Instant::now();
        while server.get("/readyz").await.is_none_or(|(status, _)| status != 200) {
            assert!(started.elapsed() < Duration::from_secs(30), "the server is not ready");
            assert!(server.child.try_wait().ok().flatten().is_none(), "the server ended");
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        server
    }

    fn spawn(directory: &Path, fault: Option<&str>) -> Self {
        let port = platform_testing::free_port();
        let mut command = Command::new(binary());
        command
            .args([
                "run",
                "--no-gateway",
                "--only",
                "financial-data",
                "--set",
                "financial-data.access=open",
                "--port",
                &port.to_string(),
                "--data",
            ])
            .arg(directory);
        command.args(["--set", "financial-data.maintenance=false", "--log", "off"]);
        // Little memory: then an upload that a test can afford is written in several files.
        command.env("ARROW_MEMORY_LIMIT", "64MiB");
        if let Some(fault) = fault {
            command.env("HANSA_FAULT", fault);
        }
        let mut child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let (send, reached) = mpsc::channel();
        let errors = BufReader::new(child.stderr.take().expect("stderr is piped"));
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                if let Some(point) = line.strip_prefix("fault reached: ") {
                    let _ = send.send(point.to_string());
                }
            }
        });
        Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            reached: Mutex::new(reached),
        }
    }

    /// The answer to a GET: status and body, or `None` when the server does not answer.
    pub async fn get(&self, path: &str) -> Option<(u16, String)> {
        self.send(Method::GET, path, None).await
    }

    /// Sends a request with an optional body of a media type.
    pub async fn send(&self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Option<(u16, String)> {
        let mut request = client().request(method, &format!("{}{path}", self.url));
        if let Some((media, body)) = body {
            request = request.header("content-type", media).body(body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.text().await.ok()?))
    }

    /// Sends CSV rows in bulk.
    pub async fn upload(&self, csv: &str) -> Option<(u16, String)> {
        let path = "/api/v1/financial-data/bulk?source=TEST";
        self.send(Method::POST, path, Some(("text/csv", csv.as_bytes().to_vec())))
            .await
    }

    /// Sends a GraphQL document and gives back the answer.
    pub async fn graphql(&self, query: &str) -> Value {
        let body = serde_json::json!({ "query": query }).to_string().into_bytes();
        let answer = self
            .send(Method::POST, "/graphql", Some(("application/json", body)))
            .await;
        serde_json::from_str(&answer.expect("the server answers").1).expect("an answer is JSON")
    }

    /// The step at which the server has halted, if it has.
    pub fn halted(&self) -> Option<String> {
        self.reached.lock().ok()?.try_recv().ok()
    }

    /// Kills the process as `kill -9` does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a Python script with pyiceberg, duckdb and pyarrow and gives back what it prints as JSON. `None`, said loudly,
/// where they are not installed; in CI that is a failure.
///
/// # Panics
/// When the script fails, or when CI lacks the packages.
#[expect(clippy::disallowed_methods, reason = "tests find their tools by the environment")]
pub fn python(script: &str, arguments: &[&str]) -> Option<Value> {
    let home = std::env::var("HOME").unwrap_or_default();
    let venv = PathBuf::from(home).join(".cache/hansa/venv/bin/python");
    let python = if venv.exists() { venv } else { PathBuf::from("python3") };
    let probe = Command::new(&python)
        .args(["-c", "import pyiceberg, duckdb, pyarrow"])
        .output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        assert!(
            std::env::var_os("CI").is_none(),
            "CI needs pyiceberg, duckdb and pyarrow: see .ci/run"
        );
        use std::io::Write;
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: pyiceberg, duckdb or pyarrow is not installed; see .ci/run"
        );
        return None;
    }
    let output = Command::new(python)
        .arg("-c")
        .arg(script)
        .args(arguments)
        .output()
        .expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("the script prints JSON"))
}
