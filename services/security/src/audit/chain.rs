//! Writing at the end of the chain, one transaction after the other.

use chrono::{DateTime, Utc};
use platform_crypto::{KeyRing, hex};
use platform_database::{
    Tx,
    orm::{DbErr, EntityTrait, IntoActiveModel, sea_query::OnConflict},
    sql,
};

use super::{Column, Entity, Entry, Model};
use crate::error::Error;

/// What a seal is for.
pub(super) const SEAL: &str = "security.audit";

/// The end of the chain, held until the transaction ends. Whoever changes roles or grants holds it too, so that of two
/// such changes the second sees the first.
pub struct Chain<'a> {
    tx: &'a Tx,
    ring: &'a KeyRing,
    now: DateTime<Utc>,
    seq: i64,
    hash: String,
}

impl<'a> Chain<'a> {
    /// Takes hold of the end.
    pub async fn hold(tx: &'a Tx, ring: &'a KeyRing, now: DateTime<Utc>) -> Result<Self, Error> {
        // The update takes the row's lock on PostgreSQL; SQLite has one writer anyway.
        let sql = "update audit_head set seq = seq where only_row = 1 returning seq, hash";
        let row = sql::one(tx, sql, []).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the audit log has no end".into()))?;
        Ok(Self {
            tx,
            ring,
            now,
            seq: row.try_get("", "seq")?,
            hash: row.try_get("", "hash")?,
        })
    }

    /// The transaction.
    pub fn tx(&self) -> &'a Tx {
        self.tx
    }

    /// When what is written down happens.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Writes an entry down. One whose id is there already is left as it is.
    pub async fn append(&mut self, entry: Entry) -> Result<(), Error> {
        let entry = entry.checked()?;
        let mut row = Model {
            seq: self.seq + 1,
            id: entry.id,
            at: self.now,
            actor: entry.actor,
            source: entry.source,
            workspace: entry.workspace,
            action: entry.action,
            target_kind: entry.target.0,
            target_id: entry.target.1,
            outcome: entry.outcome.as_str().to_owned(),
            data: entry.data.to_string(),
            words: String::new(),
            hash: String::new(),
            seal: String::new(),
        };
        row.words = row.searched();
        row.hash = row.fingerprint(&self.hash);
        row.seal = hex(&self.ring.tag(SEAL, row.hash.as_bytes()));
        let (seq, hash) = (row.seq, row.hash.clone());
        let once = OnConflict::column(Column::Id).do_nothing().to_owned();
        let insert = Entity::insert(row.into_active_model()).on_conflict(once);
        if insert.exec_without_returning(self.tx).await? == 0 {
            return Ok(());
        }
        (self.seq, self.hash) = (seq, hash);
        let sql = "update audit_head set seq = $1, hash = $2 where only_row = 1";
        let values = [self.seq.into(), self.hash.clone().into()];
        sql::execute(self.tx, sql, values).await?;
        Ok(())
    }
}
