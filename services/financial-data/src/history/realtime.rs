//! Validity in real time, as ALFRED shows it.

use super::{DateRange, History, OPEN};
use crate::value::Value;

/// 9999-12-31 in days since 1970-01-01: how ALFRED writes that a number still holds.
pub const END_OF_TIME: i32 = 2_932_896;

/// A stretch of days during which one number was the known one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    /// The observation date, in days since 1970-01-01.
    pub date: i32,
    /// The number, or `None` where it was withdrawn.
    pub value: Option<Value>,
    /// The first day on which it held.
    pub start: i32,
    /// The last day on which it held, or [`END_OF_TIME`].
    pub end: i32,
    /// Whether it was the first publication of a new period.
    pub is_original_release: bool,
}

impl History {
    /// What held on any day from `first` to `last`, with its real start and end. The spells of a date
    /// follow each other without gap or overlap, and no two neighbours have the same value:
    /// a revision that repeats the number before it prolongs that number's spell.
    pub fn validity(&self, first: i32, last: i32, range: DateRange) -> Vec<Spell> {
        let columns = &self.columns;
        let rows = range.rows(&columns.dates);
        let mut spells: Vec<Spell> = Vec::with_capacity(rows.len());
        for at in rows {
            let end = if self.until[at] == OPEN {
                END_OF_TIME
            } else {
                self.until[at] - 1
            };
            let (date, value) = (columns.dates[at], columns.value(at));
            match spells.last_mut() {
                Some(spell) if spell.date == date && spell.value == value => spell.end = end,
                _ => spells.push(Spell {
                    date,
                    value,
                    start: columns.revisions[at],
                    end,
                    is_original_release: columns.originals[at],
                }),
            }
        }
        spells.retain(|spell| spell.start <= last && spell.end >= first);
        spells
    }

    /// [`History::validity`] as ALFRED answers `realtime_start` and `realtime_end`: cut to the days asked for.
    pub fn fred_window(&self, realtime_start: i32, realtime_end: i32, range: DateRange) -> Vec<Spell> {
        let mut spells = self.validity(realtime_start, realtime_end, range);
        for spell in &mut spells {
            spell.start = spell.start.max(realtime_start);
            spell.end = spell.end.min(realtime_end);
        }
        spells
    }
}
