//! Starts the binary on a folder of its own, and talks HTTP to it the plain way.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Longer than anything takes, also on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// A folder in which `hansa` is run; the data directory is `data` in it.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder whose data are these rows.
    pub(crate) fn with_rows(csv: &str) -> Self {
        let folder = Self::new();
        let file = folder.file("rows.csv", csv);
        folder.run(&["import", &file, "--data", "data"]).succeeds();
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and gives back its name.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        name.to_owned()
    }

    /// A command with nothing in its environment but what a test puts there.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hansa"));
        command
            .current_dir(self.0.path())
            .env_clear()
            .args(args)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        Ended::of(self.command(args).output().unwrap())
    }

    /// Runs a command with this on its standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &[u8]) -> Ended {
        let mut command = self.command(args);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Ended::of(child.wait_with_output().unwrap())
    }

    /// Starts `up` on free ports and waits until it says that it listens.
    pub(crate) fn up(&self, args: &[&str]) -> Server {
        let ports = [
            "up",
            "--only",
            "financial-data",
            "--data",
            "data",
            "--port",
            "0",
            "--gateway-port",
            "0",
        ];
        self.start(&[&ports, args].concat())
    }

    /// Starts a command that serves and waits until it says that it listens.
    pub(crate) fn start(&self, args: &[&str]) -> Server {
        self.start_with(args, &[])
    }

    /// The same with variables in its environment.
    pub(crate) fn start_with(&self, args: &[&str], environment: &[(&str, &str)]) -> Server {
        let mut command = self.command(args);
        command.envs(environment.iter().copied());
        Server::started(command)
    }
}

/// What a command left behind.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// What it printed, having done its work.
    #[track_caller]
    pub(crate) fn succeeds(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// The two lines of an error.
    #[track_caller]
    pub(crate) fn fails(self) -> String {
        assert_eq!(self.code, Some(2), "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "", "an error is told on standard error");
        self.stderr
    }
}

/// A running server; it is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) said: String,
    pub(crate) address: String,
}

impl Server {
    /// Starts a command that serves and waits until it says that it listens.
    pub(crate) fn started(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("Ctrl-C stops it") {
            assert!(
                output.read_line(&mut said).unwrap() > 0,
                "the server ended after saying: {said}"
            );
        }
        let address = said.split("://").nth(1).unwrap();
        let address = address
            .split(|letter: char| letter.is_whitespace() || letter == '/')
            .next()
            .unwrap()
            .to_owned();
        Self {
            child,
            output,
            said,
            address,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same process as its gateway's port shows it.
    pub(crate) fn ask_gateway(&self, query: &str) -> String {
        let address = self.said.split("the gateway listens on http://").nth(1).unwrap();
        ask(address.split('/').next().unwrap(), query)
    }

    /// Sends a request that begins like this to one of its services, and gives back the whole answer.
    pub(crate) fn send(&self, service: &str, beginning: &str, json: &str) -> String {
        let address = self
            .said
            .split(&format!("{service} listens on http://"))
            .nth(1)
            .unwrap();
        let (address, length) = (address.split_whitespace().next().unwrap(), json.len());
        let kind = "content-type: application/json";
        let head = format!("{beginning}\r\nhost: {address}\r\n{kind}\r\ncontent-length: {length}");
        sent(address, &format!("{head}\r\n\r\n{json}"))
    }

    /// GETs a path.
    pub(crate) fn get(&self, path: &str) -> String {
        self.exchange(&format!("GET {path} HTTP/1.0\r\nhost: {}\r\n\r\n", self.address))
    }

    /// GETs a path, and gives back the whole answer whatever its status.
    pub(crate) fn answer(&self, path: &str) -> String {
        let host = &self.address;
        sent(host, &format!("GET {path} HTTP/1.0\r\nhost: {host}\r\n\r\n"))
    }

    /// POSTs JSON.
    pub(crate) fn post(&self, path: &str, json: &str) -> String {
        let (host, length) = (&self.address, json.len());
        let head = format!(
            "POST {path} HTTP/1.0\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {length}"
        );
        self.exchange(&format!("{head}\r\n\r\n{json}"))
    }

    fn exchange(&self, request: &str) -> String {
        exchange(&self.address, request)
    }

    /// Asks it to stop.
    pub(crate) fn interrupt(&self) {
        let killed = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(killed.success());
    }

    /// Asks it to stop and gives back its exit code and its last words.
    pub(crate) fn stop(self) -> (Option<i32>, String) {
        self.interrupt();
        self.ended()
    }

    /// Its exit code and its last words, once it ends.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let mut words = String::new();
        self.output.read_to_string(&mut words).unwrap();
        (self.child.wait().unwrap().code(), words)
    }
}

/// What is answered to a GraphQL query at an address.
pub(crate) fn ask(address: &str, query: &str) -> String {
    let body = format!(r#"{{"query": "{}"}}"#, query.replace('"', "\\\""));
    let (length, kind) = (body.len(), "content-type: application/json");
    exchange(
        address,
        &format!("POST /graphql HTTP/1.0\r\nhost: {address}\r\n{kind}\r\ncontent-length: {length}\r\n\r\n{body}"),
    )
}

/// The whole answer to a request, whatever its status.
pub(crate) fn sent(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn exchange(address: &str, request: &str) -> String {
    let answer = sent(address, request);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{request}\n{answer}");
    body.to_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a path exists in a folder.
pub(crate) fn exists(folder: &Folder, name: impl AsRef<Path>) -> bool {
    folder.0.path().join(name).exists()
}

/// Waits until something is so.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it never came to be that {what}");
        std::thread::sleep(PAUSE);
    }
}
