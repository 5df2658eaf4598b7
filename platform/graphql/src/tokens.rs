//! Counts the words, numbers, strings and signs of a query's text: once parsed, each takes some hundred times its length.

use crate::strings::after_string;

/// The most that are parsed.
pub(crate) const MOST: usize = 250_000;

/// How many there are.
pub(crate) fn count(text: &str) -> usize {
    let mut rest = text.as_bytes();
    let mut count = 0;
    while let Some(first) = rest.first() {
        let (length, is_token) = match first {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => (1, false),
            b'#' => (run(rest, |byte| !matches!(byte, b'\n' | b'\r')), false),
            b'"' => (rest.len() - after_string(&rest[1..]).len(), true),
            first if is_word(*first) => (run(rest, is_word), true),
            _ => (1, true),
        };
        count += usize::from(is_token);
        rest = &rest[length..];
    }
    count
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| belongs(**byte)).count()
}
