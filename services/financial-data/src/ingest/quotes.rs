//! Quotes that say something else than the CSV library reads: to it text behind a closing quote belongs to the cell.

use std::io::{self, Read};

use super::input::Input;

/// An upload of which the row that is being read is kept as it stands there.
pub(super) struct Kept<R> {
    pub(super) input: Input<R>,
    bytes: Vec<u8>,
    /// Where in the upload `bytes` begin, and where the row does.
    from: u64,
    row: u64,
    has_quotes: bool,
}

impl<R: Read> Kept<R> {
    pub(super) fn new(input: Input<R>) -> Self {
        Self {
            input,
            bytes: Vec::new(),
            from: 0,
            row: 0,
            has_quotes: false,
        }
    }

    pub(super) fn begin_row(&mut self, at: u64) {
        self.row = at;
        self.input.begin_row();
    }

    /// The row up to its end, as long as there may be quotes in it.
    pub(super) fn quoted(&self, end: u64) -> &[u8] {
        let at = |place: u64| usize::try_from(place - self.from).unwrap_or(usize::MAX);
        match self.has_quotes {
            true => self.bytes.get(at(self.row)..at(end)).unwrap_or_default(),
            false => &[],
        }
    }
}

impl<R: Read> Read for Kept<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let new = &buffer[..read];
        if self.row > self.from {
            let done = usize::try_from(self.row - self.from).unwrap_or(usize::MAX);
            self.bytes.drain(..done.min(self.bytes.len()));
            (self.from, self.has_quotes) = (self.row, self.bytes.contains(&b'"'));
        }
        self.has_quotes |= new.contains(&b'"');
        self.bytes.extend_from_slice(new);
        Ok(read)
    }
}

/// A cell whose quotes are wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misquoted<'a> {
    /// Its number, counted from 0.
    pub(super) cell: usize,
    pub(super) text: &'a [u8],
    pub(super) what: &'static str,
}

/// The first cell of a row whose quotes are wrong.
pub(super) fn misquoted(row: &[u8]) -> Option<Misquoted<'_>> {
    if !row.contains(&b'"') {
        return None;
    }
    let blank = row.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let (mut cell, mut rest) = (0, &row[blank..]);
    loop {
        let (quoted, is_closed) = quoted(rest);
        let behind = rest[quoted..]
            .iter()
            .take_while(|byte| !matches!(byte, b',' | b'\r' | b'\n'));
        let end = quoted + behind.count();
        let tail = rest[quoted..end].trim_ascii();
        let what = if !is_closed {
            Some("has a quote that is not closed")
        } else if quoted > 0 && !tail.is_empty() {
            Some("has text behind its closing quote")
        } else if quoted == 0 && tail.first() == Some(&b'"') {
            Some("has white space before its quote")
        } else {
            None
        };
        if let Some(what) = what {
            let text = &rest[..end];
            return Some(Misquoted { cell, text, what });
        }
        let Some((b',', next)) = rest[end..].split_first() else {
            return None;
        };
        (cell, rest) = (cell + 1, next);
    }
}

/// How long the quoted text is that something begins with, and whether it ends.
fn quoted(text: &[u8]) -> (usize, bool) {
    if text.first() != Some(&b'"') {
        return (0, true);
    }
    let mut at = 1;
    while let Some(quote) = text[at..].iter().position(|byte| *byte == b'"') {
        at += quote + 1;
        if text.get(at) != Some(&b'"') {
            return (at, true);
        }
        at += 1;
    }
    (text.len(), false)
}
