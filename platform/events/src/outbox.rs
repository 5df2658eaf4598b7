//! The outbox: events wait in the service's own database until the relay has brought them to the bus.

use chrono::{DateTime, Utc};
use platform_database::{
    Tx,
    orm::{ConnectionTrait, Value},
    sql,
};

use crate::{Envelope, EventError, envelope::LARGEST};

/// An event that waits.
pub(crate) struct Waiting {
    pub(crate) seq: i64,
    pub(crate) envelope: Envelope,
}

/// Writes an event beside what it tells of, in the same transaction.
pub(crate) async fn write(tx: &Tx, r#type: &'static str, envelope: &Envelope) -> Result<(), EventError> {
    let text = serde_json::to_string(envelope).map_err(|error| EventError::Unwritable(r#type, error.to_string()))?;
    if text.len() > LARGEST {
        return Err(EventError::TooLarge(r#type, text.len()));
    }
    let values: [Value; 3] = [envelope.id.into(), envelope.time.into(), text.into()];
    let insert = "insert into event_outbox (id, written_at, envelope) values ($1, $2, $3)";
    sql::execute(tx, insert, values).await?;
    Ok(())
}

/// The oldest events.
pub(crate) async fn first(db: &impl ConnectionTrait, most: usize) -> Result<Vec<Waiting>, EventError> {
    let select = "select seq, envelope from event_outbox order by seq limit $1";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = sql::all(db, select, [most.into()]).await?;
    let waiting = rows.into_iter().map(|row| {
        let text: String = row.try_get("", "envelope")?;
        Ok(Waiting {
            seq: row.try_get("", "seq")?,
            envelope: serde_json::from_str(&text).map_err(EventError::corrupt)?,
        })
    });
    waiting.collect()
}

/// Forgets events that are on the bus.
pub(crate) async fn forget(db: &impl ConnectionTrait, seqs: &[i64]) -> Result<(), EventError> {
    let delete = format!("delete from event_outbox where seq in {}", sql::rows(1, seqs.len()));
    sql::execute(db, &delete, seqs.iter().map(|seq| Value::from(*seq))).await?;
    Ok(())
}

/// How many wait, and since when.
pub(crate) async fn waiting(db: &impl ConnectionTrait) -> Result<(i64, Option<DateTime<Utc>>), EventError> {
    let select = "select count(*) as waiting, min(written_at) as since from event_outbox";
    let Some(row) = sql::one(db, select, []).await? else {
        return Ok((0, None));
    };
    Ok((row.try_get("", "waiting")?, row.try_get("", "since")?))
}
