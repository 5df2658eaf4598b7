//! Whether the audit log is what was written: no entry changed, removed, added or moved.

use platform_crypto::KeyRing;
use platform_database::orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use serde::{Deserialize, Serialize};

use super::{Column, Entity, Model, chain::SEAL, chain::hex};
use crate::error::Error;

const BATCH: u64 = 1_000;

/// An entry as it was seen earlier, noted down outside of the database. Who can write the database and the key's file
/// could rewrite the whole log; against what was noted elsewhere they cannot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The entry's number.
    pub seq: i64,
    /// Its fingerprint.
    pub hash: String,
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// How many entries are in order, from the first one on.
    pub entries: i64,
    /// The last of them: note it down, and verify against it next time.
    pub head: Anchor,
    /// The first that is not, when there is one.
    pub broken: Option<Broken>,
}

/// Where the log is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Broken {
    /// The number of the entry.
    pub seq: i64,
    /// What is wrong.
    pub what: String,
}

/// Reads the whole log and stops at the first entry that is not what was written.
pub async fn verify(db: &impl ConnectionTrait, ring: &KeyRing, anchor: Option<&Anchor>) -> Result<Verified, Error> {
    // The end is read first: what is appended meanwhile is verified too, and is no fault.
    let end = head(db).await?;
    let mut last = Anchor {
        seq: 0,
        hash: String::new(),
    };
    loop {
        let rows = Entity::find().filter(Column::Seq.gt(last.seq));
        let rows = rows.order_by_asc(Column::Seq).limit(BATCH).all(db).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            if let Some(what) = fault(&row, &last, (ring, anchor)) {
                return Ok(broken(last, row.seq, what));
            }
            last = Anchor {
                seq: row.seq,
                hash: row.hash,
            };
            if last.seq == end.seq && last.hash != end.hash {
                let seq = last.seq;
                return Ok(broken(last, seq, "the end of the log names another entry"));
            }
        }
    }
    let furthest = anchor.map_or(end.seq, |anchor| anchor.seq.max(end.seq));
    if last.seq < furthest {
        let seq = last.seq + 1;
        return Ok(broken(last, seq, "entries are missing at the end"));
    }
    Ok(Verified {
        entries: last.seq,
        head: last,
        broken: None,
    })
}

fn fault(row: &Model, last: &Anchor, (ring, anchor): (&KeyRing, Option<&Anchor>)) -> Option<&'static str> {
    if row.seq != last.seq + 1 {
        return Some("entries before it are missing");
    }
    if row.fingerprint(&last.hash) != row.hash {
        return Some("it was changed, moved or added");
    }
    let seals = ring.tags(SEAL, row.hash.as_bytes());
    if !seals.iter().any(|seal| hex(seal) == row.seal) {
        return Some("its seal was made with another key");
    }
    match anchor {
        Some(anchor) if anchor.seq == row.seq && anchor.hash != row.hash => Some("it is another entry than was noted"),
        _ => None,
    }
}

fn broken(last: Anchor, seq: i64, what: &str) -> Verified {
    Verified {
        entries: last.seq,
        head: last,
        broken: Some(Broken {
            seq,
            what: what.to_owned(),
        }),
    }
}

async fn head(db: &impl ConnectionTrait) -> Result<Anchor, Error> {
    let sql = "select seq, hash from audit_head where only_row = 1";
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("the audit log has no end".into()))?;
    Ok(Anchor {
        seq: row.try_get("", "seq")?,
        hash: row.try_get("", "hash")?,
    })
}
