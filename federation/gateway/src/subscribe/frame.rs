//! Events in a body that never ends: server-sent events, and the parts of a multipart answer.

use bytes::{Buf, Bytes, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;

/// An event larger than this ends the connection.
const LARGEST: usize = 16 << 20;

/// What a body said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Framed {
    /// An answer to the subscription.
    Next(Bytes),
    /// That it lives.
    Alive,
    /// That it is over.
    Complete,
    /// That it is over because of these errors.
    Errors(Bytes),
}

/// The body is not what it says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Garbled(pub(super) &'static str);

/// Cuts server-sent events out of a body as it arrives.
#[derive(Debug, Default)]
pub(super) struct SseDecoder(BytesMut);

impl SseDecoder {
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), Garbled> {
        self.0.extend_from_slice(chunk);
        match self.0.len() > LARGEST {
            true => Err(Garbled("an event is larger than 16 MiB")),
            false => Ok(()),
        }
    }

    pub(super) fn next(&mut self) -> Option<Framed> {
        let (end, gap) = blank_line(&self.0)?;
        let block = self.0.split_to(end);
        self.0.advance(gap);
        Some(read_event(&block))
    }
}

/// Where the next block ends, and how long the blank line after it is.
fn blank_line(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut line_start = 0;
    let mut position = 0;
    while position < bytes.len() {
        let (is_break, width) = match (bytes[position], bytes.get(position + 1)) {
            (b'\r', Some(b'\n')) => (true, 2),
            // A carriage return at the end may be the first half of a break.
            (b'\r', None) => return None,
            (b'\r' | b'\n', _) => (true, 1),
            _ => (false, 1),
        };
        if is_break && position == line_start {
            return Some((position, width));
        }
        position += width;
        if is_break {
            line_start = position;
        }
    }
    None
}

fn read_event(block: &[u8]) -> Framed {
    let text = String::from_utf8_lossy(block);
    let (mut name, mut data) = ("", String::new());
    for line in text.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = value,
            "data" => {
                if !data.is_empty() {
                    data.push('\n');
                }
                data.push_str(value);
            }
            _ => {}
        }
    }
    match (name, data.is_empty()) {
        ("complete", _) => Framed::Complete,
        ("next" | "" | "message", false) => Framed::Next(data.into()),
        _ => Framed::Alive,
    }
}

/// Cuts the parts out of a multipart body as it arrives.
#[derive(Debug)]
pub(super) struct MultipartDecoder {
    delimiter: Vec<u8>,
    bytes: BytesMut,
    is_over: bool,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    errors: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

impl MultipartDecoder {
    /// The boundary is in the content type.
    pub(super) fn new(content_type: &str) -> Self {
        let boundary = content_type.split(';').find_map(|parameter| {
            let (name, value) = parameter.trim().split_once('=')?;
            name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"'))
        });
        Self {
            delimiter: format!("--{}", boundary.unwrap_or("-")).into_bytes(),
            bytes: BytesMut::new(),
            is_over: false,
        }
    }

    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), Garbled> {
        self.bytes.extend_from_slice(chunk);
        match self.bytes.len() > LARGEST {
            true => Err(Garbled("a part is larger than 16 MiB")),
            false => Ok(()),
        }
    }

    pub(super) fn next(&mut self) -> Option<Result<Framed, Garbled>> {
        if self.is_over {
            return None;
        }
        let start = find(&self.bytes, &self.delimiter)? + self.delimiter.len();
        let after = &self.bytes[start..];
        if after.starts_with(b"--") {
            self.is_over = true;
            return Some(Ok(Framed::Complete));
        }
        let head = find(after, b"\r\n\r\n")?;
        let body = &after[head + 4..];
        // A part is whole as soon as its JSON is: servers differ in when they write the next boundary, and an event
        // should not wait for the one after it. A boundary within the JSON's text is text.
        let used = whole_json(body).or_else(|| find(body, &self.delimiter))?;
        let framed = read_part(body[..used].trim_ascii());
        self.bytes.advance(start + head + 4 + used);
        Some(framed)
    }
}

fn read_part(content: &[u8]) -> Result<Framed, Garbled> {
    if content.is_empty() {
        return Ok(Framed::Alive);
    }
    let part: Part<'_> = serde_json::from_slice(content).map_err(|_| Garbled("a part is not a JSON object"))?;
    let copied = |raw: &RawValue| Bytes::copy_from_slice(raw.get().as_bytes());
    Ok(match (part.payload, part.errors, part.data) {
        (Some(payload), _, _) if payload.get() != "null" => Framed::Next(copied(payload)),
        (None, Some(_), _) | (None, None, Some(_)) => Framed::Next(Bytes::copy_from_slice(content)),
        (Some(_), Some(errors), _) => Framed::Errors(copied(errors)),
        (Some(_), None, _) => Framed::Complete,
        (None, None, None) => Framed::Alive,
    })
}

/// How many bytes the first JSON object takes, if all of it is here.
fn whole_json(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for (position, byte) in bytes.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'{' | b'[' if !is_text => depth += 1,
            b'}' | b']' if !is_text => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(position + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
