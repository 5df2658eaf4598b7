//! Processes of a test that are killed at random: copies of its own binary, each with a role.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::binaries::variable;

const ROLE: &str = "HANSA_TEST_ROLE";
const SETTINGS: &str = "HANSA_TEST_SETTINGS";
const FOLDER: &str = "HANSA_TEST_FOLDER";
/// How many seconds to go on, instead of a few.
const SECONDS: &str = "HANSA_CHAOS_SECONDS";
const FEW: Duration = Duration::from_secs(3);
const LEAST_KILLS: usize = 12;
/// Beyond the time that was asked for.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a child process is to be.
#[derive(Clone, Debug)]
pub struct Role {
    /// One of the deployment's roles.
    pub name: String,
    /// The deployment's settings.
    pub settings: String,
    /// The folder that its processes share.
    pub folder: PathBuf,
}

impl Role {
    /// The role of this process, where it is a child.
    pub fn of_this_process() -> Option<Self> {
        Some(Self {
            name: variable(ROLE)?,
            settings: variable(SETTINGS)?,
            folder: variable(FOLDER)?.into(),
        })
    }
}

/// Processes that share settings and a folder. They are killed at the latest when this is dropped.
pub struct Deployment {
    settings: String,
    folder: TempDir,
    test: &'static str,
    roles: &'static [&'static str],
    children: BTreeMap<&'static str, Child>,
}

/// What processes had to survive.
#[derive(Clone, Copy, Debug)]
pub struct Survived {
    /// Processes that were killed.
    pub kills: usize,
    /// How often something beside them was brought down.
    pub crashes: usize,
    since: Instant,
}

impl fmt::Display for Survived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, crashes, since } = self;
        let seconds = since.elapsed().as_secs_f32();
        write!(
            f,
            "{kills} processes killed, {crashes} times what they stand on, {seconds:.1} s"
        )
    }
}

impl Deployment {
    /// A deployment that runs nothing yet. Its processes run the ignored test called `test`, which asks
    /// [`Role::of_this_process`] what to be.
    ///
    /// # Panics
    /// When there can be no temporary folder.
    pub fn new(test: &'static str, roles: &'static [&'static str], settings: String) -> Self {
        Self {
            settings,
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
            test,
            roles,
            children: BTreeMap::new(),
        }
    }

    /// The settings of all processes.
    pub fn settings(&self) -> &str {
        &self.settings
    }

    /// The folder that all processes share.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills processes at random, each of which comes back at once, for a few seconds or as many as the environment
    /// names with `HANSA_CHAOS_SECONDS`, and until `made` says that there are `enough` things. After every tenth kill
    /// `bring_down` may bring down what the processes stand on; it says whether it did.
    ///
    /// # Panics
    /// When too little is made.
    pub async fn torment(
        &mut self,
        enough: i64,
        made: impl AsyncFn() -> Option<i64>,
        mut bring_down: impl AsyncFnMut() -> bool,
    ) -> Survived {
        self.roles.iter().for_each(|role| self.start(role));
        let least = chaos_time();
        let mut survived = Survived {
            kills: 0,
            crashes: 0,
            since: Instant::now(),
        };
        let mut count = 0;
        while survived.since.elapsed() < least || count < enough || survived.kills < LEAST_KILLS {
            assert!(
                survived.since.elapsed() < least + PATIENCE,
                "{count} things and {} kills are too few",
                survived.kills
            );
            sleep(Duration::from_millis(60 + u64::from(random(200)))).await;
            let role = self.roles[usize::from(random(self.roles.len()))];
            self.kill(role);
            survived.kills += 1;
            if survived.kills % 10 == 5 && bring_down().await {
                survived.crashes += 1;
            }
            self.start(role);
            count = made().await.unwrap_or(count);
        }
        survived
    }

    /// Ends a process as `kill -9` does.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn kill(&mut self, role: &str) {
        if let Some(mut child) = self.children.remove(role) {
            child.kill().expect("the child is ours");
            child.wait().expect("the child is ours");
        }
    }

    fn start(&mut self, role: &'static str) {
        let child = Command::new(std::env::current_exe().expect("a test has a binary"))
            .args(["--exact", self.test, "--ignored"])
            .env(ROLE, role)
            .env(SETTINGS, &self.settings)
            .env(FOLDER, self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.children.insert(role, child.expect("the binary can be run again"));
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        for child in self.children.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits until everything has arrived that the processes of a [`Deployment`] made: the longer the longer they were at it.
///
/// # Panics
/// When it does not.
pub async fn arrived(mut is_all: impl AsyncFnMut() -> bool) {
    let patience = Instant::now() + PATIENCE.max(chaos_time());
    while !is_all().await {
        assert!(Instant::now() < patience, "not everything arrived");
        sleep(Duration::from_millis(50)).await;
    }
    // Doubles would come a little later.
    sleep(Duration::from_millis(300)).await;
}

fn chaos_time() -> Duration {
    let told = variable(SECONDS).and_then(|seconds| seconds.parse().ok());
    told.map_or(FEW, Duration::from_secs)
}

#[expect(clippy::disallowed_methods, reason = "chance is what these tests are about")]
fn random(below: usize) -> u8 {
    let below = u8::try_from(below).unwrap_or(u8::MAX).max(1);
    Uuid::new_v4().as_bytes()[0] % below
}
