//! A system in a folder: its commands, its processes, and its databases as somebody sees them who opens them himself.

use std::{path::PathBuf, process::Command};

use platform_config::{Config, Secret};
use platform_database::{
    Database,
    orm::{ConnectionTrait, Statement},
};
use platform_events::{Cause, Event, Events};
use platform_service::{Clock, Context, Host};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::program::{Ended, Folder, Server};

/// An event of a type that services know, with data that they do not.
#[derive(Serialize, Deserialize)]
struct Nonsense {
    nonsense: bool,
}

impl Event for Nonsense {
    const TYPE: &'static str = "users.registered";
    const AGGREGATE: &'static str = "users";

    fn key(&self) -> String {
        "nobody".into()
    }
}

pub(super) struct System {
    folder: Folder,
    runtime: Runtime,
}

impl System {
    pub(super) fn new() -> Self {
        Self {
            folder: Folder::new(),
            runtime: Runtime::new().unwrap(),
        }
    }

    /// A system with all its databases and these people.
    pub(super) fn with_accounts(mails: &[&str]) -> Self {
        let system = Self::new();
        system.run(&["migrate"]).succeeds();
        system.run(&["keys", "make"]).succeeds();
        mails.iter().for_each(|mail| system.account(mail));
        system
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    /// A command on the system's data, not started yet.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        self.folder.command(&[args, &["--data", "data"]].concat())
    }

    /// A command on the system's data.
    pub(super) fn run(&self, args: &[&str]) -> Ended {
        self.folder.run(&[args, &["--data", "data"]].concat())
    }

    /// What a command answers as JSON, good or bad.
    pub(super) fn json(&self, args: &[&str]) -> Value {
        let ended = self.run(&[args, &["--json"]].concat());
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{args:?}: {}{}", ended.stdout, ended.stderr))
    }

    /// All that is people's, in a process of its own.
    pub(super) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// The same with more settings.
    pub(super) fn serve_with(&self, settings: &[&str]) -> Server {
        let mut args = vec!["up", "--no-gateway", "--only", "auth,security,users", "--data", "data"];
        let quick = ["auth.port=0", "security.port=0", "users.port=0", "events.poll=20ms"];
        args.extend(quick.iter().chain(settings).flat_map(|setting| ["--set", *setting]));
        self.folder.start(&args)
    }

    /// Somebody with a mail address that was proven.
    pub(super) fn account(&self, mail: &str) {
        let settings = "[passwords]\nmemory = \"64KiB\"\niterations = 1\n[host]\ndata = \"DATA\"\n[auth]\n";
        let settings = settings.replace("DATA", &self.path("data").display().to_string());
        let config = Config::parse(&settings).unwrap();
        self.runtime.block_on(async {
            let host = Host::new(config, Clock::system()).services([auth::service()]);
            let running = host.embed().await.unwrap();
            let person = auth::seed::Person {
                email: mail.into(),
                name: None,
                password: Secret::new("a quiet harbour at dawn".into()),
            };
            let store = running.store::<auth::store::Auth>("auth").unwrap();
            auth::seed::account(&store, person).await.unwrap();
            running.stop().await;
        });
    }

    /// Publishes what no group can handle, and gives its id.
    pub(super) fn publish_what_nobody_can_read(&self) -> String {
        self.on("auth", async |context, database| {
            let events = Events::look(&context, &database).await.unwrap();
            let tx = database.begin().await.unwrap();
            let event = Nonsense { nonsense: true };
            let id = events.publish(&tx, &event, &Cause::default()).await.unwrap();
            tx.commit().await.unwrap();
            id.to_string()
        })
    }

    /// Changes a service's database behind its back.
    pub(super) fn change(&self, service: &'static str, sql: &str) {
        self.on(service, async |_, database| {
            let tx = database.begin().await.unwrap();
            tx.execute_unprepared(sql).await.unwrap();
            tx.commit().await.unwrap();
        });
    }

    pub(super) fn rows(&self, service: &'static str, table: &str) -> i64 {
        let select = format!("select count(*) as number from {table}");
        self.on(service, async |_, database| {
            let db = database.read();
            let statement = Statement::from_string(db.get_database_backend(), select);
            let row = db.query_one_raw(statement).await.unwrap().unwrap();
            row.try_get("", "number").unwrap()
        })
    }

    fn on<T>(&self, service: &'static str, work: impl AsyncFnOnce(Context, Database) -> T) -> T {
        let context = Context::standalone(service, Config::default(), Clock::system(), self.path("data"));
        self.runtime.block_on(async {
            let database = Database::open(&context, &[platform_events::MIGRATIONS]).await.unwrap();
            let done = work(context, database.clone()).await;
            database.close().await;
            done
        })
    }
}
