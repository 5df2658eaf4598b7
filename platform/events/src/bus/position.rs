//! How far a group has read a bus.

use std::{collections::BTreeMap, fmt, str::FromStr};

use crate::EventError;

/// For each part of the bus the number of the event that comes next. A part that is not named is read from its
/// beginning. The embedded log and a JetStream stream have one part, a Kafka topic has one per partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position(BTreeMap<i32, i64>);

impl Position {
    /// A position in a bus with one part.
    pub(crate) fn single(next: i64) -> Self {
        Self(BTreeMap::from([(0, next)]))
    }

    /// A position in a bus with many.
    #[cfg(feature = "kafka")]
    pub(crate) fn many(parts: impl IntoIterator<Item = (i32, i64)>) -> Self {
        Self(parts.into_iter().collect())
    }

    /// The number that comes next in a part.
    pub(crate) fn next(&self, part: i32) -> Option<i64> {
        self.0.get(&part).copied()
    }

    /// Goes on in a part.
    #[cfg(feature = "kafka")]
    pub(crate) fn set(&mut self, part: i32, next: i64) {
        self.0.insert(part, next);
    }

    /// The position from which both will be read.
    pub(crate) fn earlier(&self, other: &Self) -> Self {
        let both = self.0.iter().filter_map(|(part, next)| {
            let theirs = other.next(*part)?;
            Some((*part, *next.min(&theirs)))
        });
        Self(both.collect())
    }
}

impl Position {
    /// How many numbers lie between this position and `end`, less than none where it is further; nothing can be said
    /// where a part has not begun.
    pub(crate) fn until(&self, end: &Self) -> Option<i64> {
        let parts = end.0.iter().map(|(part, end)| Some(end - self.next(*part)?));
        parts.sum()
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (part, next)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{part}:{next}")?;
        }
        Ok(())
    }
}

impl FromStr for Position {
    type Err = EventError;

    fn from_str(text: &str) -> Result<Self, EventError> {
        let part = |part: &str| {
            let (part, next) = part.split_once(':')?;
            Some((part.parse().ok()?, next.parse().ok()?))
        };
        let parts: Option<_> = text.split(',').filter(|part| !part.is_empty()).map(part).collect();
        parts
            .map(Self)
            .ok_or_else(|| EventError::Corrupt(format!("{text:?} is no position of a bus")))
    }
}
