//! What crawls of a whole history add to what was known.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::vec::IntoIter;

use super::{DateRange, History, Points};
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

/// What was known of a series on a day, by observation date: revisions of its history, and crawls that were taken over.
/// The day only moves on.
pub struct Known {
    revisions: Points,
    /// The revisions that are still to come, the first published first.
    to_come: Peekable<IntoIter<u32>>,
    values: BTreeMap<i32, Option<Value>>,
}

impl History {
    /// What was known before anything was published.
    pub fn known(&self) -> Known {
        let revisions = self.revisions(DateRange::ALL);
        let mut to_come: Vec<u32> = (0..revisions.len() as u32).collect();
        to_come.sort_by_key(|at| revisions.get(*at as usize).revision_date);
        Known {
            revisions,
            to_come: to_come.into_iter().peekable(),
            values: BTreeMap::new(),
        }
    }
}

impl Known {
    /// Compares `incoming` rows, each date once and ascending, with what was known at the end of `day`, and takes them
    /// over. A number published with other digits is another number; a null for a date never heard of is news.
    pub fn crawl(&mut self, day: i32, incoming: impl IntoIterator<Item = (i32, Option<Value>)>) -> Changes {
        self.move_to(day);
        let incoming: Vec<(i32, Option<Value>)> = incoming.into_iter().collect();
        let (Some((first, _)), Some((last, _))) = (incoming.first(), incoming.last()) else {
            return Changes::default();
        };
        let mut changes = Changes::default();
        let mut crawled = incoming.iter().peekable();
        for (date, value) in self.values.range(first..=last) {
            while crawled.next_if(|row| row.0 < *date).is_some() {}
            if value.is_some() && crawled.peek().is_some_and(|row| row.0 != *date) {
                changes.absent.push(*date);
            }
        }
        for (index, (date, value)) in incoming.into_iter().enumerate() {
            if self.values.insert(date, value) != Some(value) {
                changes.changed.push(index);
            }
        }
        changes
    }

    /// Takes over that the numbers of some dates were withdrawn.
    pub fn withdraw(&mut self, dates: &[i32]) {
        self.values.extend(dates.iter().map(|date| (*date, None)));
    }

    fn move_to(&mut self, day: i32) {
        let revisions = &self.revisions;
        let published = |at: &u32| revisions.get(*at as usize).revision_date <= day;
        while let Some(at) = self.to_come.next_if(published) {
            let revision = revisions.get(at as usize);
            self.values.insert(revision.date, revision.value);
        }
    }
}
