//! A process of the binary that serves until it is dropped: where it listens, and what it logs.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::binary;

const PATIENCE: Duration = Duration::from_secs(60);

/// A running `hansa up` or `hansa run`, on ports that the system chose; killed without notice when dropped.
pub struct Process {
    child: Child,
    output: Arc<Mutex<String>>,
}

impl Process {
    /// Starts the binary on a data folder.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(data: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(binary());
        command.args(arguments).arg("--data").arg(data);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let output = Arc::<Mutex<String>>::default();
        keep(child.stdout.take().expect("its output is piped"), &output);
        keep(child.stderr.take().expect("its log is piped"), &output);
        Self { child, output }
    }

    /// The address of one of its services, once it says that it listens: `http://127.0.0.1:40001`.
    ///
    /// # Panics
    /// When the process ends, or is not ready in a minute.
    pub async fn address(&mut self, service: &str) -> String {
        let started = Instant::now();
        loop {
            let said = self.output();
            if let Some(address) = said.lines().find_map(|line| heard(line, service)) {
                return address;
            }
            let has_ended = self.child.try_wait().ok().flatten().is_some();
            assert!(!has_ended, "the process ended: {said}");
            assert!(started.elapsed() < PATIENCE, "{service} does not listen: {said}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// All that it has written until now.
    pub fn output(&self) -> String {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads on for as long as the process writes: one whose output is full would stand still.
fn keep(from: impl Read + Send + 'static, output: &Arc<Mutex<String>>) {
    let output = output.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.push_str(&line);
            output.push('\n');
        }
    });
}

/// The address in a line by which `up` tells people, or `run` its log, that a service listens.
fn heard(line: &str, service: &str) -> Option<String> {
    if let Ok(logged) = serde_json::from_str::<Value>(line) {
        let is_meant = logged["message"] == "listening" && logged["service"] == service;
        return is_meant.then(|| Some(format!("http://{}", logged["address"].as_str()?)))?;
    }
    let (name, rest) = line.split_once(" listens on ")?;
    let is_meant = match service {
        "financial-data" => name == "hansa",
        "gateway" => name == "the gateway",
        service => name == service,
    };
    let address = rest.strip_prefix("http://")?;
    let end = address.find(['/', ' ']).unwrap_or(address.len());
    is_meant.then(|| format!("http://{}", &address[..end]))
}
