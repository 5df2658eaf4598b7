//! Programs in node, on the packages that `.ci/run` installs.

#[path = "../../../../composition/tests/it/oracle/npm.rs"]
mod npm;

use std::{ffi::OsStr, process::Stdio};

use serde_json::Value;
use tokio::process::Command;

/// A script of this folder, about to run with the folder of its packages; nothing if this package is not installed.
pub(crate) fn script(package: &str, name: &str) -> Option<std::process::Command> {
    let folder = npm::folder(&[package])?;
    let script = format!("{}/tests/it/support/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut command = std::process::Command::new("node");
    command.arg(script).arg(folder).stdout(Stdio::piped());
    Some(command)
}

/// What such a script prints, which is JSON, when it ends.
pub(crate) async fn run(package: &str, name: &str, arguments: &[&str]) -> Option<Value> {
    let mut command = Command::from(script(package, name)?);
    command.args(arguments.iter().map(OsStr::new)).kill_on_drop(true);
    let output = command.output().await.expect("node runs: install Node.js 18 or newer");
    let printed = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    Some(serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{name} prints JSON: {printed}{told}")))
}
