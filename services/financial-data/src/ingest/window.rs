//! A sliding piece of an upload in which a decoder looks ahead.

use std::io::Read;

use super::input::Input;
use super::{DecodeError, ROW_BYTES};

const BUFFER_BYTES: usize = 256 << 10;

/// The bytes that were read and not yet taken: at most a buffer, or one row when that is larger.
pub(super) struct Window<R> {
    input: Input<R>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<R: Read> Window<R> {
    pub(super) fn new(input: Input<R>) -> Self {
        Self {
            input,
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
        }
    }

    pub(super) fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(super) fn take(&mut self, count: usize) {
        self.start += count;
    }

    /// How many bytes have been taken.
    pub(super) fn position(&self) -> u64 {
        self.input.position() - (self.end - self.start) as u64
    }

    /// Makes more bytes unread; false at the end of the upload.
    pub(super) fn more(&mut self) -> Result<bool, DecodeError> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.end == self.buffer.len() {
            if self.end > ROW_BYTES {
                return Err(DecodeError::too_large("a row", ROW_BYTES, self.position()));
            }
            self.buffer.resize(2 * self.end, 0);
        }
        let count = self.input.pull(&mut self.buffer[self.end..])?;
        self.end += count;
        Ok(count > 0)
    }

    /// Makes at least `count` bytes unread; false when the upload ends before.
    pub(super) fn ensure(&mut self, count: usize) -> Result<bool, DecodeError> {
        while self.unread().len() < count {
            if !self.more()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Passes over a byte order mark at the very beginning.
    pub(super) fn skip_mark(&mut self) -> Result<(), DecodeError> {
        if self.ensure(3)? && self.unread().starts_with(b"\xef\xbb\xbf") {
            self.take(3);
        }
        Ok(())
    }
}
