//! gRPC at the edge: its deadline, and every refusal in its own shape.

use std::{fmt::Write, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use platform_error::Code;

use crate::problem::Refused;

const MEDIA_TYPE: &str = "application/grpc";
/// Unlike our codes, gRPC tells a method that nobody has from a thing that is not there.
const UNIMPLEMENTED: i32 = 12;

/// Whether headers are of a gRPC request or answer.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.as_bytes().strip_prefix(MEDIA_TYPE.as_bytes()))
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// How long the caller waits, from the header `grpc-timeout`.
pub fn deadline(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if number.is_empty() || number.len() > 8 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// An answer to a gRPC request: a refusal of whatever stands before the method becomes a gRPC status.
pub(crate) fn in_grpc(response: Response) -> Response {
    if is_grpc(response.headers()) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let (status, message) = match (parts.status, parts.extensions.get::<Refused>()) {
        (StatusCode::NOT_FOUND, _) => (UNIMPLEMENTED, "no such method is served here"),
        (_, Some(refused)) => (refused.code.grpc_status(), refused.message.as_str()),
        _ => (Code::Internal.grpc_status(), "the answer is not gRPC"),
    };
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert("grpc-status", status.into());
    if let Ok(message) = HeaderValue::from_str(&percent_encoded(message)) {
        headers.insert("grpc-message", message);
    }
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    headers.extend(parts.headers);
    *response.extensions_mut() = parts.extensions;
    response
}

/// As the protocol wants it: everything but printable ASCII, and the percent sign, is escaped.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | 0..b' ' | 0x7f.. => {
                let _ = write!(encoded, "%{byte:02X}");
            }
            _ => encoded.push(char::from(byte)),
        }
    }
    encoded
}
