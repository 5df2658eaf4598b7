//! Events in a body that never ends: server-sent events, and the parts of a multipart answer.

use bytes::{Buf, Bytes, BytesMut};
use serde::{Deserialize, Deserializer};
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
pub(super) struct SseDecoder {
    bytes: BytesMut,
    /// Up to where there is no blank line, so that a long event is not looked through again with each of its chunks.
    looked_at: usize,
    line_start: usize,
}

impl SseDecoder {
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), Garbled> {
        self.bytes.extend_from_slice(chunk);
        match self.bytes.len() > LARGEST {
            true => Err(Garbled("an event is larger than 16 MiB")),
            false => Ok(()),
        }
    }

    pub(super) fn next(&mut self) -> Option<Framed> {
        let (end, gap) = self.blank_line()?;
        let block = self.bytes.split_to(end);
        self.bytes.advance(gap);
        (self.looked_at, self.line_start) = (0, 0);
        Some(read_event(&block))
    }

    /// Where the next block ends, and how long the blank line after it is.
    fn blank_line(&mut self) -> Option<(usize, usize)> {
        while let Some(byte) = self.bytes.get(self.looked_at) {
            let (is_break, width) = match (byte, self.bytes.get(self.looked_at + 1)) {
                (b'\r', Some(b'\n')) => (true, 2),
                // A carriage return at the end may be the first half of a break.
                (b'\r', None) => return None,
                (b'\r' | b'\n', _) => (true, 1),
                _ => (false, 1),
            };
            if is_break && self.looked_at == self.line_start {
                return Some((self.looked_at, width));
            }
            self.looked_at += width;
            if is_break {
                self.line_start = self.looked_at;
            }
        }
        None
    }
}

fn read_event(block: &[u8]) -> Framed {
    let text = String::from_utf8_lossy(block);
    let (mut name, mut data) = ("", String::new());
    for line in text.split(['\n', '\r']) {
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
    /// How far the JSON of the part that has begun is here.
    json: Json,
    is_over: bool,
}

#[derive(Deserialize)]
struct Part<'a> {
    /// Also where it is null: that is how the end is told.
    #[serde(borrow, default, deserialize_with = "present")]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    errors: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
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
            json: Json::default(),
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
        let used = match body.trim_ascii_start().first() {
            Some(b'{' | b'[') => self.json.end(body)?,
            _ => find(body, &self.delimiter)?,
        };
        let framed = read_part(body[..used].trim_ascii());
        self.json = Json::default();
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

/// What is known of a JSON text that arrives in pieces.
#[derive(Debug, Default)]
struct Json {
    looked_at: usize,
    depth: usize,
    is_text: bool,
    is_escaped: bool,
}

impl Json {
    /// How many bytes it takes, if all of it is here. Only what is new since the last time is looked at.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for byte in bytes.get(self.looked_at..)? {
            self.looked_at += 1;
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.is_text => self.is_escaped = true,
                b'"' => self.is_text = !self.is_text,
                b'{' | b'[' if !self.is_text => self.depth += 1,
                b'}' | b']' if !self.is_text => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(self.looked_at);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
