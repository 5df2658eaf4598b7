//! JSON and NDJSON: rows are cut out of the text without reading into them, then each is read for itself.

use std::io::Read;

use super::input::Input;
use super::intake::Intake;
use super::window::Window;
use super::{DecodeError, Format, json_row};

/// One row per line.
pub(super) fn lines<R: Read>(input: Input<R>, intake: &mut Intake<'_>) -> Result<(), DecodeError> {
    let mut window = Window::new(input);
    window.skip_mark()?;
    let (mut searched, mut is_empty) = (0, true);
    loop {
        let found = window.unread()[searched..].iter().position(|byte| *byte == b'\n');
        let length = match found {
            Some(at) => searched + at,
            None => {
                searched = window.unread().len();
                if window.more()? {
                    continue;
                }
                searched
            }
        };
        let line = window.unread()[..length].trim_ascii();
        if !line.is_empty() {
            is_empty = false;
            json_row::read(line, intake)?;
        }
        if found.is_none() {
            return match is_empty {
                true => Err(DecodeError::Empty("a row of JSON on each line")),
                false => Ok(()),
            };
        }
        window.take(length + 1);
        searched = 0;
    }
}

/// An array of rows, or an object with such an array.
pub(super) fn document<R: Read>(input: Input<R>, intake: &mut Intake<'_>) -> Result<(), DecodeError> {
    let mut text = Text {
        window: Window::new(input),
    };
    text.window.skip_mark()?;
    match text.peek()? {
        None => return Err(DecodeError::Empty("an array of rows, or an object with `data`")),
        Some(b'[') => text.array(|row| json_row::read(row, intake))?,
        Some(b'{') => text.envelope(intake)?,
        Some(_) => return Err(text.broken("expected an array of rows, or an object with `data`")),
    }
    match text.peek()? {
        None => Ok(()),
        Some(_) => Err(text.broken("something stands after the end")),
    }
}

struct Text<R> {
    window: Window<R>,
}

impl<R: Read> Text<R> {
    fn broken(&self, reason: &str) -> DecodeError {
        DecodeError::malformed(Format::Json, self.window.position(), reason)
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Result<Option<u8>, DecodeError> {
        loop {
            let unread = self.window.unread();
            if let Some(at) = unread
                .iter()
                .position(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))
            {
                let byte = unread[at];
                self.window.take(at);
                return Ok(Some(byte));
            }
            self.window.take(unread.len());
            if !self.window.more()? {
                return Ok(None);
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), DecodeError> {
        match self.peek()? {
            Some(found) if found == byte => {
                self.window.take(1);
                Ok(())
            }
            Some(_) => Err(self.broken(&format!("expected `{}`", char::from(byte)))),
            None => Err(self.broken("it ends too early")),
        }
    }

    /// Calls `each` with the text of every element of an array.
    fn array(&mut self, mut each: impl FnMut(&[u8]) -> Result<(), DecodeError>) -> Result<(), DecodeError> {
        self.expect(b'[')?;
        if self.peek()? == Some(b']') {
            self.window.take(1);
            return Ok(());
        }
        loop {
            let length = self.element()?;
            each(&self.window.unread()[..length])?;
            self.window.take(length);
            if self.peek()? == Some(b']') {
                self.window.take(1);
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn envelope(&mut self, intake: &mut Intake<'_>) -> Result<(), DecodeError> {
        self.expect(b'{')?;
        let (mut rows, mut series) = (false, false);
        let mut first = true;
        while self.peek()? != Some(b'}') {
            if !std::mem::take(&mut first) {
                self.expect(b',')?;
            }
            let key: String = self.scalar()?;
            self.expect(b':')?;
            match key.as_str() {
                "batchId" | "batch_id" => {
                    if let Some(batch_id) = self.scalar::<Option<String>>()? {
                        intake.batch_id(batch_id)?;
                    }
                }
                "source" => {
                    if let Some(source) = self.scalar::<Option<String>>()? {
                        intake.source(&source)?;
                    }
                }
                "series" if !std::mem::replace(&mut series, true) => {
                    self.array(|text| intake.series(serde_json::from_slice(text).map_err(|error| error.to_string())))?;
                }
                "data" | "dataPoints" | "data_points" | "rows" if !std::mem::replace(&mut rows, true) => {
                    self.array(|row| json_row::read(row, intake))?;
                }
                "series" | "data" | "dataPoints" | "data_points" | "rows" => {
                    return Err(self.broken(&format!("`{key}` or another name of it is there twice")));
                }
                _ => return Err(unknown_key(&key)),
            }
        }
        self.window.take(1);
        if rows || series {
            Ok(())
        } else {
            Err(DecodeError::Columns(
                "the object has neither `data` nor `series`".to_owned(),
            ))
        }
    }

    fn scalar<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, DecodeError> {
        self.peek()?;
        let length = self.element()?;
        let value =
            serde_json::from_slice(&self.window.unread()[..length]).map_err(|error| self.broken(&error.to_string()))?;
        self.window.take(length);
        Ok(value)
    }

    /// How many bytes the next value has. It is not checked to be one: its reader does that.
    fn element(&mut self) -> Result<usize, DecodeError> {
        self.peek()?;
        let (mut scan, mut scanned) = (Scan::default(), 0);
        loop {
            let unread = self.window.unread();
            if let Some(more) = scan.end(&unread[scanned..]) {
                return match scanned + more {
                    0 => Err(self.broken("expected a value")),
                    length => Ok(length),
                };
            }
            scanned = unread.len();
            if !self.window.more()? {
                return Err(self.broken("it ends too early"));
            }
        }
    }
}

fn unknown_key(key: &str) -> DecodeError {
    let key: String = key.chars().take(100).collect();
    DecodeError::Columns(format!(
        "`{key}` is not a field of a request, which has batchId, source, series and data; rows stand in an array"
    ))
}

/// Looks for the end of a value: where brackets are closed, or before a separator.
#[derive(Default)]
struct Scan {
    depth: u32,
    string: bool,
    escaped: bool,
}

impl Scan {
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            if self.string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.string = false;
                        if self.depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 1 => self.depth -= 1,
                b'}' | b']' if self.depth == 1 => return Some(at + 1),
                b'}' | b']' | b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' if self.depth == 0 => return Some(at),
                _ => {}
            }
        }
        None
    }
}
