//! What a crawl of a whole history adds to what was known.

use super::{DateRange, History};
use crate::value::Value;

/// The difference between a crawl and what was known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The incoming rows, by index, that are new or say something else than what was known.
    pub changed: Vec<usize>,
    /// The dates between the first and the last incoming one that had a number and are gone.
    /// Whether they are withdrawals is for the caller to say: some sources leave out what did not change.
    pub absent: Vec<i32>,
}

impl History {
    /// Compares `incoming` rows, each date once and ascending, with what was known at the end of `day`.
    /// A number published with other digits is another number; a null for a date never heard of is news.
    pub fn changes(&self, day: i32, incoming: impl IntoIterator<Item = (i32, Option<Value>)>) -> Changes {
        let mut incoming = incoming.into_iter().enumerate().peekable();
        let Some(&(_, (start, _))) = incoming.peek() else {
            return Changes::default();
        };
        let known = self.as_of(
            day,
            DateRange {
                start: Some(start),
                end: None,
            },
        );
        let mut known = known.iter().peekable();
        let mut changes = Changes::default();
        for (index, (date, value)) in incoming {
            while let Some(gone) = known.next_if(|known| known.date < date) {
                changes.absent.extend(gone.value.map(|_| gone.date));
            }
            match known.next_if(|known| known.date == date) {
                Some(same) if same.value == value => {}
                _ => changes.changed.push(index),
            }
        }
        changes
    }
}
