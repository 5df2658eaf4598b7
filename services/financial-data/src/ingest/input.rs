//! The bytes of an upload, counted and limited.

use std::io::{self, Read};

use super::{DecodeError, ROW_BYTES};

/// A byte order mark and one byte behind it.
const MARK_BYTES: usize = 4;

/// Reads an upload and keeps the reason when it cannot go on, which libraries between here and the caller would lose.
pub(super) struct Input<R> {
    inner: R,
    position: u64,
    limit: u64,
    since_row: usize,
    row_limit: usize,
    failure: Option<DecodeError>,
}

impl<R: Read> Input<R> {
    pub(super) fn new(inner: R, limit: u64) -> Self {
        Self {
            inner,
            position: 0,
            limit,
            since_row: 0,
            row_limit: usize::MAX,
            failure: None,
        }
    }

    /// From here on, refuses to read more than [`ROW_BYTES`] (and a buffer) between two calls of [`Input::begin_row`].
    pub(super) fn limit_rows(mut self) -> Self {
        self.row_limit = ROW_BYTES;
        self
    }

    pub(super) fn begin_row(&mut self) {
        self.since_row = 0;
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Reads some bytes; 0 is the end.
    pub(super) fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, DecodeError> {
        if self.since_row > self.row_limit {
            return Err(DecodeError::too_large("a row", self.row_limit, self.position));
        }
        let count = loop {
            match self.inner.read(buffer) {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => {
                    return Err(DecodeError::BrokenOff {
                        position: self.position,
                        cause,
                    });
                }
            }
        };
        self.position += count as u64;
        self.since_row = self.since_row.saturating_add(count);
        if self.position > self.limit {
            return Err(DecodeError::TooManyBytes(self.limit));
        }
        Ok(count)
    }

    /// Fills `buffer` as far as the upload goes and says how far that was.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, DecodeError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.pull(&mut buffer[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }

    /// Why the last read through [`Read`] failed.
    pub(super) fn failure(&mut self) -> Option<DecodeError> {
        self.failure.take()
    }
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let few = buffer.len().min(MARK_BYTES);
        let read = match self.position {
            // The CSV library knows a byte order mark only where it comes in one piece, and alone it is the end for it.
            0 => self.fill(&mut buffer[..few]),
            _ => self.pull(buffer),
        };
        read.map_err(|failure| {
            let told = io::Error::other(failure.to_string());
            self.failure = Some(failure);
            told
        })
    }
}
