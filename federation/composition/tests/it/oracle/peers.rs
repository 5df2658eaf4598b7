//! Runs the peers from npm once over all cases.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use federation_composition::Subgraph;
use serde::Deserialize;
use serde_json::json;

/// What the peers say of one case.
#[derive(Debug, Deserialize)]
pub(super) struct Answers {
    pub(super) apollo: Outcome,
    pub(super) guild: Outcome,
}

/// What one peer says.
#[derive(Debug, Deserialize)]
pub(super) struct Outcome {
    pub(super) supergraph: Option<String>,
    pub(super) api: Option<String>,
    /// Apollo's composer alone has hints.
    pub(super) hints: Option<Vec<PeerHint>>,
    #[serde(default)]
    pub(super) errors: Vec<PeerError>,
}

/// A remark of a peer.
#[derive(Debug, Deserialize)]
pub(super) struct PeerHint {
    pub(super) code: String,
    pub(super) message: String,
    /// What it is about, though the message may be more precise; absent where directives are merged or linked.
    pub(super) coordinate: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PeerError {
    pub(super) code: String,
    pub(super) message: String,
}

/// What all peers say of all cases, in their order; `None` if they are not installed.
pub(super) fn ask<'a>(cases: impl Iterator<Item = &'a [Subgraph]>) -> Option<Vec<Answers>> {
    let folder = folder();
    let is_installed = folder.join("node_modules/@apollo/composition").is_dir()
        && folder.join("node_modules/@theguild/federation-composition").is_dir();
    if !is_installed {
        missing();
        return None;
    }
    let describe = |subgraph: &Subgraph| json!({ "name": subgraph.name, "url": subgraph.url, "sdl": subgraph.sdl });
    let cases: Vec<_> = cases
        .map(|it| json!({ "subgraphs": it.iter().map(describe).collect::<Vec<_>>() }))
        .collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/oracle/compose.js");
    let node = Command::new("node")
        .arg(script)
        .arg(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut node = node.expect("node runs the peers: install Node.js 20 or newer");
    let mut stdin = node.stdin.take().unwrap();
    stdin
        .write_all(serde_json::to_string(&cases).unwrap().as_bytes())
        .unwrap();
    drop(stdin);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the peers should not fail as a whole");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "a test finds its peers by the environment")]
fn folder() -> PathBuf {
    let cache = std::env::var_os("HANSA_CACHE").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/hansa");
    cache.unwrap_or_else(home).join("npm")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test knows by the environment whether it may be skipped"
)]
fn missing() {
    let remedy = "install the npm packages of .ci/run, or set HANSA_CACHE";
    assert!(
        std::env::var_os("CI").is_none(),
        "the peers of composition are needed: {remedy}"
    );
    // Not through the test harness's capture: a skipped comparison must be seen in a run that passes.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: composition is not compared with its peers: {remedy}"
    );
}
