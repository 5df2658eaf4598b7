//! Few bytes copied and compared as if they were a fixed number: most keys and leaves take less time than a call would.

/// Up to so many bytes are copied as if they were all of them.
const COPIED: usize = 32;
/// Up to so many bytes are compared as if they were all of them.
const COMPARED: usize = 16;

/// A text that is written or met often, with room behind it.
#[derive(Debug)]
pub(crate) struct Short {
    padded: Box<[u8]>,
    len: usize,
}

impl Short {
    /// Keeps a text.
    pub(crate) fn new(text: &str) -> Self {
        let mut padded = text.as_bytes().to_vec();
        padded.resize(text.len().max(COPIED), 0);
        Self {
            padded: padded.into(),
            len: text.len(),
        }
    }

    /// The bytes of the text.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.padded[..self.len]
    }

    /// Appends the text.
    #[inline]
    pub(crate) fn append_to(&self, out: &mut Vec<u8>) {
        append(out, &self.padded, self.len);
    }

    /// How long the text is, if `bytes` begin with it.
    #[inline]
    pub(crate) fn begins(&self, bytes: &[u8]) -> Option<usize> {
        begin_alike(bytes, &self.padded, self.len).then_some(self.len)
    }
}

/// Appends the first `len` of `bytes`.
#[inline]
pub(crate) fn append(out: &mut Vec<u8>, bytes: &[u8], len: usize) {
    match bytes.first_chunk::<COPIED>() {
        Some(chunk) if len <= COPIED => {
            let end = out.len() + len;
            out.extend_from_slice(chunk);
            out.truncate(end);
        }
        _ => out.extend_from_slice(&bytes[..len]),
    }
}

/// Whether the first `len` bytes of both are the same, and both have as many.
#[inline]
pub(crate) fn begin_alike(one: &[u8], other: &[u8], len: usize) -> bool {
    match (one.first_chunk::<COMPARED>(), other.first_chunk::<COMPARED>()) {
        (Some(one), Some(other)) if (1..=COMPARED).contains(&len) => {
            let differ = u128::from_le_bytes(*one) ^ u128::from_le_bytes(*other);
            differ << (8 * (COMPARED - len)) == 0
        }
        _ => one.len() >= len && other.len() >= len && one[..len] == other[..len],
    }
}
