//! What is wrong with revisions that should be a history.

use platform_error::{Code, Coded};

/// Why revisions cannot be a history. Every one is a fault in what was stored or read, not of a caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The columns do not describe the same rows.
    #[error("expected columns of one length, found {0:?} rows in dates, revisions, values, digits and declared flags")]
    Lengths([usize; 5]),
    /// The row is not after the one before it.
    #[error("expected rows sorted by date and revision date, each pair once, row {row} is not after the one before it")]
    Order {
        /// Counted from 0.
        row: usize,
    },
    /// The row's value or digits are outside decimal(28, 10).
    #[error("expected a decimal(28, 10) with 0 to 10 digits or a withdrawal, row {row} is neither")]
    Value {
        /// Counted from 0.
        row: usize,
    },
    /// A column is absent, has another type, or is null where it must not be.
    #[error("expected a column {name} of type {expected}")]
    Column {
        /// The column's name.
        name: &'static str,
        /// The type it must have.
        expected: &'static str,
    },
}

impl Coded for HistoryError {
    fn code(&self) -> Code {
        Code::Internal
    }
}
