//! The two ways in which the system runs: as one process on SQLite, and as a process for each service on PostgreSQL.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use platform_testing::{TestNats, TestPostgres, free_port};
use system_tests::Process;
use tempfile::TempDir;

/// The services that have a door of their own beside the gateway.
pub(crate) const SERVICES: [&str; 4] = ["auth", "security", "users", "financial-data"];

/// Hashes that cost little and looks that come often: the same in both ways. `public` is what production uses.
const COMMON: &str = r#"
[auth]
port = 0
[security]
port = 0
[users]
port = 0
[financial-data]
port = 0
access = "public"
maintenance = false
[gateway]
port = 0
[passwords]
memory = "64KiB"
iterations = 1
[jobs]
poll = "30ms"
[events]
poll = "30ms"
"#;

const LOG: &str = "info,hansa=debug,auth=debug,security=debug,users=debug,financial_data=debug,platform=debug";

/// The system, wherever its services run.
pub(crate) struct System {
    /// Which of the two it is.
    pub(crate) name: &'static str,
    /// Where the gateway and each service are reached.
    pub(crate) urls: BTreeMap<&'static str, String>,
    mail: PathBuf,
    processes: Vec<Process>,
    home: TempDir,
    _servers: Option<(TestPostgres, TestNats)>,
}

impl System {
    /// Everything in one process, with a SQLite file for each service and the events in another.
    pub(crate) async fn embedded() -> Self {
        let home = tempfile::tempdir().unwrap();
        let (config, data) = (home.path().join("hansa.toml"), home.path().join("data"));
        fs::write(&config, COMMON).unwrap();
        seed(&config, &data).await;
        let mut process = Process::start(&data, &["up", "--log", LOG, "--config", &text(&config)]);
        let mut urls = BTreeMap::new();
        for service in SERVICES.into_iter().chain(["gateway"]) {
            urls.insert(service, process.address(service).await);
        }
        Self {
            name: "embedded",
            urls,
            mail: data.join("mail"),
            processes: vec![process],
            home,
            _servers: None,
        }
    }

    /// A process for each service and one for the gateway: PostgreSQL keeps what they have, NATS carries their events,
    /// and all they share is the key ring. `None` where one of the two is not installed.
    pub(crate) async fn split() -> Option<Self> {
        let (postgres, nats) = (TestPostgres::start().await?, TestNats::start().await?);
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("hansa.toml");
        fs::write(&config, separate(postgres.url(), &nats.url())).unwrap();
        seed(&config, &home.path().join("seed")).await;
        let mut split = Self {
            name: "split",
            urls: BTreeMap::new(),
            mail: home.path().join("auth/mail"),
            processes: Vec::new(),
            home,
            _servers: Some((postgres, nats)),
        };
        // These two ask each other, so that one of them is known before it is there.
        let security = free_port();
        let asked = format!("security=http://127.0.0.1:{security}");
        let port = format!("security.port={security}");
        split.launch("auth", &config, &["--with", &asked]).await;
        split.launch("security", &config, &["--set", &port]).await;
        for service in ["users", "financial-data", "gateway"] {
            split.launch(service, &config, &[]).await;
        }
        Some(split)
    }

    /// Starts a process for one service, which finds those that were started before it.
    async fn launch(&mut self, service: &'static str, config: &Path, more: &[&str]) {
        let config = text(config);
        let mut arguments = vec!["run", "--log", LOG, "--config", &config];
        arguments.extend(more);
        if service != "gateway" {
            arguments.extend(["--no-gateway", "--only", service]);
        }
        let peers: Vec<_> = self.urls.iter().map(|(name, url)| format!("{name}={url}")).collect();
        arguments.extend(peers.iter().flat_map(|peer| ["--with", peer.as_str()]));
        let mut process = Process::start(&self.home.path().join(service), &arguments);
        self.urls.insert(service, process.address(service).await);
        self.processes.push(process);
    }

    /// The token of a link that was mailed to an address and is not in `used`, once the mail is there.
    pub(crate) async fn link(&self, email: &str, what: &str, used: &BTreeSet<String>) -> String {
        let started = Instant::now();
        loop {
            let tokens = mails(&self.mail, email)
                .into_iter()
                .filter_map(|mail| token(&mail, what));
            if let Some(token) = tokens.into_iter().find(|token| !used.contains(token)) {
                return token;
            }
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "{}: no mail to {email} with {what}",
                self.name
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// All that the processes have logged until now.
    pub(crate) fn logs(&self) -> String {
        self.processes.iter().map(Process::output).collect()
    }
}

/// The settings of processes that share no folder.
fn separate(postgres: &str, nats: &str) -> String {
    format!(
        r#"{COMMON}
bus = "nats"
nats-url = "{nats}"
[database]
url = "{postgres}"
min-connections = 1
max-connections = 8
[lake]
catalog = "{postgres}"
[keys]
ring = '''
active = "k1"
[keys]
k1 = "c2hhcmVkIGJ5IGFsbCBwcm9jZXNzZXMgb2YgYSB0ZXM="
'''
[gateway.headers]
all = [{{ forward = "authorization" }}]
"#
    )
}

async fn seed(config: &Path, data: &Path) {
    let (config, data) = (text(config), data.to_owned());
    let seeded = tokio::task::spawn_blocking(move || system_tests::seed(&data, &["--config", &config]));
    seeded.await.unwrap();
}

fn mails(folder: &Path, email: &str) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let texts = files.filter_map(|file| fs::read_to_string(file.path()).ok());
    let to = format!("To: {email}\r\n");
    let plain = |mail: String| match mail.contains("Content-Transfer-Encoding: quoted-printable") {
        true => mail.replace("=\r\n", "").replace("=3D", "="),
        false => mail,
    };
    texts.filter(|mail| mail.contains(&to)).map(plain).collect()
}

/// The token behind `#what=`.
fn token(mail: &str, what: &str) -> Option<String> {
    let (_, rest) = mail.split_once(&format!("#{what}="))?;
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let end = rest.find(|letter| !is_part(letter))?;
    Some(rest[..end].to_owned())
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
