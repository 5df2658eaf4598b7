//! JSON that is written in pieces, so that none of it waits in memory for the rest.

use std::{future::ready, mem};

use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use platform_database::orm::{EntityTrait, FromQueryResult, Select, sea_query::IntoValueTuple};
use serde_json::{Value, json};

use crate::{error::Error, store::Store};

/// JSON in pieces.
pub(crate) type Pieces = BoxStream<'static, Result<String, Error>>;

/// Rows, some at a time.
pub(super) type Pages<T> = BoxStream<'static, Result<Vec<T>, Error>>;

/// Where a row stands among the others.
type KeyOf<E, K> = fn(&<E as EntityTrait>::Model) -> K;

/// As much as is known already.
pub(super) fn text(text: impl Into<String>) -> Pieces {
    stream::once(ready(Ok(text.into()))).boxed()
}

/// A value that is known already.
pub(super) fn value(value: &Value) -> Pieces {
    text(value.to_string())
}

/// An object of these members.
pub(super) fn object(members: Vec<(&str, Pieces)>) -> Pieces {
    let mut separator = "";
    let members: Vec<_> = members
        .into_iter()
        .map(|(name, value)| text(format!("{}{}:", mem::replace(&mut separator, ","), json!(name))).chain(value))
        .collect();
    let members = stream::iter(members).flatten();
    text("{").chain(members).chain(text("}")).boxed()
}

/// A list of what is told of each row.
pub(super) fn list<T: 'static>(pages: Pages<T>, told: impl Fn(&T) -> Value + Send + 'static) -> Pieces {
    let mut separator = "";
    let items = pages.map_ok(move |page| {
        let items = page.iter().map(|row| {
            let separator = mem::replace(&mut separator, ",");
            format!("{separator}{}", told(row))
        });
        items.collect::<String>()
    });
    text("[").chain(items).chain(text("]")).boxed()
}

/// The rows of a select, so many at a time, in the order of a key that is unique among them.
pub(super) fn pages<E, K>(
    store: &Store,
    select: Select<E>,
    (key, key_of): (E::Column, KeyOf<E, K>),
    rows: u64,
) -> Pages<E::Model>
where
    E: EntityTrait,
    E::Model: FromQueryResult + Send + Sync + 'static,
    K: IntoValueTuple + Send + 'static,
{
    let db = store.db.clone();
    let next = move |last: Option<K>| {
        let (db, mut cursor) = (db.clone(), select.clone().cursor_by(key));
        async move {
            if let Some(last) = last {
                cursor.after(last);
            }
            let page = cursor.first(rows).all(db.read()).await?;
            let last = page.last().map(key_of);
            Ok::<_, Error>(last.map(|last| (page, Some(last))))
        }
    };
    stream::try_unfold(None, next).boxed()
}
