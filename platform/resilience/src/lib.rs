//! Timeouts, retry budgets, breakers and bulkheads for calls that may fail: each alone, or all of them as a [`Guard`].
//!
//! Retries belong to one level only, the one that knows whether a call may be repeated.

mod breaker;
mod budget;
mod bulkhead;
mod guard;
mod settings;

pub use crate::{
    breaker::{Breaker, Open, Pass},
    budget::{Budget, pause},
    bulkhead::{Bulkhead, Full, Seat},
    guard::{Fault, Guard, Refused},
    settings::Policy,
};
