//! Small rules for text that others wrote.

use platform_error::storable;

use crate::error::Error;

/// The first characters of a text that is repeated or written down, without U+0000, which PostgreSQL does not keep.
pub(crate) fn clip(text: &str, most: usize) -> String {
    text.chars().map(storable).take(most).collect()
}

/// A line of text for people: not empty, not too long, without control characters.
pub(crate) fn line(field: &'static str, text: &str, most: usize) -> Result<String, Error> {
    let text = text.trim();
    let is_fine = !text.is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control);
    match is_fine {
        true => Ok(text.to_owned()),
        false => Err(Error::field(
            field,
            format!("has 1 to {most} characters and no control characters"),
        )),
    }
}

/// The name of a kind, an action or a service: lower case letters, digits and `_ - .`.
pub(crate) fn word(field: &'static str, text: &str, most: usize) -> Result<String, Error> {
    let is_letter = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"_-.".contains(&letter);
    match !text.is_empty() && text.len() <= most && text.bytes().all(is_letter) {
        true => Ok(text.to_owned()),
        false => Err(Error::field(
            field,
            format!("has 1 to {most} lower case letters, digits, `_`, `-` and `.`"),
        )),
    }
}
