//! The npm packages that `.ci/run` installs.

use std::{io::Write, path::PathBuf};

/// The folder with these packages; nothing, said loudly, where one is missing. In CI that is a failure.
#[expect(clippy::disallowed_methods, reason = "a test finds its peers by the environment")]
pub(super) fn folder(packages: &[&str]) -> Option<PathBuf> {
    let cache = std::env::var_os("HANSA_CACHE").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/hansa");
    let folder = cache.unwrap_or_else(home).join("npm");
    let installed = folder.join("node_modules");
    let Some(missing) = packages.iter().find(|package| !installed.join(package).is_dir()) else {
        return Some(folder);
    };
    let remedy = "install the npm packages of .ci/run, or set HANSA_CACHE";
    assert!(std::env::var_os("CI").is_none(), "{missing} is needed: {remedy}");
    // Not through the test harness's capture: what is skipped must be seen in a run that passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {missing} is not installed; {remedy}");
    None
}
