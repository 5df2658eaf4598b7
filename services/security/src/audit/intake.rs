//! What other services saw, as entries of the log.

use contracts::audit::Recorded;
use platform_events::Envelope;

use super::Entry;

impl Entry {
    /// The entry that an event asks for. Its id is the event's, so that it is written down once.
    pub(crate) fn heard(envelope: &Envelope, recorded: &Recorded) -> Self {
        Self {
            id: envelope.id,
            actor: envelope.actor.clone().unwrap_or_else(|| "nobody".to_owned()),
            source: recorded.source.clone(),
            workspace: envelope.workspace,
            action: recorded.action.clone(),
            target: (recorded.target_type.clone(), recorded.target_id.clone()),
            outcome: recorded.outcome,
            data: recorded.data.clone(),
        }
    }
}
