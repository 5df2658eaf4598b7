//! The catalog in a SQL database, in the tables that the SQL catalogs of other engines read.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use iceberg::TableCreation;
use iceberg::spec::TableMetadataBuilder;

use super::database::{Database, Row, Transaction, is_race};
use super::metadata;
use super::swap::{Step, Swap};
use super::{Catalog, Change, Loaded, Outcome, Receipt, TableName, schema};
use crate::error::{LakeError, Result, Trouble};
use crate::fault;
use crate::place;
use crate::storage::Storage;

/// Tables registered in SQLite or PostgreSQL; a clone shares the connections.
#[derive(Clone, Debug)]
pub struct SqlCatalog {
    pub(super) database: Arc<Database>,
    pub(super) storage: Storage,
    name: String,
}

impl SqlCatalog {
    /// Opens `postgres://…`, `sqlite:PATH` or a plain path and creates what is missing there. One database may
    /// hold several catalogs, each under its own name.
    pub async fn open(url: &str, storage: Storage, name: &str) -> Result<Self> {
        let database = Database::open(url).await?;
        create_tables(&database).await?;
        Ok(Self {
            database: Arc::new(database),
            storage,
            name: name.to_owned(),
        })
    }

    /// The leading columns of every table of the catalog.
    pub(super) fn key<'a>(&'a self, table: &'a TableName) -> [&'a str; 3] {
        [&self.name, &table.namespace, &table.name]
    }

    async fn pointer(&self, table: &TableName) -> Result<Option<String>> {
        let rows = self.database.read(schema::POINTER, &self.key(table)).await?;
        Ok(rows.into_iter().flatten().next().flatten())
    }

    /// Adds the pointer of a new table unless there is one.
    async fn register(&self, transaction: &mut Transaction, table: &TableName, location: &str) -> Result<bool> {
        let [catalog, namespace, name] = self.key(table);
        transaction
            .execute(schema::ADD_NAMESPACE, &[catalog, namespace])
            .await?;
        Ok(transaction
            .execute(schema::ADD_TABLE, &[catalog, namespace, name, location])
            .await?
            == 1)
    }

    /// Deletes files that nobody refers to; what is left of them is swept later.
    async fn discard(&self, files: &[String]) {
        if let Err(error) = self.storage.delete(files).await {
            tracing::warn!(%error, "files that are not needed stay until they are swept");
        }
    }
}

#[async_trait]
impl Catalog for SqlCatalog {
    async fn create(&self, table: &TableName, mut creation: TableCreation, now: DateTime<Utc>) -> Result<Loaded> {
        check(table)?;
        if let Some(theirs) = self.load(table, None).await? {
            return Ok(theirs);
        }
        let (warehouse, TableName { namespace, name }) = (self.storage.location(), table);
        let location = creation
            .location
            .get_or_insert_with(|| format!("{warehouse}/{namespace}/{name}"));
        if place::is_taken(&self.storage, location).await? {
            // Another process may have made the table meanwhile, and written to it.
            let theirs = self.load(table, None).await?;
            return theirs.ok_or_else(|| LakeError::Setting(place::taken(location)));
        }
        let metadata = TableMetadataBuilder::from_table_creation(creation)?.build()?.metadata;
        let metadata = metadata::stamped(metadata, now)?;
        let ours = metadata::write(&self.storage, metadata, 0, Vec::new()).await?;
        let registering = async {
            let mut transaction = self.database.begin().await?;
            let registered = self.register(&mut transaction, table, &ours.location).await?;
            Ok((transaction, registered))
        };
        let (transaction, registered) = match registering.await {
            Ok(registered) => registered,
            Err(error) => {
                self.discard(&[ours.location]).await;
                return Err(error);
            }
        };
        // If the answer to this is lost the file stays: the table may exist, and creating it again finds it.
        transaction.commit().await?;
        if registered {
            return Ok(ours);
        }
        self.discard(&[ours.location]).await;
        self.load(table, None).await?.ok_or_else(|| LakeError::Conflict {
            table: table.to_string(),
        })
    }

    async fn load(&self, table: &TableName, known: Option<&Loaded>) -> Result<Option<Loaded>> {
        loop {
            let Some(location) = self.pointer(table).await? else {
                return Ok(None);
            };
            if let Some(known) = known.filter(|known| known.location == location) {
                return Ok(Some(known.clone()));
            }
            match metadata::read(&self.storage, &location).await {
                // A metadata file may be deleted between the two steps: then the pointer has moved on.
                Err(error) if error.trouble() == Some(Trouble::Missing) => {
                    if self.pointer(table).await?.as_ref() == Some(&location) {
                        return Err(error);
                    }
                }
                loaded => return loaded.map(Some),
            }
        }
    }

