//! A gateway as a process of its own: started, asked what it used, ended.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;
use tempfile::TempDir;

/// The peer in the tables.
pub(crate) const APOLLO: &str = "@apollo/gateway 2.14.1";
const PACKAGES: [&str; 3] = ["@apollo/gateway@2.14.1", "@apollo/server@5.5.1", "graphql@16.15.0"];
const SCRIPT: &str = include_str!("../../peers/gateway.js");
/// Linux counts the time of processes in hundredths of a second on every architecture that we build for.
const TICK: Duration = Duration::from_millis(10);

/// What is measured, and for how long.
#[derive(Args)]
pub(crate) struct Measured {
    /// The binary to measure [default: the `hansa` beside this program]
    #[arg(long, value_name = "FILE")]
    hansa: Option<PathBuf>,
    /// Seconds that each load lasts; there are three of each, in turns
    #[arg(long, default_value_t = 3.0)]
    pub(crate) seconds: f64,
}

impl Measured {
    pub(crate) fn binary(&self) -> Result<PathBuf> {
        match &self.hansa {
            Some(file) => Ok(file.clone()),
            None => Ok(std::env::current_exe()?.with_file_name("hansa")),
        }
    }
}

/// A gateway that runs until this is dropped.
pub(crate) struct Process {
    /// Where it answers.
    pub(crate) url: String,
    child: Child,
    said: BufReader<ChildStdout>,
    _home: TempDir,
}

/// Our gateway, with what differs from its own settings.
pub(crate) fn hansa(binary: &Path, supergraph: &Path, settings: &[&str]) -> Result<Process> {
    let mut command = program(binary)?;
    command.args(["gateway", "--port", "0", "--supergraph"]).arg(supergraph);
    for setting in settings {
        command.args(["--set", setting]);
    }
    Process::start(command)
}

/// Services of ours in one process.
pub(crate) fn services(binary: &Path, arguments: &[&str]) -> Result<Process> {
    let mut command = program(binary)?;
    command.arg("up").args(arguments);
    Process::start(command)
}

fn program(binary: &Path) -> Result<Command> {
    let hint = "build it in the same profile: cargo build --release -p hansa";
    ensure!(binary.is_file(), "there is no {}; {hint}", binary.display());
    Ok(Command::new(binary))
}

/// Apollo's gateway, or nothing where the machine has no node.
pub(crate) fn apollo(supergraph: &Path) -> Result<Option<Process>> {
    if Command::new("node").arg("--version").output().is_err() {
        return Ok(None);
    }
    let mut command = Command::new("node");
    command.args(["-e", SCRIPT]).arg(packages()?).arg(supergraph);
    command.env("NODE_ENV", "production");
    Process::start(command).map(Some)
}

/// The relay between these two subgraphs.
pub(crate) fn relay(subgraphs: [&str; 2]) -> Result<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("relay").args(subgraphs);
    Process::start(command)
}

/// The folder with the packages, which npm fills once.
fn packages() -> Result<PathBuf> {
    let (folder, wanted) = (cache()?.join("npm-bench"), PACKAGES.join(" "));
    let mark = folder.join("installed");
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    fs::create_dir_all(&folder)?;
    let mut npm = Command::new("npm");
    npm.args([
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--save-exact",
        "--prefix",
    ]);
    let output = npm.arg(&folder).args(PACKAGES).output().context("npm does not start")?;
    ensure!(
        output.status.success(),
        "npm: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::write(mark, wanted)?;
    Ok(folder)
}

#[expect(clippy::disallowed_methods, reason = "the peers are other programs")]
fn cache() -> Result<PathBuf> {
    let given = std::env::var_os("HANSA_CACHE").map(PathBuf::from);
    let usual = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/hansa"));
    given
        .or_else(usual)
        .context("set HANSA_CACHE to a folder for npm packages")
}

impl Process {
    fn start(mut command: Command) -> Result<Self> {
        let home = tempfile::tempdir()?;
        command.current_dir(home.path()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut said = BufReader::new(child.stdout.take().context("the output is a pipe")?);
        let mut line = String::new();
        said.read_line(&mut line)?;
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        let Some(url) = url.map(str::to_owned) else {
            child.kill()?;
            child.wait()?;
            return Err(anyhow!("a gateway said {line:?} instead of where it listens"));
        };
        Ok(Self {
            url,
            child,
            said,
            _home: home,
        })
    }

    /// Host and port of another service of it, from what it says after its first line.
    pub(crate) fn address_of(&mut self, service: &str) -> Result<String> {
        let begins = format!("{service} listens on http://");
        let mut line = String::new();
        while self.said.read_line(&mut line)? > 0 {
            if let Some(address) = line.strip_prefix(&begins) {
                return Ok(address.trim().to_owned());
            }
            line.clear();
        }
        Err(anyhow!("the process does not say where {service} listens"))
    }

    /// The time it has kept processors busy, with all its threads.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu(self.child.id())
    }

    /// A field of its memory in MB: `VmHWM` is the peak, `VmRSS` what it holds now.
    pub(crate) fn memory(&self, field: &str) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text
            .lines()
            .find(|line| line.starts_with(field))
            .context("no such field")?;
        let kib = line.split_whitespace().nth(1).context("the field has a value")?;
        Ok(kib.parse::<f64>()? * 1.024e-3)
    }

    /// Lets it open as many files as the machine grants, and says how many those are.
    pub(crate) fn raise_files(&self) -> Result<usize> {
        raise_files(self.child.id())
    }
}

/// The time that a process has kept processors busy, with all its threads.
pub(crate) fn cpu(process: u32) -> Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, after_name) = text.rsplit_once(')').context("a process has a name")?;
    // The state comes first, then ten numbers, then the time in user space and in the kernel.
    let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    Ok(TICK * ticks.sum::<Result<u32, _>>()?)
}

/// Lets a process open as many files as the machine grants, and says how many those are.
pub(crate) fn raise_files(process: u32) -> Result<usize> {
    let limits = fs::read_to_string(format!("/proc/{process}/limits"))?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let hard = line
        .and_then(|line| line.split_whitespace().nth(4))
        .context("a limit of open files")?;
    let (process, both) = (process.to_string(), format!("--nofile={hard}:{hard}"));
    let output = Command::new("prlimit").args(["--pid", &process, &both]).output()?;
    ensure!(
        output.status.success(),
        "prlimit: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(hard.parse()?)
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
