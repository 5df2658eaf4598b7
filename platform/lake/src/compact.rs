//! Which files to merge next: small ones into larger ones, tier by tier, and those into the sorted base.

use std::sync::Arc;

use crate::files::FileEntry;
use crate::output::TARGET_BYTES;
use crate::rewrite::Effort;

/// Files below this size are merged when there are enough of them.
const SMALL_BYTES: u64 = TARGET_BYTES / 4;
/// How many small files there may be before they are merged.
const TRIGGER: usize = 12;
/// New rows join the base when the files of the base they overlap are at most so many times larger.
const BASE_RATIO: u64 = 4;

/// What to merge of `files`, given from the oldest write to the newest.
pub(crate) fn plan(files: &[Arc<FileEntry>], effort: Effort) -> Option<Vec<Arc<FileEntry>>> {
    let chosen = match effort {
        Effort::Full => full(files)?,
        Effort::Due => due(files)?,
    };
    Some(chosen.into_iter().map(|at| files[at].clone()).collect())
}

/// Everything, unless it is disjoint and of good size already.
fn full(files: &[Arc<FileEntry>]) -> Option<Vec<usize>> {
    let disjoint = files
        .iter()
        .enumerate()
        .all(|(at, file)| !files[..at].iter().any(|other| other.overlaps(file)));
    let undersized = files.iter().filter(|file| file.bytes() < TARGET_BYTES / 2).count();
    (!disjoint || undersized > 1).then(|| (0..files.len()).collect())
}

/// The newest small files of about one size, with the part of the base they overlap when that is not much larger.
fn due(files: &[Arc<FileEntry>]) -> Option<Vec<usize>> {
    let small: Vec<usize> = (0..files.len()).filter(|at| files[*at].bytes() < SMALL_BYTES).collect();
    if small.len() < TRIGGER {
        return None;
    }
    let (mut chosen, mut sum) = (Vec::new(), 0);
    for at in small.into_iter().rev() {
        if chosen.len() >= TRIGGER && files[at].bytes() > sum * 2 {
            break;
        }
        sum += files[at].bytes();
        chosen.push(at);
    }
    let overlapped = |at: &usize| {
        files[*at].bytes() >= SMALL_BYTES && chosen.iter().any(|chosen| files[*chosen].overlaps(&files[*at]))
    };
    let base: Vec<usize> = (0..files.len()).filter(overlapped).collect();
    if base.iter().map(|at| files[*at].bytes()).sum::<u64>() <= sum * BASE_RATIO {
        chosen.extend(base);
    }
    Some(closed(files, chosen))
}

/// Adds the files whose age lies between those chosen and that share leads with them: merged rows get the age of the
/// newest, so nothing in between may be left out.
fn closed(files: &[Arc<FileEntry>], mut chosen: Vec<usize>) -> Vec<usize> {
    loop {
        let ages = || chosen.iter().map(|at| files[*at].sequence);
        let (Some(oldest), Some(newest)) = (ages().min(), ages().max()) else {
            return chosen;
        };
        let between = |at: &usize| {
            (oldest..=newest).contains(&files[*at].sequence)
                && !chosen.contains(at)
                && chosen.iter().any(|chosen| files[*chosen].overlaps(&files[*at]))
        };
        let more: Vec<usize> = (0..files.len()).filter(between).collect();
        if more.is_empty() {
            chosen.sort_unstable();
            return chosen;
        }
        chosen.extend(more);
    }
}
