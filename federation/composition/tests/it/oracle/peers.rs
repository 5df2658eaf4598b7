//! Runs the peers from npm once over all cases.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use federation_composition::Subgraph;
use serde::Deserialize;
use serde_json::json;

use super::npm::folder;

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
    let folder = folder(&["@apollo/composition", "@theguild/federation-composition"])?;
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
    let mut node = node.expect("node runs the peers: install Node.js 18 or newer");
    let mut stdin = node.stdin.take().unwrap();
    stdin
        .write_all(serde_json::to_string(&cases).unwrap().as_bytes())
        .unwrap();
    drop(stdin);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the peers should not fail as a whole");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}
