//! Timeouts, retry budgets, breakers and bulkheads for calls that may fail: each alone, or all of them as a [`Guard`].
//!
//! Retries belong to one level only, the one that knows whether a call may be repeated.

mod backoff;
mod breaker;
mod budget;
mod bulkhead;
mod guard;
mod settings;

pub use crate::{
    backoff::{Backoff, pause},
    breaker::{Breaker, Open, Pass, Turn},
    budget::Budget,
    bulkhead::{Bulkhead, Full, Seat},
    guard::{Fault, Guard, Refused},
    settings::Policy,
};
