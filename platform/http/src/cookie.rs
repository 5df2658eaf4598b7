//! Cookies of a request.

use axum::http::{HeaderMap, header};

/// The value of the first cookie of a name. Each is read by itself: whatever letters a neighbour's has, it hides no other.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let cookies = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let mut pairs = cookies.filter_map(|cookie| std::str::from_utf8(cookie).ok()?.trim().split_once('='));
    pairs.find_map(|(found, value)| (found == name).then_some(value))
}
