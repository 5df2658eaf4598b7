//! Sends to a broker: events of different lanes at the same time, those of one lane one after the other.

use std::collections::BTreeMap;

use futures::{TryStreamExt, stream};

use crate::{Envelope, EventError};

const AT_A_TIME: usize = 256;

/// Sends all events. A lane stops at its first failure, so that what is tried again is never overtaken.
pub(super) async fn send_all<'a, Fut>(
    events: &'a [Envelope],
    send: impl Fn(&'a Envelope) -> Fut,
) -> Result<(), EventError>
where
    Fut: Future<Output = Result<(), EventError>>,
{
    let mut lanes = BTreeMap::<_, Vec<_>>::new();
    for event in events {
        lanes.entry(event.lane()).or_default().push(event);
    }
    let send = &send;
    stream::iter(lanes.into_values().map(Ok))
        .try_for_each_concurrent(AT_A_TIME, |lane| async move {
            for event in lane {
                send(event).await?;
            }
            Ok(())
        })
        .await
}
