//! Points as text: rows of JSON, NDJSON and CSV, and JSON in columns.

use std::borrow::Cow;

use super::Columns;
use super::text::{push_cell, push_date, push_integer, push_json, push_quoted_date, push_value};
use crate::history::Points;

/// Bytes that a row of text takes at most in practice; a guess too low costs a reallocation.
const ROW: usize = 128;

/// The columns of some points, borrowed where they stand together.
pub(super) struct Slices<'a> {
    pub(super) dates: Cow<'a, [i32]>,
    pub(super) values: Cow<'a, [i128]>,
    pub(super) digits: Cow<'a, [i8]>,
    /// `None` where they are not written.
    pub(super) published: Option<Published<'a>>,
}

/// When and how points were published.
pub(super) struct Published<'a> {
    pub(super) revisions: Cow<'a, [i32]>,
    pub(super) originals: Cow<'a, [bool]>,
    pub(super) ranks: Cow<'a, [u32]>,
}

impl<'a> Slices<'a> {
    pub(super) fn of(points: &'a Points, columns: Columns) -> Self {
        let published = || Published {
            revisions: points.revisions(),
            originals: points.originals(),
            ranks: points.ranks(),
        };
        Self {
            dates: points.dates(),
            values: points.values(),
            digits: points.digits(),
            published: (columns == Columns::Full).then(published),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.dates.len()
    }

    /// The published digits of the value at `at`; `None` where there is no value.
    pub(super) fn digits(&self, at: usize) -> Option<u8> {
        u8::try_from(self.digits[at]).ok()
    }
}

/// Writes `{"dates":[…],"values":[…]}`, in full also `"revisionDates"`, `"isOriginalRelease"` and
/// `"releaseRanks"`: a whole series as one JSON value of five arrays of equal length.
/// Values are strings with their published digits, and null where there is none.
pub fn columnar(points: &Points, columns: Columns) -> String {
    let slices = Slices::of(points, columns);
    let rows = 0..slices.len();
    let mut out = Vec::with_capacity(64 + slices.len() * ROW / 2);
    push_array(&mut out, b"{\"dates\":[", rows.clone(), |out, at| {
        push_quoted_date(out, slices.dates[at])
    });
    push_array(&mut out, b",\"values\":[", rows.clone(), |out, at| {
        push_json_value(out, &slices, at)
    });
    if let Some(Published {
        revisions,
        originals,
        ranks,
    }) = &slices.published
    {
        push_array(&mut out, b",\"revisionDates\":[", rows.clone(), |out, at| {
            push_quoted_date(out, revisions[at])
        });
        push_array(&mut out, b",\"isOriginalRelease\":[", rows.clone(), |out, at| {
            push_bool(out, originals[at])
        });
        push_array(&mut out, b",\"releaseRanks\":[", rows, |out, at| {
            push_integer(out, u64::from(ranks[at]))
        });
    }
    out.push(b'}');
    String::from_utf8(out).expect("only dates, numbers and names of ours were written")
}

fn push_array(out: &mut Vec<u8>, head: &[u8], rows: std::ops::Range<usize>, mut push: impl FnMut(&mut Vec<u8>, usize)) {
    out.extend_from_slice(head);
    for at in rows {
        push(out, at);
        out.push(b',');
    }
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.push(b']');
}

/// Writes the points as JSON objects with commas between them.
pub(super) fn push_json_rows(out: &mut Vec<u8>, points: &Points, columns: Columns) {
    let slices = Slices::of(points, columns);
    out.reserve(slices.len() * ROW);
    for at in 0..slices.len() {
        out.extend_from_slice(if at == 0 { b"{" } else { b",{" });
        push_json_fields(out, &slices, at);
    }
}

/// Writes the points as a JSON object per line.
pub(super) fn push_json_lines(out: &mut Vec<u8>, series: Option<&str>, points: &Points, columns: Columns) {
    let slices = Slices::of(points, columns);
    let mut head = b"{".to_vec();
    if let Some(series) = series {
        head.extend_from_slice(b"\"seriesId\":");
        push_json(&mut head, series);
        head.push(b',');
    }
    out.reserve(slices.len() * (ROW + head.len()));
    for at in 0..slices.len() {
        out.extend_from_slice(&head);
        push_json_fields(out, &slices, at);
        out.push(b'\n');
    }
}

/// Writes the points as lines of CSV.
pub(super) fn push_csv_rows(out: &mut Vec<u8>, series: Option<&str>, points: &Points, columns: Columns) {
    let slices = Slices::of(points, columns);
    let mut head = Vec::new();
    if let Some(series) = series {
        push_cell(&mut head, series);
        head.push(b',');
    }
    out.reserve(slices.len() * (ROW / 2 + head.len()));
    for at in 0..slices.len() {
        out.extend_from_slice(&head);
        push_date(out, slices.dates[at]);
        out.push(b',');
        if let Some(digits) = slices.digits(at) {
            push_value(out, slices.values[at], digits);
        }
        if let Some(published) = &slices.published {
            out.push(b',');
            push_date(out, published.revisions[at]);
            out.push(b',');
            push_bool(out, published.originals[at]);
            out.push(b',');
            push_integer(out, u64::from(published.ranks[at]));
        }
        out.push(b'\n');
    }
}

/// Writes what stands in the object of a point, and its closing brace.
fn push_json_fields(out: &mut Vec<u8>, slices: &Slices<'_>, at: usize) {
    out.extend_from_slice(b"\"date\":");
    push_quoted_date(out, slices.dates[at]);
    out.extend_from_slice(b",\"value\":");
    push_json_value(out, slices, at);
    if let Some(published) = &slices.published {
        out.extend_from_slice(b",\"revisionDate\":");
        push_quoted_date(out, published.revisions[at]);
        out.extend_from_slice(b",\"isOriginalRelease\":");
        push_bool(out, published.originals[at]);
        out.extend_from_slice(b",\"releaseRank\":");
        push_integer(out, u64::from(published.ranks[at]));
    }
    out.push(b'}');
}

fn push_json_value(out: &mut Vec<u8>, slices: &Slices<'_>, at: usize) {
    let Some(digits) = slices.digits(at) else {
        return out.extend_from_slice(b"null");
    };
    out.push(b'"');
    push_value(out, slices.values[at], digits);
    out.push(b'"');
}

fn push_bool(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}
