//! Programs that the machine has, and what to do when it does not.

use std::{
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A port that is free now. Something else may take it before it is used; ask for port 0 where that is possible.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("this machine has a free port");
    listener.local_addr().expect("a bound listener has an address").port()
}

/// A command of a test's stand-in.
pub(crate) fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Finds a program in `folders` or in the folders of `PATH`.
pub(crate) fn find(program: &str, folders: Vec<PathBuf>) -> Option<PathBuf> {
    let path = variable("PATH").unwrap_or_default();
    folders
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// What to do without a stand-in: fail where everything must be tested, say it loudly elsewhere.
///
/// # Panics
/// When the environment has `CI`.
pub(crate) fn missing(what: &str, remedy: &str) {
    assert!(variable("CI").is_none(), "{what} is needed for the tests: {remedy}");
    // Not through the test harness's capture: a skipped backend must be seen in a run that passes.
    let _ = writeln!(
        std::io::stderr(),
        "\n!!! SKIPPED: {what} is not on this machine; {remedy}\n"
    );
}

#[expect(clippy::disallowed_methods, reason = "the harness asks what the machine has")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs a program and ends it, and removes its folder, when this process is gone, however it ended. The signal is sent
/// until it is heeded: a program that has just begun may not listen yet.
const WATCH: &str = r#"
    "$@" >"$FOLDER/log" 2>&1 &
    program=$!
    read -r _
    (while kill "-$SIGNAL" $program; do sleep 1; done) >/dev/null 2>&1 &
    wait $program
    rm -rf "$FOLDER""#;

/// A program that lives as long as this value, and never longer than this process.
pub(crate) struct Watched {
    folder: PathBuf,
    shell: Child,
}

impl Watched {
    /// Starts `program`. The folder becomes the program's and is removed after it.
    pub(crate) fn start(folder: PathBuf, signal: &str, program: &[&str]) -> Self {
        let mut shell = command("sh");
        shell
            .args(["-c", WATCH, "sh"])
            .args(program)
            .env("FOLDER", &folder)
            .env("SIGNAL", signal);
        let shell = shell.stdin(Stdio::piped()).spawn().expect("this machine has a shell");
        Self { folder, shell }
    }

    /// Waits until the program answers.
    ///
    /// # Panics
    /// When it does not for too long: with what it wrote.
    pub(crate) async fn wait_until(&self, is_up: impl AsyncFn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_up().await {
            if Instant::now() > deadline {
                let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                panic!("a stand-in did not start within {PATIENCE:?}: {log}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
