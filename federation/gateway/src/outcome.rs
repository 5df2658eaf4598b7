//! What a request came to: data, errors and extensions, and how they are written.

use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::{
    fault::{Fault, Refusal},
    telemetry,
};

/// What a request came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The JSON `{"data":…}`, which is the whole answer where it has neither errors nor extensions. Absent where nothing
    /// was executed.
    pub data: Option<Bytes>,
    /// The errors.
    pub faults: Vec<Fault>,
    /// The extensions.
    pub extensions: Map<String, Value>,
    /// Headers for the client.
    pub headers: HeaderMap,
    /// The HTTP status.
    pub status: StatusCode,
    /// Whether the status counts also for clients that expect 200 for everything well formed.
    pub is_malformed: bool,
}

impl Outcome {
    /// Executed, with or without errors.
    pub(crate) fn executed(data: Bytes, faults: Vec<Fault>) -> Self {
        Self {
            data: Some(data),
            faults,
            extensions: Map::new(),
            headers: HeaderMap::new(),
            status: StatusCode::OK,
            is_malformed: false,
        }
    }

    /// How it ended, for those who count.
    pub(crate) fn ended(&self) -> telemetry::Outcome {
        match (&self.data, self.faults.is_empty()) {
            (Some(_), true) => telemetry::Outcome::Ok,
            (Some(_), false) => telemetry::Outcome::Errors,
            (None, _) => telemetry::Outcome::Failed,
        }
    }

    /// The answer's JSON.
    pub fn body(&self) -> Bytes {
        let data = self.data.clone().unwrap_or(Bytes::from_static(b"{}"));
        if self.faults.is_empty() && self.extensions.is_empty() {
            return data;
        }
        let mut out = data[..data.len() - 1].to_vec();
        if !self.faults.is_empty() {
            member(&mut out, b"\"errors\":", &self.faults);
        }
        if !self.extensions.is_empty() {
            member(&mut out, b"\"extensions\":", &self.extensions);
        }
        out.push(b'}');
        out.into()
    }
}

fn member(out: &mut Vec<u8>, name: &[u8], value: &impl serde::Serialize) {
    let mark = out.len();
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.extend_from_slice(name);
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(mark);
    }
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        Self {
            data: None,
            faults: refusal.faults,
            extensions: Map::new(),
            headers: *refusal.headers,
            status: refusal.status,
            is_malformed: refusal.is_malformed,
        }
    }
}
