//! Numbers of an operation reach subgraphs as they were written, though the parser and the planner hold them in 64 bits:
//! digits beyond those would be lost, `1.0` would become `1`, and `1e9` would not be read at all.
//!
//! Such a number is read as another one of its kind, which comes out as it went in, and is put back into the document as
//! an enum value, whose text nobody looks into. No enum has a value that begins like a number.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    ops::Range,
};

use graphql_tools::{
    parser::parse_query,
    static_graphql::query::{Document, Value},
};

use platform_graphql::strings::{after_string, readable};

use crate::{fault::Refusal, values};

/// The numbers of a text that would be changed, by what stands for them.
#[derive(Debug, Default)]
pub(crate) struct Numbers(HashMap<String, String>);

impl Numbers {
    /// Takes the numbers out of a text. Everything else keeps its line, and its column unless a line has many different
    /// short ones.
    pub(crate) fn take_out(text: &str) -> (Cow<'_, str>, Self) {
        let all = places(text, false);
        let mut changed = all.iter().filter(|at| is_changed(text, at)).peekable();
        if changed.peek().is_none() {
            return (Cow::Borrowed(text), Self::default());
        }
        let taken: HashSet<&str> = all.iter().map(|at| &text[at.clone()]).collect();
        let is_free = |number: &String| !taken.contains(number.as_str());
        let mut floats = (0_u64..).map(|n| format!("{}.{}", n / 9, n % 9 + 1)).filter(is_free);
        let mut integers = (0..).map(|n| (i64::MAX - n).to_string()).filter(is_free);
        let mut stand_ins = HashMap::new();
        let parts = changed.map(|at| {
            let number = &text[at.clone()];
            let stand_in: &mut String = stand_ins.entry(number).or_insert_with(|| {
                let next = if is_float(number) {
                    floats.next()
                } else {
                    integers.next()
                };
                next.unwrap_or_default()
            });
            (at, format!("{stand_in:width$}", width = number.len()))
        });
        let readable = spliced(text, parts);
        let numbers = stand_ins
            .into_iter()
            .map(|(number, stand_in)| (stand_in, number.to_owned()));
        (readable.into(), Self(numbers.collect()))
    }

    /// Puts the numbers back into the document of the text.
    pub(crate) fn put_back(&self, document: &mut Document) {
        if self.0.is_empty() {
            return;
        }
        values::each(document, &mut |value| {
            if let Some(number) = self.behind(value) {
                *value = Value::Enum(number.to_owned());
            }
        });
    }

    /// What was written where this value stands.
    pub(crate) fn behind(&self, value: &Value) -> Option<&str> {
        let stand_in = match value {
            Value::Float(number) => number.to_string(),
            Value::Int(number) => number.as_i64().unwrap_or_default().to_string(),
            _ => return None,
        };
        self.0.get(&stand_in).map(String::as_str)
    }

    /// A refusal of the text in the words of who wrote it.
    pub(crate) fn told(&self, mut refusal: Refusal) -> Refusal {
        if self.0.is_empty() {
            return refusal;
        }
        for fault in &mut refusal.faults {
            let places = places(&fault.message, true);
            let parts = places
                .iter()
                .filter_map(|at| Some((at, self.0.get(&fault.message[at.clone()])?)));
            fault.message = spliced(&fault.message, parts);
        }
        refusal
    }
}

/// The document of a text that the planner wrote.
pub(crate) fn document_of(text: &str) -> Option<Document> {
    let text = readable(text);
    let (readable, numbers) = Numbers::take_out(&text);
    let mut document = parse_query::<String>(&readable).ok()?.into_static();
    numbers.put_back(&mut document);
    Some(document)
}

/// JSON with `1e308` in the place of numbers that 64 bits do not hold.
pub(crate) fn finite(json: &str) -> String {
    let places = places(json, false);
    let is_larger = |at: &&Range<usize>| json[(*at).clone()].parse().is_ok_and(f64::is_infinite);
    let large = |at: &Range<usize>| {
        if json[at.clone()].starts_with('-') {
            "-1e308"
        } else {
            "1e308"
        }
    };
    spliced(json, places.iter().filter(is_larger).map(|at| (at, large(at))))
}

/// Whether an enum value is a number that was put back.
pub(crate) fn is_number(name: &str) -> bool {
    name.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

/// Whether a number is well-formed, and would be changed.
fn is_changed(text: &str, at: &Range<usize>) -> bool {
    let number = &text[at.clone()];
    let mut digits = number.trim_start_matches('-').chars().take_while(char::is_ascii_digit);
    let is_whole = match digits.next() {
        None => false,
        Some('0') => digits.next().is_none(),
        Some(_) => true,
    };
    let runs_on = |next: char| next == '.' || next == '_' || next.is_ascii_alphanumeric();
    if !is_whole || text[at.end..].starts_with(runs_on) {
        return false;
    }
    match is_float(number) {
        true => number.parse::<f64>().is_ok_and(|double| double.to_string() != number),
        false => number.parse::<i64>().is_err(),
    }
}

fn is_float(number: &str) -> bool {
    number.contains(['.', 'e', 'E'])
}

/// Where a text has numbers: outside of strings and comments, or everywhere.
fn places(text: &str, everywhere: bool) -> Vec<Range<usize>> {
    let (text, mut at) = (text.as_bytes(), 0);
    let mut found = Vec::new();
    while let Some(&byte) = text.get(at) {
        let rest = &text[at..];
        at += match byte {
            b'"' if !everywhere => rest.len() - after_string(&rest[1..]).len(),
            b'#' if !everywhere => count(rest, |byte| !matches!(byte, b'\r' | b'\n')),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => count(rest, |byte| byte == b'_' || byte.is_ascii_alphanumeric()),
            b'-' | b'0'..=b'9' => {
                found.push(at..at + number(rest));
                number(rest)
            }
            _ => 1,
        };
    }
    found
}

/// The length of the number that a text begins with.
fn number(text: &[u8]) -> usize {
    let digits = |from: usize| count(text.get(from..).unwrap_or_default(), |byte| byte.is_ascii_digit());
    let mut length = usize::from(text[0] == b'-');
    length += digits(length);
    if text.get(length) == Some(&b'.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if matches!(text.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        length += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    length
}

fn count(text: &[u8], counts: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| counts(**byte)).count()
}

/// A text with some of its parts changed.
fn spliced<'a>(text: &str, parts: impl Iterator<Item = (&'a Range<usize>, impl AsRef<str>)>) -> String {
    let (mut out, mut end) = (String::with_capacity(text.len()), 0);
    for (at, part) in parts {
        out += &text[end..at.start];
        out += part.as_ref();
        end = at.end;
    }
    out + &text[end..]
}
