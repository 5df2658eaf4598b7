//! Pages of a list by keyset: a cursor names the last row seen, so that a page costs the same however far in it is.

use async_graphql::connection::{self, Edge, EmptyFields};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, IntoIdentity, Select, sea_query::IntoValueTuple};
use serde::{Serialize, de::DeserializeOwned};

use crate::DatabaseError;

/// A page of rows as GraphQL gives it: edges with cursors, nodes, and whether there is more.
pub type Connection<T> = connection::Connection<String, T, EmptyFields, EmptyFields>;

/// Rows of a page, unless asked for otherwise, and at most.
const USUAL: u64 = 50;
const MOST: u64 = 100;
/// Cursors are short; what is longer was made up.
const LONGEST_CURSOR: usize = 512;

/// Which page is wanted: the first rows after a cursor, or the last before one.
#[derive(Clone, Debug, Default)]
pub struct PageArgs {
    /// So many from the front.
    pub first: Option<i32>,
    /// After this cursor.
    pub after: Option<String>,
    /// So many from the back.
    pub last: Option<i32>,
    /// Before this cursor.
    pub before: Option<String>,
}

/// What rows are sorted by, as a cursor keeps it: the values of the key's columns, which together are unique. An id of
/// version 7 alone sorts by time of creation.
pub trait Key: IntoValueTuple + Serialize + DeserializeOwned {}

impl<K: IntoValueTuple + Serialize + DeserializeOwned> Key for K {}

impl PageArgs {
    /// The page of the first rows after a cursor.
    pub fn forward(first: Option<i32>, after: Option<String>) -> Self {
        Self {
            first,
            after,
            ..Self::default()
        }
    }

    /// How many rows the page has, or why it cannot be given.
    fn size(&self) -> Result<u64, DatabaseError> {
        if self.first.is_some() && self.last.is_some() {
            return Err(DatabaseError::Page(
                "first and last exclude each other: give one of them".into(),
            ));
        }
        match self.first.or(self.last) {
            None => Ok(USUAL),
            Some(size) => match u64::try_from(size) {
                Ok(size @ 1..=MOST) => Ok(size),
                _ => Err(DatabaseError::Page(format!(
                    "a page of {size} rows: give a number from 1 to {MOST}"
                ))),
            },
        }
    }
}

/// One page of `select`, the largest values of the columns `key` first, which `key_of` reads from a row; for version 7
/// ids that is the newest first.
///
/// # Errors
/// A cursor that is none of ours, a size outside the limits, and what the database says.
pub async fn page<E, C, K>(
    db: &impl ConnectionTrait,
    select: Select<E>,
    (key, key_of): (C, impl Fn(&E::Model) -> K),
    args: &PageArgs,
) -> Result<Connection<E::Model>, DatabaseError>
where
    E: EntityTrait,
    E::Model: FromQueryResult + async_graphql::OutputType + Send + Sync,
    C: IntoIdentity,
    K: Key,
{
    let size = args.size()?;
    let mut cursor = select.cursor_by(key);
    cursor.desc();
    if let Some(after) = &args.after {
        cursor.after(read::<K>("after", after)?);
    }
    if let Some(before) = &args.before {
        cursor.before(read::<K>("before", before)?);
    }
    // One more than asked for tells whether there is more.
    match args.last.is_some() {
        true => cursor.last(size + 1),
        false => cursor.first(size + 1),
    };
    let mut rows = cursor.all(db).await?;
    let has_more = rows.len() as u64 > size;
    let backward = args.last.is_some();
    if has_more && backward {
        rows.remove(0);
    } else if has_more {
        rows.pop();
    }
    let mut page = match backward {
        true => Connection::new(has_more, args.before.is_some()),
        false => Connection::new(args.after.is_some(), has_more),
    };
    for row in rows {
        page.edges.push(Edge::new(write(&key_of(&row)), row));
    }
    Ok(page)
}

fn write(key: &impl Serialize) -> String {
    let json = serde_json::to_vec(key).expect("a key is made of ids, times, numbers and text");
    URL_SAFE_NO_PAD.encode(json)
}

fn read<K: Key>(name: &str, cursor: &str) -> Result<K, DatabaseError> {
    let bytes = match cursor.len() <= LONGEST_CURSOR {
        true => URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default(),
        false => Vec::new(),
    };
    serde_json::from_slice(&bytes).map_err(|_| {
        DatabaseError::Page(format!(
            "{name} is not a cursor of this list: give one that an earlier page gave"
        ))
    })
}
