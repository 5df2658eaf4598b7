//! Programs in node, on the packages that `.ci/run` installs.

use std::{ffi::OsStr, io::Write, path::PathBuf, process::Stdio};

use serde_json::Value;
use tokio::process::Command;

/// A script of this folder, about to run with the folder of its packages; nothing if this package is not installed.
pub(crate) fn script(package: &str, name: &str) -> Option<std::process::Command> {
    let folder = folder();
    if !folder.join("node_modules").join(package).is_dir() {
        missing(package);
        return None;
    }
    let script = format!("{}/tests/it/support/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut command = std::process::Command::new("node");
    command.arg(script).arg(folder).stdout(Stdio::piped());
    Some(command)
}

/// What such a script prints, which is JSON, when it ends.
pub(crate) async fn run(package: &str, name: &str, arguments: &[&str]) -> Option<Value> {
    let mut command = Command::from(script(package, name)?);
    command.args(arguments.iter().map(OsStr::new)).kill_on_drop(true);
    let output = command.output().await.expect("node runs: install Node.js 20 or newer");
    let printed = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    Some(serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{name} prints JSON: {printed}{told}")))
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
fn missing(package: &str) {
    let remedy = "install the npm packages of .ci/run, or set HANSA_CACHE";
    assert!(std::env::var_os("CI").is_none(), "{package} is needed: {remedy}");
    // Not through the test harness's capture: what is skipped must be seen in a run that passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {package} is not installed; {remedy}");
}
