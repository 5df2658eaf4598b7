//! A small table of people in a database of each kind.

use std::borrow::Cow;

use platform_config::Config;
use platform_database::{Database, DatabaseError, Migration, Migrations, orm::entity::prelude::*, text::TextIndex};
use platform_service::{Clock, Context};
use platform_testing::TestPostgres;
use tempfile::TempDir;

use async_graphql::SimpleObject;

/// Where a test's database is, and what must live as long.
pub(crate) struct Place {
    pub(crate) context: Context,
    _postgres: Option<TestPostgres>,
    _folder: TempDir,
}

impl Place {
    pub(crate) fn new(settings: &str, postgres: Option<TestPostgres>) -> Self {
        let url = postgres
            .as_ref()
            .map(|postgres| format!("url = \"{}\"", postgres.url()));
        let place = Self::with(&format!("min-connections = 0\n{}\n{settings}", url.unwrap_or_default()));
        Self {
            _postgres: postgres,
            ..place
        }
    }

    /// A place by the settings alone.
    pub(crate) fn with(settings: &str) -> Self {
        let text = format!("[database]\n{settings}");
        let folder = tempfile::tempdir().unwrap();
        let context = Context::standalone("people", Config::parse(&text).unwrap(), Clock::system(), folder.path());
        Self {
            context,
            _postgres: None,
            _folder: folder,
        }
    }

    pub(crate) async fn open(&self) -> Database {
        self.try_open(MIGRATIONS).await.unwrap()
    }

    pub(crate) async fn try_open(&self, migrations: Migrations) -> Result<Database, DatabaseError> {
        Database::open(&self.context, &[migrations]).await
    }
}

/// A place of each kind that this machine has.
pub(crate) async fn places(settings: &str) -> Vec<Place> {
    let postgres = TestPostgres::start()
        .await
        .map(|postgres| Place::new(settings, Some(postgres)));
    [Some(Place::new(settings, None)), postgres]
        .into_iter()
        .flatten()
        .collect()
}

pub(crate) const MIGRATIONS: Migrations = &[Migration {
    name: "0001_people",
    sqlite: Cow::Borrowed(PEOPLE),
    postgres: Cow::Borrowed(PEOPLE),
}];

/// SQLite takes any name for a type, so one text does for both.
const PEOPLE: &str = "
    create table person (
        id uuid primary key, email text not null unique, name text not null, note text, balance text not null,
        born timestamptz not null, boss uuid references person (id),
        latitude double precision not null, longitude double precision not null
    );
    create index person_name on person (name, id);";

pub(crate) const INDEX: TextIndex = TextIndex {
    table: "person",
    columns: &["name", "note"],
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "person")]
#[graphql(name = "Person")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) note: Option<String>,
    pub(crate) balance: platform_database::Exact,
    pub(crate) born: DateTimeUtc,
    pub(crate) boss: Option<Uuid>,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

platform_database::unrelated!();

/// A person called `name`.
pub(crate) fn person(context: &Context, name: &str) -> Model {
    Model {
        id: context.ids().v7(),
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        note: None,
        balance: "0.00".parse().unwrap(),
        born: context.clock().now(),
        boss: None,
        latitude: 0.0,
        longitude: 0.0,
    }
}

/// Stores people in one transaction.
pub(crate) async fn store(db: &Database, people: impl IntoIterator<Item = Model>) {
    use platform_database::orm::IntoActiveModel;
    let tx = db.begin().await.unwrap();
    for person in people {
        person.into_active_model().reset_all().insert(&tx).await.unwrap();
    }
    tx.commit().await.unwrap();
}
