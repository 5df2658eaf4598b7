//! Dates against vintages.

use std::sync::Arc;

use super::points::Columns;
use super::{DateRange, History};
use crate::value::Value;

const UNPUBLISHED: u32 = u32::MAX;

/// What a vintage says of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing had been published of this date.
    Unpublished,
    /// The number had been taken back.
    Withdrawn,
    /// The number known then.
    Published(Value),
}

/// For each of some vintages what was known of each date.
#[derive(Clone, Debug)]
pub struct Matrix {
    columns: Arc<Columns>,
    dates: Vec<i32>,
    vintages: Vec<i32>,
    /// Date by date, a row of the columns for every vintage, or [`UNPUBLISHED`].
    rows: Vec<u32>,
}

impl Matrix {
    /// The dates that at least one of the vintages knows, ascending.
    pub fn dates(&self) -> &[i32] {
        &self.dates
    }

    /// The vintages in the order they were asked for.
    pub fn vintages(&self) -> &[i32] {
        &self.vintages
    }

    /// What the vintage at index `vintage` says of the date at index `date`.
    pub fn cell(&self, date: usize, vintage: usize) -> Cell {
        match self.rows[date * self.vintages.len() + vintage] {
            UNPUBLISHED => Cell::Unpublished,
            row => self
                .columns
                .value(row as usize)
                .map_or(Cell::Withdrawn, Cell::Published),
        }
    }

    /// What the vintage at index `vintage` says of every date.
    pub fn vintage(&self, vintage: usize) -> impl ExactSizeIterator<Item = Cell> + '_ {
        (0..self.dates.len()).map(move |date| self.cell(date, vintage))
    }
}

impl History {
    /// What was known at the end of each of the days `vintages`, which may stand in any order.
    pub fn matrix(&self, vintages: &[i32], range: DateRange) -> Matrix {
        let (mut dates, mut rows) = (Vec::new(), Vec::new());
        let mut from = range.rows(&self.columns.dates);
        while let Some(&date) = self.columns.dates[from.clone()].first() {
            let to = from.start + self.columns.dates[from.clone()].partition_point(|&other| other == date);
            let revisions = &self.columns.revisions[from.start..to];
            let before = rows.len();
            rows.extend(vintages.iter().map(
                |&vintage| match revisions.partition_point(|&revision| revision <= vintage) {
                    0 => UNPUBLISHED,
                    published => (from.start + published - 1) as u32,
                },
            ));
            if rows[before..].iter().all(|&row| row == UNPUBLISHED) {
                rows.truncate(before);
            } else {
                dates.push(date);
            }
            from.start = to;
        }
        Matrix {
            columns: self.columns.clone(),
            dates,
            vintages: vintages.to_vec(),
            rows,
        }
    }
}
