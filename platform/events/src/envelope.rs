//! What an event looks like on its way: the same words around every service's facts.

use std::ops::Deref;

use chrono::{DateTime, Utc};
use platform_error::storable;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use crate::EventError;

/// The largest event, as JSON. Every bus of ours carries it; larger things go to a store and are named by the event.
pub const LARGEST: usize = 256 * 1024;
/// The letters of a lane that count. PostgreSQL keeps lanes in indexes, which take no more than 2,704 bytes.
const LONGEST_LANE: usize = 500;

/// A fact that a service tells others, such as "somebody has registered". It is past and never changes.
pub trait Event: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What happened: `users.registered`. Lower case letters, digits, `_` and `.`.
    const TYPE: &'static str;
    /// The version of the struct. Raise it when an old text no longer reads, and say in [`Event::upgrade`] how it does.
    const VERSION: u16 = 1;
    /// What it happened to: `users`.
    const AGGREGATE: &'static str;

    /// Which one it happened to. Events of one aggregate and key are handled in the order they were published in.
    fn key(&self) -> String;

    /// Turns the data of an older version into this one's.
    fn upgrade(_version: u16, data: Value) -> Value {
        data
    }
}

/// An event and what is known about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Its id, by which doubles are found.
    pub id: Uuid,
    /// What happened.
    pub r#type: String,
    /// The version of the data.
    pub version: u16,
    /// What it happened to.
    pub aggregate: String,
    /// Which one it happened to.
    pub key: String,
    /// The workspace it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Uuid>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// What all consequences of one request share.
    pub correlation: Uuid,
    /// The event that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<Uuid>,
    /// The event itself.
    pub data: Value,
}

impl Envelope {
    /// What is kept in order: events of one lane are handled one after the other.
    pub fn lane(&self) -> String {
        self.lane_of(&self.aggregate)
    }

    /// The lane of the same key in another aggregate. Keys that are alike for very long share one, and so do those that
    /// differ in what PostgreSQL does not keep, U+0000: they wait for each other, which does no harm.
    pub(crate) fn lane_of(&self, aggregate: &str) -> String {
        let lane = format!("{aggregate}:{}", self.key);
        lane.chars().map(storable).take(LONGEST_LANE).collect()
    }

    /// The event itself, when it is an `E`.
    pub fn open<E: Event>(&self) -> Result<E, EventError> {
        if self.version > E::VERSION {
            return Err(EventError::TooNew {
                r#type: E::TYPE,
                version: self.version,
                known: E::VERSION,
            });
        }
        let data = match self.version {
            current if current == E::VERSION => self.data.clone(),
            older => E::upgrade(older, self.data.clone()),
        };
        serde_json::from_value(data).map_err(|error| EventError::Unreadable(E::TYPE, error.to_string()))
    }

    /// What an event that follows from this one says about its cause.
    pub fn cause(&self) -> Cause {
        Cause {
            actor: self.actor.clone(),
            workspace: self.workspace,
            correlation: Some(self.correlation),
            causation: Some(self.id),
        }
    }
}

/// Why an event happens: who did it, where, and in the course of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// Who did it.
    pub actor: Option<String>,
    /// The workspace it belongs to.
    pub workspace: Option<Uuid>,
    /// What all consequences of one request share; without it the event begins a course of its own.
    pub correlation: Option<Uuid>,
    /// The event that led to this one.
    pub causation: Option<Uuid>,
}

/// An event that has arrived, read as the struct that its handler asked for.
#[derive(Clone, Debug)]
pub struct Received<E> {
    /// What is known about it.
    pub envelope: Envelope,
    /// The event.
    pub event: E,
}

impl<E> Received<E> {
    /// What an event that follows from this one says about its cause.
    pub fn cause(&self) -> Cause {
        self.envelope.cause()
    }
}

impl<E> Deref for Received<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.event
    }
}
