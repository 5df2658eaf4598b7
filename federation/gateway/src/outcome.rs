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
    /// The JSON of `data`. Absent where nothing was executed.
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
    pub(crate) fn executed(data: Vec<u8>, faults: Vec<Fault>) -> Self {
        Self {
            data: Some(data.into()),
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
    pub fn body(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.data.as_ref().map_or(0, Bytes::len) + 32);
        out.push(b'{');
        if let Some(data) = &self.data {
            out.extend_from_slice(b"\"data\":");
            out.extend_from_slice(data);
        }
        if !self.faults.is_empty() {
            member(&mut out, b"\"errors\":", &self.faults);
        }
        if !self.extensions.is_empty() {
            member(&mut out, b"\"extensions\":", &self.extensions);
        }
        out.push(b'}');
        out
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
