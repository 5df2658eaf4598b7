//! Reads JSON without building anything: finds where a value ends, and that it is one.

use std::ops::Range;

use super::short::{Short, begin_alike};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number without fraction or exponent.
    Integer,
    /// Any other number.
    Float,
    /// A string.
    String,
    /// A list.
    List,
    /// An object.
    Object,
}

/// The bytes are not JSON, or nest too deep. Where it was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) usize);

/// Deeper nesting than this is refused, so that no answer can use up the stack.
pub(crate) const DEEPEST: usize = 128;

/// A position in JSON text.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    /// At the start of a text, which must be UTF-8.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// At a position of a text.
    pub(crate) fn at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Where it stands.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The next byte that is not white space.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                byte => return byte.copied(),
            }
        }
    }

    /// Steps over a byte if it is the next one.
    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Steps over a text if it comes next.
    #[inline]
    pub(crate) fn eat_all(&mut self, text: &Short) -> bool {
        self.peek();
        let len = text.begins(&self.bytes[self.at..]);
        self.at += len.unwrap_or(0);
        len.is_some()
    }

    /// Steps over what has come at another position before if it comes again.
    #[inline]
    pub(crate) fn eat_again(&mut self, before: &Range<usize>) -> bool {
        self.peek();
        let is_next = begin_alike(&self.bytes[self.at..], &self.bytes[before.start..], before.len());
        if is_next {
            self.at += before.len();
        }
        is_next
    }

    /// Steps over a byte that must be the next one.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Broken> {
        match self.eat(byte) {
            true => Ok(()),
            false => Err(Broken(self.at)),
        }
    }

    /// Steps over a key and its colon; the key comes without quotes, escapes as they are written.
    #[inline]
    pub(crate) fn key(&mut self) -> Result<&'a [u8], Broken> {
        if self.peek() != Some(b'"') {
            return Err(Broken(self.at));
        }
        let start = self.at + 1;
        self.string()?;
        let key = &self.bytes[start..self.at - 1];
        self.expect(b':')?;
        Ok(key)
    }

    /// Whether another entry follows in a list or object that `end` closes; steps over the comma or the end.
    #[inline]
    pub(crate) fn more(&mut self, end: u8) -> Result<bool, Broken> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(Broken(self.at)),
        }
    }

    /// Steps over any value. `depth` is how deep it stands already.
    #[inline]
    pub(crate) fn skip(&mut self, depth: usize) -> Result<Kind, Broken> {
        match self.peek() {
            Some(b'"') => self.string().map(|()| Kind::String),
            _ => self.skip_other(depth),
        }
    }

    fn skip_other(&mut self, depth: usize) -> Result<Kind, Broken> {
        if depth > DEEPEST {
            return Err(Broken(self.at));
        }
        match self.peek() {
            Some(b'{') => self.skip_object(depth).map(|()| Kind::Object),
            Some(b'[') => self.skip_list(depth).map(|()| Kind::List),
            Some(b't') => self.word(b"true").map(|()| Kind::Boolean),
            Some(b'f') => self.word(b"false").map(|()| Kind::Boolean),
            Some(b'n') => self.word(b"null").map(|()| Kind::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(Broken(self.at)),
        }
    }

    fn skip_object(&mut self, depth: usize) -> Result<(), Broken> {
        self.at += 1;
        if self.eat(b'}') {
            return Ok(());
        }
        loop {
            self.key()?;
            self.skip(depth + 1)?;
            if !self.more(b'}')? {
                return Ok(());
            }
        }
    }

    fn skip_list(&mut self, depth: usize) -> Result<(), Broken> {
        self.at += 1;
        if self.eat(b']') {
            return Ok(());
        }
        loop {
            self.skip(depth + 1)?;
            if !self.more(b']')? {
                return Ok(());
            }
        }
    }

    /// Steps over a string that starts here.
    #[inline]
    fn string(&mut self) -> Result<(), Broken> {
        self.at += 1;
        loop {
            self.at += plain(&self.bytes[self.at..]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(Broken(self.at)),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Broken> {
        self.at += match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => self.unicode().ok_or(Broken(self.at))?,
            _ => return Err(Broken(self.at)),
        };
        Ok(())
    }

    /// How long the escape of a character is that starts here. Half a pair of surrogates is none: it is no character,
    /// and many clients could not read an answer with one.
    fn unicode(&self) -> Option<usize> {
        match (self.unit(self.at)?, self.unit(self.at + 6)) {
            (0xD800..=0xDBFF, Some(0xDC00..=0xDFFF)) => Some(12),
            (0xD800..=0xDFFF, _) => None,
            _ => Some(6),
        }
    }

    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, digit| {
            let value = char::from(*digit).to_digit(16)?;
            Some(unit << 4 | u16::try_from(value).ok()?)
        })
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Broken> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        Err(Broken(self.at))
    }

    fn number(&mut self) -> Result<Kind, Broken> {
        let mut kind = Kind::Integer;
        self.at += usize::from(self.bytes[self.at] == b'-');
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            kind = Kind::Float;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            kind = Kind::Float;
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(kind)
    }

    fn digits(&mut self) -> Result<(), Broken> {
        let digits = self.bytes[self.at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        self.at += digits;
        match digits {
            0 => Err(Broken(self.at)),
            _ => Ok(()),
        }
    }
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

/// How many bytes from the start are neither a quote, a backslash nor a control character, eight at a time.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    let (chunks, _) = bytes.as_chunks::<8>();
    for (index, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        let quote = zeros(word ^ (ONES * u64::from(b'"')));
        let backslash = zeros(word ^ (ONES * u64::from(b'\\')));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = quote | backslash | control;
        if found != 0 {
            // Borrows run towards higher bytes only, so the lowest mark is right.
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let done = chunks.len() * 8;
    let is_plain = |byte: &&u8| **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
    done + bytes[done..].iter().take_while(is_plain).count()
}

#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}
