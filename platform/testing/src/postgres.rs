//! The machine's own PostgreSQL in a private cluster that lives as long as the test process.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::OnceCell;

use crate::binaries::{Watched, command, find, missing};

static CLUSTER: OnceCell<Option<Cluster>> = OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(1);

/// An empty database of its own on a cluster that all tests of a process share.
pub struct TestPostgres {
    url: String,
    alone: Option<Cluster>,
}

impl TestPostgres {
    /// Makes a database, and the cluster when it is the first. `None` where PostgreSQL is not installed.
    ///
    /// # Panics
    /// When PostgreSQL is not installed and the environment has `CI`, or when it does not start.
    pub async fn start() -> Option<Self> {
        let cluster = CLUSTER.get_or_init(|| Cluster::start("off")).await.as_ref()?;
        Some(Self {
            url: cluster.database().await,
            alone: None,
        })
    }

    /// Makes a database on a cluster that nobody else uses, so that it may be brought down. A commit that was
    /// acknowledged there outlives that.
    ///
    /// # Panics
    /// As [`TestPostgres::start`] does.
    pub async fn alone() -> Option<Self> {
        let cluster = Cluster::start("on").await?;
        Some(Self {
            url: cluster.database().await,
            alone: Some(cluster),
        })
    }

    /// Kills one of the server's processes as `kill -9` does. The server then ends all the others, recovers from its
    /// log and is back within a second or two.
    ///
    /// # Panics
    /// When the cluster is shared with other tests.
    pub async fn crash(&self) {
        let cluster = self
            .alone
            .as_ref()
            .expect("only a cluster of its own may be brought down");
        let Ok(mut admin) = PgConnection::connect(&cluster.url("postgres")).await else {
            // It is down already.
            return;
        };
        let pid = sqlx::query_scalar::<_, i32>("select pg_backend_pid()")
            .fetch_one(&mut admin)
            .await;
        if let Ok(pid) = pid {
            command("kill")
                .args(["-9", &pid.to_string()])
                .status()
                .expect("this machine has kill");
        }
    }

    /// The database's URL.
    pub fn url(&self) -> &str {
        &self.url
    }
}

struct Cluster {
    folder: PathBuf,
    server: Watched,
}

impl Cluster {
    async fn database(&self) -> String {
        let name = format!("test_{}", DATABASES.fetch_add(1, Relaxed));
        let mut admin = PgConnection::connect(&self.url("postgres"))
            .await
            .expect("the cluster is up");
        let statement = sqlx::AssertSqlSafe(format!("create database {name} template template0"));
        admin.execute(statement).await.expect("a database can be made");
        admin.close().await.expect("the connection ends well");
        self.url(&name)
    }

    async fn start(synchronous_commit: &str) -> Option<Self> {
        let (Some(initdb), Some(postgres)) = (find("initdb", installed()), find("postgres", installed())) else {
            missing("PostgreSQL", "install it, for instance with apt-get install postgresql");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be made").keep();
        // The server may run as another user, who must get through this folder; the cluster's own stays closed.
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).expect("the folder is ours");
        let data = folder.join("data").display().to_string();
        let made = as_server(&folder, &initdb)
            .args([
                "--pgdata",
                &data,
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-sync",
            ])
            .output()
            .expect("initdb can be run");
        assert!(
            made.status.success(),
            "initdb failed: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        let mut server = as_server(&folder, &postgres);
        server.args([
            "-D",
            &data,
            "-k",
            &folder.display().to_string(),
            "-c",
            "listen_addresses=",
        ]);
        server.args([
            "-c",
            "fsync=off",
            "-c",
            "full_page_writes=off",
            // Many tests of a process share it, each with pools of its own.
            "-c",
            "max_connections=400",
            "-c",
            &format!("synchronous_commit={synchronous_commit}"),
        ]);
        let line: Vec<_> = std::iter::once(server.get_program()).chain(server.get_args()).collect();
        let line: Vec<_> = line
            .iter()
            .map(|word| word.to_str().expect("the command is text"))
            .collect();
        let cluster = Self {
            server: Watched::start(folder.clone(), "QUIT", &line),
            folder,
        };
        cluster
            .server
            .wait_until(async || PgConnection::connect(&cluster.url("postgres")).await.is_ok())
            .await;
        Some(cluster)
    }

    fn url(&self, database: &str) -> String {
        format!(
            "postgres://postgres@localhost/{database}?host={}",
            self.folder.display()
        )
    }
}

/// Where distributions put the programs that are not on the `PATH`, the newest version first.
fn installed() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders
}

/// PostgreSQL refuses to run as root, so root runs it as the user `postgres`.
fn as_server(folder: &Path, program: &Path) -> Command {
    let is_root = fs::metadata(folder).is_ok_and(|metadata| metadata.uid() == 0);
    if !is_root {
        return command(program);
    }
    let mut command = command("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        .arg(program);
    command
}
