//! The head of an answer, and where its body ends: RFC 9112, 4 to 7.

use std::{
    error::Error as Cause,
    io::{self, ErrorKind},
    mem::MaybeUninit,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use bytes::{Buf, BytesMut};
use httparse::{Header, ParserConfig, Response, Status};

/// The largest head, in bytes.
const LARGEST: usize = 32 << 10;
const MOST_HEADERS: usize = 100;

pub(super) struct Head {
    pub(super) status: StatusCode,
    /// Those that are wanted.
    pub(super) headers: HeaderMap,
    pub(super) framing: Framing,
    /// Whether the connection stays open when the body has come.
    pub(super) stays_open: bool,
}

/// Where the body ends.
pub(super) enum Framing {
    Length(u64),
    Chunked,
    /// With the connection.
    ToTheEnd,
}

impl Head {
    /// Nothing where more has to come. What was read is taken away.
    pub(super) fn take_from(read: &mut BytesMut, wanted: &[HeaderName]) -> io::Result<Option<Self>> {
        let mut fields = [const { MaybeUninit::uninit() }; MOST_HEADERS];
        let mut response = Response::new(&mut []);
        let parsed = ParserConfig::default().parse_response_with_uninit_headers(&mut response, read, &mut fields);
        let length = match parsed.map_err(malformed)? {
            Status::Complete(length) => length,
            Status::Partial if read.len() > LARGEST => return Err(malformed("the head is too large")),
            Status::Partial => return Ok(None),
        };
        let head = Self::read(&response, wanted)?;
        read.advance(length);
        Ok(Some(head))
    }

    fn read(response: &Response<'_, '_>, wanted: &[HeaderName]) -> io::Result<Self> {
        let status = StatusCode::from_u16(response.code.unwrap_or_default()).map_err(malformed)?;
        let is_current = response.version == Some(1);
        let mut headers = HeaderMap::new();
        let (mut length, mut is_chunked, mut closes) = (None, false, false);
        for field in &*response.headers {
            if is(field, &header::CONTENT_LENGTH) {
                length = Some(told_length(field.value, length)?);
            } else if is(field, &header::TRANSFER_ENCODING) {
                if !is_current || is_chunked || !field.value.eq_ignore_ascii_case(b"chunked") {
                    return Err(malformed("its transfer encoding was not asked for"));
                }
                is_chunked = true;
            } else if is(field, &header::CONNECTION) {
                let mut options = field.value.split(|byte| *byte == b',');
                closes |= options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
            } else if let Some(name) = wanted.iter().find(|name| is(field, name)) {
                headers.append(name.clone(), HeaderValue::from_bytes(field.value).map_err(malformed)?);
            }
        }
        let framing = match (status, is_chunked, length) {
            (StatusCode::SWITCHING_PROTOCOLS, ..) => return Err(malformed("it switched to what was not asked for")),
            (StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED, ..) => Framing::Length(0),
            (_, true, _) => Framing::Chunked,
            (_, false, Some(length)) => Framing::Length(length),
            (_, false, None) => Framing::ToTheEnd,
        };
        // Who tells two ends may mean another one than we do.
        let is_clear = match framing {
            Framing::ToTheEnd => false,
            Framing::Length(_) | Framing::Chunked => !is_chunked || length.is_none(),
        };
        Ok(Self {
            status,
            headers,
            framing,
            stays_open: is_current && !closes && is_clear,
        })
    }
}

fn is(field: &Header<'_>, name: &HeaderName) -> bool {
    field.name.eq_ignore_ascii_case(name.as_str())
}

/// A length, which may be told more than once, but only the same.
fn told_length(value: &[u8], before: Option<u64>) -> io::Result<u64> {
    let wrong = || malformed("its content-length is no length");
    let text = str::from_utf8(value).map_err(|_| wrong())?;
    let mut told = before;
    for part in text.split(',').map(str::trim) {
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        let length = part.parse().ok().filter(|_| is_number).ok_or_else(wrong)?;
        if told.is_some_and(|told| told != length) {
            return Err(malformed("it tells two lengths"));
        }
        told = Some(length);
    }
    told.ok_or_else(wrong)
}

/// How large the next chunk is, 0 after the last one; nothing where more has to come. What was read is taken away.
pub(super) fn chunk(read: &mut BytesMut) -> io::Result<Option<u64>> {
    if read.first().is_some_and(|byte| !byte.is_ascii_hexdigit()) {
        return Err(malformed("a chunk tells no size"));
    }
    match httparse::parse_chunk_size(read) {
        // Some would see the end of a line in there.
        Ok(Status::Complete((length, _))) if read[..length - 1].contains(&b'\n') => {
            Err(malformed("a chunk tells no size"))
        }
        Ok(Status::Complete((length, size))) => {
            read.advance(length);
            Ok(Some(size))
        }
        Ok(Status::Partial) => Ok(None),
        Err(_) => Err(malformed("a chunk tells no size")),
    }
}

/// What came is not HTTP/1, or more than was asked for.
pub(super) fn malformed(reason: impl Into<Box<dyn Cause + Send + Sync>>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason)
}
