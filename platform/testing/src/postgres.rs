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
}

impl TestPostgres {
    /// Makes a database, and the cluster when it is the first. `None` where PostgreSQL is not installed.
    ///
    /// # Panics
    /// When PostgreSQL is not installed and the environment has `CI`, or when it does not start.
    pub async fn start() -> Option<Self> {
        let cluster = CLUSTER.get_or_init(Cluster::start).await.as_ref()?;
        let name = format!("test_{}", DATABASES.fetch_add(1, Relaxed));
        let mut admin = PgConnection::connect(&cluster.url("postgres"))
            .await
            .expect("the cluster is up");
        let statement = sqlx::AssertSqlSafe(format!("create database {name} template template0"));
        admin.execute(statement).await.expect("a database can be made");
        admin.close().await.expect("the connection ends well");
        Some(Self {
            url: cluster.url(&name),
        })
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
    async fn start() -> Option<Self> {
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
            "-c",
            "synchronous_commit=off",
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
