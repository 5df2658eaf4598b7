//! All protections of one dependency in their right order: bulkhead, breaker, timeout, retry within a budget.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use platform_error::{Code, Error};
use tokio::time::{sleep, timeout};

use crate::{Breaker, Budget, Bulkhead, Policy, pause};

/// What a failure says about the dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The dependency works: it understood, and refused. Never tried again.
    Answer,
    /// The dependency is in trouble, and the same call may be tried again.
    Again,
    /// The dependency is in trouble, and the call may have had an effect: it is not repeated.
    Once,
}

/// Why a guarded call gave nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused<E> {
    /// The dependency failed many times in a row and is left alone.
    #[error("{0} failed many times in a row and is left alone for a while")]
    Open(&'static str),
    /// Too many calls wait for it.
    #[error("too many calls wait for {0}")]
    Full(&'static str),
    /// It took too long.
    #[error("{name} did not answer within {after:?}")]
    Timeout {
        /// The dependency.
        name: &'static str,
        /// How long was waited.
        after: Duration,
    },
    /// It failed.
    #[error(transparent)]
    Failed(E),
}

impl<E: Into<Error>> From<Refused<E>> for Error {
    fn from(refused: Refused<E>) -> Self {
        let text = match &refused {
            Refused::Failed(_) => String::new(),
            Refused::Open(name) => format!("{name} is left alone for a while because it failed; try again later"),
            Refused::Full(name) => format!("{name} has more to do than it can; try again later"),
            Refused::Timeout { name, .. } => format!("{name} did not answer in time; try again later"),
        };
        match refused {
            Refused::Failed(error) => error.into(),
            Refused::Timeout { .. } => Error::new(Code::Timeout, text),
            _ => Error::new(Code::Unavailable, text),
        }
    }
}

/// The protections of one dependency. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub struct Guard(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: &'static str,
    policy: Policy,
    bulkhead: Bulkhead,
    breaker: Breaker,
    budget: Budget,
    calls: AtomicU64,
}

impl Guard {
    /// Protections for the dependency called `name`, which errors and metrics mention.
    pub fn new(name: &'static str, policy: Policy) -> Self {
        Self(Arc::new(Inner {
            name,
            bulkhead: Bulkhead::new(policy.concurrency, policy.queue),
            breaker: Breaker::new(policy.breaker_failures, *policy.breaker_pause),
            budget: Budget::new(policy.retry_budget),
            calls: AtomicU64::new(0),
            policy,
        }))
    }

    /// Calls the dependency; `judge` says what a failure means, and so whether it is tried again.
    pub async fn call<T, E, Fut>(
        &self,
        judge: impl Fn(&E) -> Fault,
        mut attempt: impl FnMut() -> Fut,
    ) -> Result<T, Refused<E>>
    where
        Fut: Future<Output = Result<T, E>>,
    {
        let Inner {
            name, policy, budget, ..
        } = &*self.0;
        let _seat = self
            .0
            .bulkhead
            .enter()
            .await
            .map_err(|_| self.refuse("full", Refused::Full(name)))?;
        budget.earn();
        let seed = self.0.calls.fetch_add(1, Relaxed).to_le_bytes();
        let mut tried = 0;
        loop {
            let outcome = self.once(&judge, &mut attempt).await;
            let may_retry = match &outcome {
                Err(Refused::Failed(error)) => judge(error) == Fault::Again,
                _ => false,
            };
            if !may_retry || tried >= policy.retries || !budget.spend() {
                return outcome;
            }
            tried += 1;
            metrics::counter!("guard_retries_total", "dependency" => *name).increment(1);
            sleep(pause(tried, &seed)).await;
        }
    }

    async fn once<T, E, Fut>(
        &self,
        judge: impl Fn(&E) -> Fault,
        attempt: &mut impl FnMut() -> Fut,
    ) -> Result<T, Refused<E>>
    where
        Fut: Future<Output = Result<T, E>>,
    {
        let Inner { name, policy, .. } = &*self.0;
        let pass = self
            .0
            .breaker
            .enter()
            .map_err(|_| self.refuse("open", Refused::Open(name)))?;
        let after = *policy.timeout;
        let outcome = match timeout(after, attempt()).await {
            Ok(outcome) => outcome.map_err(Refused::Failed),
            Err(_) => Err(self.refuse("timeout", Refused::Timeout { name, after })),
        };
        let works = match &outcome {
            Ok(_) => true,
            Err(Refused::Failed(error)) => judge(error) == Fault::Answer,
            Err(_) => false,
        };
        pass.leave(works);
        outcome
    }

    fn refuse<E>(&self, why: &'static str, refused: Refused<E>) -> Refused<E> {
        metrics::counter!("guard_refusals_total", "dependency" => self.0.name, "why" => why).increment(1);
        refused
    }
}
