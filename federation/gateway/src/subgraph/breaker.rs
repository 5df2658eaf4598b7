//! Leaves a subgraph alone for a while once it has failed many times in a row.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::CallError;

/// Counts failures in a row.
pub(super) struct Breaker {
    failures: u32,
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    in_a_row: u32,
    opened: Option<Instant>,
    /// Whether somebody is finding out if the subgraph is back.
    is_probing: bool,
}

/// Leave to call once. What came of it is said with [`Pass::leave`]; a call that was given up says nothing.
pub(super) struct Pass<'a> {
    breaker: &'a Breaker,
    is_probe: bool,
    is_told: bool,
}

impl Breaker {
    /// Opens after so many failures; never if that is zero.
    pub(super) fn new(failures: u32, pause: Duration) -> Self {
        Self {
            failures,
            pause,
            state: Mutex::default(),
        }
    }

    /// Lets a call through, or refuses it.
    pub(super) fn enter(&self) -> Result<Pass<'_>, CallError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_probe = match state.opened {
            None => false,
            Some(opened) if opened.elapsed() < self.pause || state.is_probing => return Err(CallError::Open),
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
    /// Says whether the subgraph works.
    pub(super) fn leave(mut self, works: bool) {
        self.is_told = true;
        let mut state = self.breaker.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_probe {
            state.is_probing = false;
        }
        if works {
            (state.in_a_row, state.opened) = (0, None);
            return;
        }
        state.in_a_row = state.in_a_row.saturating_add(1);
        if self.is_probe || (self.breaker.failures > 0 && state.in_a_row == self.breaker.failures) {
            state.opened = Some(Instant::now());
        }
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
