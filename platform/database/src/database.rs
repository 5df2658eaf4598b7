//! A service's database: readers, and the one door for writes.

use std::{path::PathBuf, sync::Arc, time::Duration};

use platform_service::Context;
use sea_orm::{DatabaseConnection, SqliteTransactionMode, TransactionOptions, TransactionTrait};

use crate::{
    DatabaseError, Migrations, Settings, Statements, Tx,
    connect::{self, Pools},
    migrate,
    whole::Whole,
};

const SECTION: &str = "database";
const REPORT: Duration = Duration::from_secs(10);

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A file of this service alone.
    Sqlite,
    /// A schema of a PostgreSQL server.
    Postgres,
}

/// Where a service's tables are: in a schema behind a URL, or in a file.
enum Place {
    Schema(String),
    File(PathBuf),
}

impl Place {
    fn of(context: &Context, settings: &Settings) -> Result<Self, DatabaseError> {
        let service = context.service();
        let url = settings.url_for(service);
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Schema(url.to_owned()));
        }
        match (url.strip_prefix("sqlite:"), url) {
            (Some(file), _) => Ok(Self::File(PathBuf::from(file.trim_start_matches("//")))),
            (None, "") => Ok(Self::File(context.data_dir().join(format!("{service}.db")))),
            _ => Err(DatabaseError::Url),
        }
    }
}

/// A service's database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    read: Statements,
    alone: Statements,
    /// What transactions begin on.
    write: DatabaseConnection,
    pools: Pools,
}

impl Inner {
    fn of(pools: Pools) -> Self {
        let (read, alone, write) = match &pools {
            Pools::Sqlite { read, write } => (
                Statements::sqlite(read.clone().into()),
                Statements::sqlite(write.clone().into()),
                write.clone().into(),
            ),
            Pools::Postgres { pool, kept } => (
                Statements::postgres(kept.clone()),
                Statements::postgres(kept.clone()),
                pool.clone().into(),
            ),
        };
        Self {
            read,
            alone,
            write,
            pools,
        }
    }
}

impl Database {
    /// Opens the database of the context's service by the section `[database]` and brings its tables up to date, or
    /// refuses to open when they are behind and `database.migrate` is `check`.
    pub async fn open(context: &Context, migrations: &[Migrations]) -> Result<Self, DatabaseError> {
        let settings: Settings = context.section(SECTION)?;
        let database = Self::connect(context, &settings).await?;
        migrate::run(
            &database,
            (context.service(), settings.migrate),
            migrations,
            context.clock(),
        )
        .await?;
        database.watch(context);
        Ok(database)
    }

    /// Applies the migrations that are missing, whatever `database.migrate` says, and names them.
    pub async fn migrate(context: &Context, migrations: &[Migrations]) -> Result<Vec<String>, DatabaseError> {
        let database = Self::connect(context, &context.section(SECTION)?).await?;
        let how = (context.service(), crate::Migrate::Auto);
        let applied = migrate::run(&database, how, migrations, context.clock()).await;
        database.close().await;
        applied
    }

    /// Whether the context's service has a database. Looking makes none.
    pub async fn exists(context: &Context) -> Result<bool, DatabaseError> {
        let settings: Settings = context.section(SECTION)?;
        match Place::of(context, &settings)? {
            Place::Schema(url) => connect::has_schema(&url, context.service(), &settings).await,
            Place::File(file) => Ok(file.exists()),
        }
    }

    async fn connect(context: &Context, settings: &Settings) -> Result<Self, DatabaseError> {
        let pools = match Place::of(context, settings)? {
            Place::Schema(url) => connect::postgres(&url, context.service(), settings).await?,
            Place::File(file) => connect::sqlite(&file, settings).await?,
        };
        Ok(Self(Arc::new(Inner::of(pools))))
    }

    /// For queries. What is read here may be a moment old; what a decision to write depends on is read in [`Tx`].
    pub fn read(&self) -> &Statements {
        &self.0.read
    }

    /// Begins a transaction that may write: the door for whatever takes more than one statement, or reads before it
    /// writes. On SQLite it holds the write lock from its first moment, because a transaction that reads first and writes
    /// later fails beside others that write. Keep it short, and use nothing but it until it ends.
    pub async fn begin(&self) -> Result<Tx, DatabaseError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let write = self.0.write.clone();
        let Pools::Postgres { kept, .. } = &self.0.pools else {
            return Ok(Tx::new(write.begin_with_options(options).await?, None));
        };
        let turn = kept.turn().await?;
        // Who gives up between `begin` and its answer would give back a connection within a transaction that sqlx does
        // not know of: what is written there next, alone, would never be committed.
        let begun = Whole::new(async move {
            let begun = write.begin_with_options(options).await;
            begun.map(|begun| Tx::new(begun, Some(turn)))
        });
        match begun.await {
            Ok(begun) => Ok(begun),
            Err(error) => Err(kept.explained(error).await.into()),
        }
    }

    /// For one statement that writes and is a transaction of its own: it saves the two ways to the database that `begin`
    /// and `commit` are.
    pub fn alone(&self) -> &Statements {
        &self.0.alone
    }

    /// Which database it is.
    pub fn kind(&self) -> Kind {
        match &self.0.pools {
            Pools::Postgres { .. } => Kind::Postgres,
            Pools::Sqlite { .. } => Kind::Sqlite,
        }
    }

    /// Whether the database answers now, for `/readyz`.
    pub async fn ready(&self) -> Result<(), DatabaseError> {
        Ok(self.0.read.ping().await?)
    }

    /// Closes all connections. A SQLite file is whole without its log afterwards.
    pub async fn close(&self) {
        match &self.0.pools {
            Pools::Postgres { kept, .. } => kept.close().await,
            Pools::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
        }
    }

    fn watch(&self, context: &Context) {
        let (database, service, shutdown) = (self.clone(), context.service(), context.shutdown());
        context.spawn("database metrics", async move {
            loop {
                database.report(service);
                tokio::select! {
                    () = tokio::time::sleep(REPORT) => {}
                    () = shutdown.cancelled() => return,
                }
            }
        });
    }

    fn report(&self, service: &'static str) {
        let (open, idle) = match &self.0.pools {
            Pools::Postgres { kept, .. } => kept.counts(),
            Pools::Sqlite { read, write } => (read.size() + write.size(), read.num_idle() + write.num_idle()),
        };
        metrics::gauge!("database_connections", "service" => service, "state" => "open").set(open);
        metrics::gauge!("database_connections", "service" => service, "state" => "idle").set(idle as f64);
    }
}