    async fn commit(&self, table: &TableName, change: Change<'_>) -> Result<Outcome> {
        let Change {
            base,
            updates,
            files,
            receipts,
            now,
        } = change;
        fault::point("commit.before_metadata");
        let metadata = metadata::next(base, updates, now)?;
        let version = metadata::next_version(&base.location);
        let mut written: Vec<String> = files.iter().map(|(uri, _)| uri.clone()).collect();
        let ours = metadata::write(&self.storage, metadata, version, files).await?;
        written.push(ours.location.clone());
        fault::point("commit.after_files");
        let swap = self
            .swap(Step {
                table,
                from: &base.location,
                to: &ours.location,
                receipts: &receipts,
            })
            .await;
        fault::point("commit.after_swap");
        let refused = match swap {
            Ok(Swap::Moved) => return Ok(Outcome::Committed(ours)),
            // The files may be those of the current state.
            Err(error @ LakeError::OutcomeUnknown(_)) => return Err(error),
            Err(error) if !is_race(&error) => Err(error),
            Err(_) | Ok(Swap::Conflict) => Ok(Outcome::Conflict),
            Ok(Swap::Repeated(keys)) => Ok(Outcome::Repeated(keys)),
        };
        self.discard(&written).await;
        refused
    }

    async fn receipt(&self, table: &TableName, key: &str) -> Result<Option<Receipt>> {
        let [catalog, namespace, name] = self.key(table);
        let rows = self
            .database
            .read(schema::RECEIPT, &[catalog, namespace, name, key])
            .await?;
        let Some(row) = rows.into_iter().next() else {
            return Ok(None);
        };
        let receipt = receipt_of(key, row).ok_or_else(|| LakeError::Corrupt {
            uri: format!("the receipt {key} of {table}"),
            what: "expected a fingerprint, a body and a time".to_owned(),
        });
        receipt.map(Some)
    }

    async fn acknowledge(&self, table: &TableName, receipt: &Receipt) -> Result<Option<Receipt>> {
        let mut transaction = self.database.begin().await?;
        let is_new = self.add_receipt(&mut transaction, table, receipt).await?;
        transaction.commit().await?;
        match is_new {
            true => Ok(None),
            false => self.receipt(table, &receipt.key).await,
        }
    }

    async fn tables(&self) -> Result<Vec<TableName>> {
        let rows = self.database.read(schema::LIST, &[&self.name]).await?;
        let name = |row: Row| match <[_; 2]>::try_from(row) {
            Ok([Some(namespace), Some(name)]) => Some(TableName { namespace, name }),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(name).collect())
    }

    async fn drop_table(&self, table: &TableName) -> Result<()> {
        let mut transaction = self.database.begin().await?;
        if transaction.execute(schema::DROP, &self.key(table)).await? == 0 {
            return Err(LakeError::NoSuchTable(table.to_string()));
        }
        transaction.execute(schema::DROP_RECEIPTS, &self.key(table)).await?;
        transaction.commit().await
    }

    async fn forget_receipts(&self, older_than: DateTime<Utc>) -> Result<u64> {
        let arguments = [self.name.as_str(), &schema::instant(older_than)];
        let mut transaction = self.database.begin().await?;
        let forgotten = transaction.execute(schema::FORGET_RECEIPTS, &arguments).await?;
        transaction.commit().await?;
        Ok(forgotten)
    }
}

async fn create_tables(database: &Database) -> Result<()> {
    // Where everything is there the process needs no right to create tables.
    if database.read(schema::PROBE, &[]).await.is_ok() {
        return Ok(());
    }
    let mut transaction = database.begin().await?;
    if database.locks_rows() {
        transaction.read(schema::ONE_AT_A_TIME, &[]).await?;
    }
    for table in schema::TABLES {
        transaction.execute(table, &[]).await?;
    }
    transaction.commit().await?;
    if database.read(schema::PROBE, &[]).await.is_err() {
        let mut transaction = database.begin().await?;
        transaction.execute(schema::ADD_TYPE, &[]).await?;
        transaction.commit().await?;
    }
    Ok(())
}

fn receipt_of(key: &str, row: Row) -> Option<Receipt> {
    let [fingerprint, body, at] = <[_; 3]>::try_from(row).ok()?;
    Some(Receipt {
        key: key.to_owned(),
        fingerprint: fingerprint?,
        body: body?,
        at: at?.parse().ok()?,
    })
}

/// Names become directories.
fn check(table: &TableName) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut parts = table.namespace.split('.').chain([table.name.as_str()]);
    if parts.all(|part| !part.is_empty() && part.chars().all(plain)) {
        return Ok(());
    }
    Err(LakeError::Invalid(format!(
        "{table} is not a table name: use letters, digits, - and _"
    )))
}
