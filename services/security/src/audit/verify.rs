//! Whether the audit log is what was written: no entry changed, removed, added or moved.

use std::{fmt, str::FromStr};

use platform_crypto::{KeyRing, hex};
use platform_database::{
    orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect},
    sql,
};
use serde::{Deserialize, Serialize};

use super::{Column, Entity, Model, chain::SEAL};
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

impl Anchor {
    /// The anchor of a request, which names both parts or neither: with one alone nothing would be compared.
    pub fn noted(seq: Option<i64>, hash: Option<String>) -> Result<Option<Self>, Error> {
        match (seq, hash) {
            (None, None) => Ok(None),
            (Some(seq), Some(hash)) => format!("{seq}:{hash}").parse().map(Some),
            (Some(_), None) => Err(Error::field(
                "hash",
                "is missing; an entry is compared by its fingerprint",
            )),
            (None, Some(_)) => Err(Error::field(
                "seq",
                "is missing; a fingerprint is that of a numbered entry",
            )),
        }
    }
}

/// An anchor as people keep it: `SEQ:HASH`.
impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl FromStr for Anchor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::field(
                "anchor",
                "is a number and a fingerprint, as a verification prints it: 12:9f86…",
            )
        };
        let (seq, hash) = text.trim().split_once(':').ok_or_else(wrong)?;
        let seq = seq.parse().map_err(|_| wrong())?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        match is_hash || (seq == 0 && hash.is_empty()) {
            true => Ok(Self {
                seq,
                hash: hash.to_lowercase(),
            }),
            false => Err(wrong()),
        }
    }
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
    /// What may have happened, and what to do.
    pub meaning: String,
}

/// What can be wrong with an entry.
#[derive(Clone, Copy)]
enum Fault {
    Gap,
    Changed,
    OtherKey,
    OtherEntry,
    OtherEnd,
    Short,
}

impl Fault {
    fn what(self) -> &'static str {
        match self {
            Self::Gap => "entries before it are missing",
            Self::Changed => "it was changed, moved or added",
            Self::OtherKey => "its seal was made with another key",
            Self::OtherEntry => "it is another entry than was noted",
            Self::OtherEnd => "the end of the log names another entry",
            Self::Short => "entries are missing at the end",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Gap => {
                "somebody deleted entries in the database itself; a backup from before has them, and shows who did what"
            }
            Self::Changed => {
                "somebody wrote in the database itself, beside the service; compare the entry with the one in a backup"
            }
            Self::OtherKey => {
                "either a key was taken out of the key ring, then put it back or verify with an anchor from before; or \
                 the log was rewritten by somebody who does not have the key ring"
            }
            Self::OtherEntry => {
                "the log was rewritten as a whole, with the key ring at hand, since the anchor was noted; only a backup \
                 has what was there"
            }
            Self::OtherEnd | Self::Short => {
                "the newest entries were cut off, or an older copy of the database was put in place: after a restore \
                 that is what one expects, otherwise somebody removed them"
            }
        }
    }
}

/// Reads the whole log once, beside all that was noted, and stops at the first entry that is not what was written.
pub async fn verify(db: &impl ConnectionTrait, ring: &KeyRing, anchors: &[Anchor]) -> Result<Verified, Error> {
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
            if let Some(what) = fault(&row, &last, (ring, anchors)) {
                return Ok(broken(last, row.seq, what));
            }
            last = Anchor {
                seq: row.seq,
                hash: row.hash,
            };
            if last.seq == end.seq && last.hash != end.hash {
                let seq = last.seq;
                return Ok(broken(last, seq, Fault::OtherEnd));
            }
        }
    }
    let furthest = furthest(anchors).max(end.seq);
    if last.seq < furthest {
        let seq = last.seq + 1;
        return Ok(broken(last, seq, Fault::Short));
    }
    Ok(Verified {
        entries: last.seq,
        head: last,
        broken: None,
    })
}

/// The newest entry that was noted.
fn furthest(anchors: &[Anchor]) -> i64 {
    anchors.iter().map(|anchor| anchor.seq).max().unwrap_or_default()
}

fn fault(row: &Model, last: &Anchor, (ring, anchors): (&KeyRing, &[Anchor])) -> Option<Fault> {
    if row.seq != last.seq + 1 {
        return Some(Fault::Gap);
    }
    if row.fingerprint(&last.hash) != row.hash {
        return Some(Fault::Changed);
    }
    // An anchor vouches for all before it, so their seals may be of keys that are no longer in the ring.
    let is_vouched = row.seq <= furthest(anchors);
    let seals = ring.tags_ever(SEAL, row.hash.as_bytes());
    if !is_vouched && !seals.iter().any(|seal| hex(seal) == row.seal) {
        return Some(Fault::OtherKey);
    }
    let is_other = |anchor: &Anchor| anchor.seq == row.seq && anchor.hash != row.hash;
    anchors.iter().any(is_other).then_some(Fault::OtherEntry)
}

fn broken(last: Anchor, seq: i64, fault: Fault) -> Verified {
    Verified {
        entries: last.seq,
        head: last,
        broken: Some(Broken {
            seq,
            what: fault.what().to_owned(),
            meaning: fault.meaning().to_owned(),
        }),
    }
}

async fn head(db: &impl ConnectionTrait) -> Result<Anchor, Error> {
    let row = sql::one(db, "select seq, hash from audit_head where only_row = 1", []).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("the audit log has no end".into()))?;
    Ok(Anchor {
        seq: row.try_get("", "seq")?,
        hash: row.try_get("", "hash")?,
    })
}
