//! Strings of GraphQL texts, read as the specification says before a library's parser sees them.
//!
//! Of the parsers in use one takes `\b` for another character and panics on a block whose indent is not of ASCII, the other
//! keeps backslashes of blocks, and both refuse characters that are written in two halves. So they get nothing but quoted
//! strings with the escapes that they know.

use std::borrow::Cow;

/// A text with its strings as the parser reads them. What follows a string keeps its line and, unless the string has
/// become longer, its column. A string that is none stays, and the parser says why.
pub fn readable(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') && !text.contains(r#"""""#) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(['"', '#']) {
        let (before, from) = rest.split_at(at);
        let length = match from.strip_prefix('"') {
            Some(string) => from.len() - after_string(string.as_bytes()).len(),
            None => from.find(['\n', '\r']).unwrap_or(from.len()),
        };
        let (whole, after) = from.split_at(length);
        out += before;
        match value(whole) {
            Some(value) => plain(whole, &value, &mut out),
            None => out += whole,
        }
        rest = after;
    }
    Cow::Owned(out + rest)
}

/// The literal of a text.
pub fn quoted(text: &str) -> String {
    // What JSON escapes GraphQL escapes in the same way.
    serde_json::Value::from(text).to_string()
}

/// The literal of a text of several lines as a block of them, on a line that so far has this; nothing, where it has more
/// than its indent or where the block would stand for another text.
pub fn block(text: &str, line: &str) -> Option<String> {
    let is_kept = |char: char| matches!(char, '\n' | '\t') || !char.is_control();
    if !text.contains('\n') || !text.chars().all(is_kept) || !line.trim_start_matches(' ').is_empty() {
        return None;
    }
    let indented = |of: &str| match of.is_empty() {
        true => String::new(),
        false => format!("{line}{of}"),
    };
    let lines: Vec<_> = text.split('\n').map(indented).collect();
    let inside = lines.join("\n").replace(r#"""""#, r#"\""""#);
    let block = format!("\"\"\"\n{inside}\n{line}\"\"\"");
    (value(&block)? == text).then_some(block)
}

/// Writes a value as a quoted string that takes the place of another literal.
fn plain(literal: &str, value: &str, out: &mut String) {
    let mut length = 2;
    out.push('"');
    for char in value.chars() {
        let escaped = match char {
            '"' => r#"\""#,
            '\\' => r"\\",
            '\n' => r"\n",
            '\r' => r"\r",
            _ => {
                out.push(char);
                length += 1;
                continue;
            }
        };
        *out += escaped;
        length += 2;
    }
    out.push('"');
    let (lines, last) = match literal.rsplit_once('\n') {
        Some((lines, last)) => (lines.matches('\n').count() + 1, last),
        None => (0, literal),
    };
    out.extend(std::iter::repeat_n('\n', lines));
    let column = if lines > 0 { 0 } else { length };
    out.extend(std::iter::repeat_n(' ', last.chars().count().saturating_sub(column)));
}

/// The value of a literal, when it is a string.
fn value(literal: &str) -> Option<String> {
    match literal.strip_prefix(r#"""""#) {
        Some(block) => block
            .strip_suffix(r#"""""#)
            .filter(|raw| !raw.ends_with('\\'))
            .map(of_block),
        None => of_quoted(literal.strip_prefix('"')?.strip_suffix('"')?),
    }
}

/// <https://spec.graphql.org/draft/#BlockStringValue()>
fn of_block(raw: &str) -> String {
    let raw = raw.replace("\r\n", "\n").replace('\r', "\n");
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let is_blank = |line: &&str| indent(line) == line.len();
    let inner = raw.split('\n').skip(1).filter(|line| !is_blank(line));
    let common = inner.map(indent).min().unwrap_or_default();
    let cut = |(at, line)| {
        if at == 0 {
            line
        } else {
            str::get(line, common..).unwrap_or_default()
        }
    };
    let lines: Vec<_> = raw.split('\n').enumerate().map(cut).collect();
    let first = lines.iter().position(|line| !is_blank(line)).unwrap_or(lines.len());
    let end = lines
        .iter()
        .rposition(|line| !is_blank(line))
        .map_or(first, |last| last + 1);
    lines[first..end].join("\n").replace(r#"\""""#, r#"""""#)
}

fn of_quoted(raw: &str) -> Option<String> {
    let (mut out, mut rest) = (String::with_capacity(raw.len()), raw);
    while let Some((before, escaped)) = rest.split_once('\\') {
        let (char, length) = unescaped(escaped)?;
        out += before;
        out.push(char);
        rest = &escaped[length..];
    }
    (!raw.contains(['\n', '\r'])).then(|| out + rest)
}

/// The character after a backslash, and how much of the text it takes.
fn unescaped(text: &str) -> Option<(char, usize)> {
    let char = match text.chars().next()? {
        char @ ('"' | '\\' | '/') => char,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return by_number(&text[1..]).map(|(char, length)| (char, length + 1)),
        _ => return None,
    };
    Some((char, 1))
}

fn by_number(text: &str) -> Option<(char, usize)> {
    if let Some((digits, _)) = text.strip_prefix('{').and_then(|braced| braced.split_once('}')) {
        return Some((char::from_u32(hexadecimal(digits)?)?, digits.len() + 2));
    }
    let first = hexadecimal(text.get(..4)?)?;
    if let Some(char) = char::from_u32(first) {
        return Some((char, 4));
    }
    let second = hexadecimal(text.get(4..)?.strip_prefix(r"\u")?.get(..4)?)?;
    let halves = [first, second].map(u16::try_from);
    let char = char::decode_utf16([halves[0].ok()?, halves[1].ok()?]).next()?.ok()?;
    Some((char, 10))
}

fn hexadecimal(digits: &str) -> Option<u32> {
    let is_all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_all)
}

/// What follows a string, of which the first quote has been read.
pub fn after_string(text: &[u8]) -> &[u8] {
    let (mut rest, end, escaped): (&[u8], &[u8], &[u8]) = match text.strip_prefix(b"\"\"") {
        Some(block) => (block, b"\"\"\"", b"\"\"\""),
        None => (text, b"\"", b""),
    };
    while !rest.is_empty() && !rest.starts_with(end) {
        // In a block a backslash is one, unless it stands before three quotes.
        let is_escape = rest[0] == b'\\' && rest[1..].starts_with(escaped);
        let skip = if is_escape { 1 + escaped.len().max(1) } else { 1 };
        rest = rest.get(skip..).unwrap_or_default();
    }
    rest.get(end.len()..).unwrap_or_default()
}
