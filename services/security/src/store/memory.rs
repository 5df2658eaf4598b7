//! What is kept in memory: what subjects hold, and verdicts. A verdict belongs to one reading of its subject's roles,
//! so that it cannot outlive them.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;

use crate::{
    catalog::PermissionId, engine::Verdict, place::Target, settings::Settings, standing::Standing, subject::Subject,
};

/// For so long a refusal of the same kind is not written down again.
const QUIET: Duration = Duration::from_secs(60);

/// What a subject held when it was read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) standing: Standing,
    /// Whether it is all that the subject held.
    pub(super) is_all: bool,
    number: u64,
    at: DateTime<Utc>,
    ends: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    reading: u64,
    permission: PermissionId,
    target: Target,
}

pub(super) struct Memory {
    readings: Cache<Subject, Arc<Reading>>,
    verdicts: Cache<Key, Verdict>,
    staleness: TimeDelta,
    numbers: AtomicU64,
    /// Who was refused what lately.
    refused: Cache<(Subject, &'static str), ()>,
    /// How often something was forgotten. A reading that began before is not kept.
    forgotten: Mutex<u64>,
}

impl Memory {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            readings: Cache::new(settings.cached_subjects),
            verdicts: Cache::new(settings.cached_verdicts),
            staleness: TimeDelta::from_std(*settings.staleness).unwrap_or(TimeDelta::zero()),
            numbers: AtomicU64::default(),
            refused: Cache::builder().max_capacity(10_000).time_to_live(QUIET).build(),
            forgotten: Mutex::default(),
        }
    }

    /// What a subject holds, when that was read lately and nothing of it has ended since.
    pub(super) fn reading(&self, subject: &Subject, now: DateTime<Utc>) -> Option<Arc<Reading>> {
        let reading = self.readings.get(subject)?;
        let is_fresh = now < reading.at + self.staleness && reading.ends.is_none_or(|end| now < end);
        is_fresh.then_some(reading)
    }

    /// Whether this is the first refusal of its kind for a while. Who tries again and again does not fill the log.
    pub(super) fn is_first_refusal(&self, subject: &Subject, action: &'static str) -> bool {
        self.refused.entry((subject.clone(), action)).or_insert(()).is_fresh()
    }

    /// The point in time to give to [`Memory::keep`], taken before reading.
    pub(super) fn begin(&self) -> u64 {
        *self.forgotten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what was read, unless something was forgotten since it began.
    pub(super) fn keep(&self, (standing, is_all): (Standing, bool), (began, at): (u64, DateTime<Utc>)) -> Arc<Reading> {
        let reading = Arc::new(Reading {
            is_all,
            number: self.numbers.fetch_add(1, Relaxed),
            at,
            ends: standing.ends(),
            standing,
        });
        let forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        if *forgotten == began {
            self.readings
                .insert(reading.standing.subject().clone(), reading.clone());
        }
        reading
    }

    /// Forgets what one subject holds.
    pub(super) fn forget(&self, subject: &Subject) {
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        *forgotten += 1;
        self.readings.invalidate(subject);
    }

    /// Forgets what everybody holds.
    pub(super) fn forget_all(&self) {
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        *forgotten += 1;
        self.readings.invalidate_all();
    }

    /// The verdict on a question, decided once per reading.
    pub(super) fn verdict(
        &self,
        reading: &Reading,
        (permission, target): (PermissionId, &Target),
        decide: impl FnOnce() -> Verdict,
    ) -> Verdict {
        let key = Key {
            reading: reading.number,
            permission,
            target: target.clone(),
        };
        if let Some(verdict) = self.verdicts.get(&key) {
            metrics::counter!("security_verdicts_total", "from" => "memory").increment(1);
            return verdict;
        }
        metrics::counter!("security_verdicts_total", "from" => "policies").increment(1);
        let verdict = decide();
        self.verdicts.insert(key, verdict.clone());
        verdict
    }
}

/// The id of a subject whose grants changed, in the audit log.
pub(super) fn subject_of(target: &str) -> Option<Subject> {
    target.parse().ok()
}
