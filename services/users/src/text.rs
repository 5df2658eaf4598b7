//! Checks of what people write: nothing empty where something is needed, nothing without an end.

use crate::error::Error;

/// The longest reference to a series, `SOURCE:EXTERNAL_ID` or its id.
const REFERENCE: usize = 400;

/// A line of text: trimmed, not empty, at most `most` characters, no control characters.
pub(crate) fn line(field: &'static str, given: &str, most: usize) -> Result<String, Error> {
    let text = given.trim();
    if text.is_empty() {
        return Err(Error::field(field, "is empty: write something"));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::field(
            field,
            "has control characters or line breaks: leave them out",
        ));
    }
    within(field, text, most)
}

/// Text of several lines, at most `most` characters.
pub(crate) fn body(field: &'static str, given: &str, most: usize) -> Result<String, Error> {
    let text = given.trim();
    if text.is_empty() {
        return Err(Error::field(field, "is empty: write something"));
    }
    if text
        .chars()
        .any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t'))
    {
        return Err(Error::field(field, "has control characters: leave them out"));
    }
    within(field, text, most)
}

/// A line that may be left out; an empty one is left out.
pub(crate) fn optional(field: &'static str, given: Option<&str>, most: usize) -> Result<Option<String>, Error> {
    let given = given.map(str::trim).filter(|text| !text.is_empty());
    given.map(|text| body(field, text, most)).transpose()
}

/// A reference to a series of the financial data. Whether there is one is for that service to say.
pub(crate) fn series(given: &str) -> Result<String, Error> {
    let text = line("series", given, REFERENCE)?;
    match text.contains(char::is_whitespace) {
        true => Err(Error::field("series", "has spaces: give the id, or SOURCE:EXTERNAL_ID")),
        false => Ok(text),
    }
}

/// An address of mail, as far as its form tells; what it is compared by.
pub(crate) fn email(given: &str) -> Result<String, Error> {
    let text = line("email", given, 254)?.to_lowercase();
    let is_one = text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && domain.contains('.') && !domain.contains('@') && !text.contains(char::is_whitespace)
    });
    match is_one {
        true => Ok(text),
        false => Err(Error::field("email", "is not an address such as ada@example.com")),
    }
}

fn within(field: &'static str, text: &str, most: usize) -> Result<String, Error> {
    let length = text.chars().count();
    match length <= most {
        true => Ok(text.to_owned()),
        false => Err(Error::field(
            field,
            format!("has {length} characters: write at most {most}"),
        )),
    }
}
