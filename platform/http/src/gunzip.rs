//! Bodies that come packed with gzip, which may be several that were put one after the other.

use std::io;

use async_compression::tokio::bufread::GzipDecoder;
use axum::{body::Body, extract::Request, http::header};
use futures::TryStreamExt;
use tokio_util::io::{ReaderStream, StreamReader};

/// Whether a request says that its body is packed with gzip and nothing else.
pub(crate) fn is_gzip(request: &Request) -> bool {
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    encoding.is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip"))
}

/// The request with what was packed. What comes after the first part is another one (RFC 1952, 2.2), as when files are
/// put together, or an error.
pub(crate) fn gunzipped(mut request: Request) -> Request {
    request.headers_mut().remove(header::CONTENT_ENCODING);
    request.headers_mut().remove(header::CONTENT_LENGTH);
    request.map(|body| {
        let packed = StreamReader::new(body.into_data_stream().map_err(io::Error::other));
        let mut decoder = GzipDecoder::new(packed);
        decoder.multiple_members(true);
        Body::from_stream(ReaderStream::new(decoder))
    })
}
