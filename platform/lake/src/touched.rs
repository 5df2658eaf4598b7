//! Which leads changed when, so that what services decoded stays valid until a commit touches it.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, RwLock};

use crate::files::FileEntry;
use crate::snapshot::Snapshot;

/// Past so many leads or ranges everything counts as touched, once.
const MOST_LEADS: usize = 1_000_000;
const MOST_RANGES: usize = 256;

/// The last commit that touched each lead. Two leads that share a hash share their fate.
#[derive(Debug)]
pub(crate) struct Touched(RwLock<Inner>);

#[derive(Debug)]
struct Inner {
    leads: HashMap<u64, i64>,
    ranges: Vec<(Arc<str>, Arc<str>, i64)>,
    /// Nothing is known of commits up to this one: all of them may have touched anything.
    floor: i64,
}

impl Touched {
    pub(crate) fn new(sequence: i64) -> Self {
        Self(RwLock::new(Inner {
            leads: HashMap::new(),
            ranges: Vec::new(),
            floor: sequence,
        }))
    }

    pub(crate) fn since(&self, lead: &str, sequence: i64) -> bool {
        let inner = self.0.read().expect("no panic while holding the lock");
        let in_range =
            |(low, high, touched): &(Arc<str>, Arc<str>, i64)| *touched > sequence && &**low <= lead && lead <= &**high;
        sequence < inner.floor
            || inner.leads.get(&hash(lead)).is_some_and(|touched| *touched > sequence)
            || inner.ranges.iter().any(in_range)
    }

    /// A commit touched exactly these leads.
    pub(crate) fn leads<'a>(&self, leads: impl IntoIterator<Item = &'a str>, sequence: i64) {
        let mut inner = self.0.write().expect("no panic while holding the lock");
        inner.leads.extend(leads.into_iter().map(|lead| (hash(lead), sequence)));
        if inner.leads.len() > MOST_LEADS {
            inner.forget(sequence);
        }
    }

    /// A commit touched anything that these files may hold.
    pub(crate) fn files<'a>(&self, files: impl IntoIterator<Item = &'a FileEntry>, sequence: i64) {
        let mut inner = self.0.write().expect("no panic while holding the lock");
        for file in files {
            match &file.bounds {
                Some((low, high)) => inner.ranges.push((low.clone(), high.clone(), sequence)),
                None => inner.forget(sequence),
            }
        }
        if inner.ranges.len() > MOST_RANGES {
            inner.forget(sequence);
        }
    }

    /// Somebody else led from one snapshot to the other.
    pub(crate) fn difference(&self, before: &Snapshot, after: &Snapshot) {
        let paths = |snapshot: &Snapshot| {
            snapshot
                .files()
                .iter()
                .map(|file| file.path.clone())
                .collect::<HashSet<_>>()
        };
        let (old, new) = (paths(before), paths(after));
        let added = after.files().iter().filter(|file| !old.contains(&file.path));
        let removed = before.files().iter().filter(|file| !new.contains(&file.path));
        self.files(added.chain(removed).map(|file| &**file), after.sequence());
    }
}

impl Inner {
    fn forget(&mut self, sequence: i64) {
        self.leads.clear();
        self.ranges.clear();
        self.floor = self.floor.max(sequence);
    }
}

fn hash(lead: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    lead.hash(&mut hasher);
    hasher.finish()
}
