//! Panics of the planner's library, which has a few `unwrap`s that ordinary supergraphs reach: to us they are errors.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

thread_local! {
    static CATCHES: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is caught and dealt with, as those of the planner's library are: a panic hook need not
/// tell of it.
pub fn catches_panics() -> bool {
    CATCHES.get()
}

/// What the library makes, or nothing where it panics.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = CATCHES.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    CATCHES.set(before);
    done.ok()
}
