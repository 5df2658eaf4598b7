//! Leaves a dependency alone for a while once it has failed many times in a row.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Counts failures in a row. Once open it lets one call through after each pause, to find out.
#[derive(Debug)]
pub struct Breaker {
    failures: u32,
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    in_a_row: u32,
    opened: Option<Instant>,
    /// Whether somebody is finding out if the dependency is back.
    is_probing: bool,
}

/// What the end of a call changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// From now on the dependency is left alone.
    Opened,
    /// The dependency works again.
    Closed,
}

/// The dependency is left alone for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it failed many times in a row and is left alone for a while")]
pub struct Open;

/// Leave to call once. What came of it is said with [`Pass::leave`]; a call that was given up says nothing.
#[derive(Debug)]
pub struct Pass<'a> {
    breaker: &'a Breaker,
    is_probe: bool,
    is_told: bool,
}

impl Breaker {
    /// Opens after so many failures; never if that is zero.
    pub fn new(failures: u32, pause: Duration) -> Self {
        Self {
            failures,
            pause,
            state: Mutex::default(),
        }
    }

    /// Lets a call through, or refuses it.
    pub fn enter(&self) -> Result<Pass<'_>, Open> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_probe = match state.opened {
            None => false,
            Some(opened) if opened.elapsed() < self.pause || state.is_probing => return Err(Open),
            Some(_) => true,
        };
        state.is_probing |= is_probe;
        Ok(Pass {
            breaker: self,
            is_probe,
            is_told: false,
        })
    }
}

impl Pass<'_> {
    /// Says whether the dependency works, and hears what that changed.
    pub fn leave(mut self, works: bool) -> Option<Turn> {
        self.is_told = true;
        let mut state = self.breaker.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_probe {
            state.is_probing = false;
        }
        if works {
            state.in_a_row = 0;
            return state.opened.take().map(|_| Turn::Closed);
        }
        state.in_a_row = state.in_a_row.saturating_add(1);
        if self.is_probe || (self.breaker.failures > 0 && state.in_a_row == self.breaker.failures) {
            let before = state.opened.replace(Instant::now());
            return before.is_none().then_some(Turn::Opened);
        }
        None
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.is_probe && !self.is_told {
            self.breaker
                .state
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_probing = false;
        }
    }
}
