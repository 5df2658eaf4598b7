//! Migrations: SQL texts with names, each applied once and in order, by one process at a time.

use std::{borrow::Cow, collections::BTreeMap};

use platform_service::Clock;
use sea_orm::{ConnectionTrait, DbErr};
use sha2::{Digest, Sha256};

use crate::{Database, DatabaseError, Kind, Migrate, Tx, sql};

/// The migrations of one owner, in order. Names are unique within a database, so an owner that is not the service
/// itself puts its own name before them.
pub type Migrations = &'static [Migration];

/// One step of a schema. What has been released never changes; it must suit the version before it too, which still
/// runs while the step is applied.
#[derive(Clone, Debug)]
pub struct Migration {
    /// Its name, for instance `0001_users`.
    pub name: &'static str,
    /// What it does on SQLite; several statements are separated by semicolons.
    pub sqlite: Cow<'static, str>,
    /// What it does on PostgreSQL.
    pub postgres: Cow<'static, str>,
}

/// A migration from `migrations/NAME.sql`, or with `split` from `migrations/sqlite/NAME.sql` and
/// `migrations/postgres/NAME.sql`, beside the crate's `src`.
#[macro_export]
macro_rules! migration {
    ($name:literal) => {
        $crate::Migration {
            name: $name,
            sqlite: ::std::borrow::Cow::Borrowed(include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/migrations/",
                $name,
                ".sql"
            ))),
            postgres: ::std::borrow::Cow::Borrowed(include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/migrations/",
                $name,
                ".sql"
            ))),
        }
    };
    ($name:literal, split) => {
        $crate::Migration {
            name: $name,
            sqlite: ::std::borrow::Cow::Borrowed(include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/migrations/sqlite/",
                $name,
                ".sql"
            ))),
            postgres: ::std::borrow::Cow::Borrowed(include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/migrations/postgres/",
                $name,
                ".sql"
            ))),
        }
    };
}

const TABLE: &str = "create table if not exists schema_migrations (
    name text primary key,
    checksum text not null,
    applied_at text not null
)";
/// Any number that nothing else of the server locks. It is taken for the service's schema together with its hash.
const LOCK: i32 = 0x4841_4e53;

impl Migration {
    fn text(&self, kind: Kind) -> &str {
        match kind {
            Kind::Sqlite => &self.sqlite,
            Kind::Postgres => &self.postgres,
        }
    }
}

/// Applies what is missing, or says what is. Gives back the names of what was applied.
pub(crate) async fn run(
    database: &Database,
    (service, migrate): (&str, Migrate),
    sets: &[Migrations],
    clock: &Clock,
) -> Result<Vec<String>, DatabaseError> {
    // One transaction holds the lock for all of them: a second process waits and finds nothing to do.
    let tx = database.begin().await?;
    // Neither waiting for another process nor building an index is bound to the time of a request's statement.
    tx.take_time().await?;
    if database.kind() == Kind::Postgres {
        let lock = format!("select pg_advisory_xact_lock({LOCK}, hashtext(current_schema()))");
        tx.execute_unprepared(&lock).await?;
    }
    tx.execute_unprepared(TABLE).await?;
    let applied = applied(&tx).await?;
    let mut fresh = Vec::new();
    for migration in sets.iter().copied().flatten() {
        let text = migration.text(database.kind());
        match applied.get(migration.name) {
            Some(checksum) if *checksum == sum(text) => {}
            Some(_) => return Err(DatabaseError::Changed(migration.name.into())),
            None => fresh.push((migration.name, text)),
        }
    }
    let names = fresh.iter().map(|(name, _)| (*name).to_owned()).collect();
    if migrate == Migrate::Check && !fresh.is_empty() {
        let service = service.to_owned();
        return Err(DatabaseError::Behind {
            service,
            missing: names,
        });
    }
    for (name, text) in fresh {
        let failed = |source: DbErr| DatabaseError::Migration {
            name: name.into(),
            source,
        };
        tx.execute_unprepared(text).await.map_err(failed)?;
        let values = [name.into(), sum(text).into(), clock.now().to_rfc3339().into()];
        let insert = "insert into schema_migrations (name, checksum, applied_at) values ($1, $2, $3)";
        sql::execute(&tx, insert, values).await?;
    }
    tx.commit().await?;
    Ok(names)
}

async fn applied(tx: &Tx) -> Result<BTreeMap<String, String>, DbErr> {
    let rows = sql::all(tx, "select name, checksum from schema_migrations", []).await?;
    let pair = |row: sea_orm::QueryResult| Ok((row.try_get("", "name")?, row.try_get("", "checksum")?));
    rows.into_iter().map(pair).collect()
}

fn sum(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
