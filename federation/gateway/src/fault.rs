//! What a client is told went wrong: one error of an answer, and the refusal of a whole request.

use std::borrow::Cow;

use axum::http::{HeaderMap, StatusCode};
use platform_error::{Code, Coded, Error};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

/// One step of the path to a field in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum PathSegment {
    /// A response key.
    Key(String),
    /// A position in a list.
    Index(usize),
}

/// A place in the operation's text, counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// One entry of `errors`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The sentence a client may read.
    pub message: String,
    /// `extensions.code`: one of the nine, or what the subgraph said.
    pub code: Cow<'static, str>,
    /// Where in the operation's text.
    pub locations: Vec<Location>,
    /// Where in the answer. Empty when the error is about the whole of it.
    pub path: Vec<PathSegment>,
    /// `extensions.service`: which subgraph failed.
    pub service: Option<String>,
    /// Further extensions.
    pub extensions: Map<String, Value>,
}

impl Fault {
    /// An error with one of the nine codes.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: Cow::Borrowed(code.as_str()),
            locations: Vec::new(),
            path: Vec::new(),
            service: None,
            extensions: Map::new(),
        }
    }

    /// Says where in the answer.
    pub(crate) fn at(mut self, path: Vec<PathSegment>) -> Self {
        self.path = path;
        self
    }

    /// Says which subgraph failed.
    pub(crate) fn of(mut self, service: impl Into<String>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// Says where in the operation's text.
    pub(crate) fn located(mut self, line: usize, column: usize) -> Self {
        self.locations.push(Location { line, column });
        self
    }

    /// Adds an extension.
    pub(crate) fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extensions.insert(key.into(), value.into());
        self
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("message", &self.message)?;
        if !self.locations.is_empty() {
            map.serialize_entry("locations", &self.locations)?;
        }
        if !self.path.is_empty() {
            map.serialize_entry("path", &self.path)?;
        }
        let mut extensions = Map::new();
        extensions.insert("code".into(), self.code.as_ref().into());
        if let Some(service) = &self.service {
            extensions.insert("service".into(), service.as_str().into());
        }
        for (key, value) in &self.extensions {
            extensions.entry(key.as_str()).or_insert_with(|| value.clone());
        }
        map.serialize_entry("extensions", &extensions)?;
        map.end()
    }
}

/// Why a request is not executed at all.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// The status for clients that take `application/graphql-response+json`; others get 200 where the request was
    /// well formed.
    pub status: StatusCode,
    /// Headers that go with it, such as `retry-after`.
    pub headers: Box<HeaderMap>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Whether the request is not even a GraphQL request, so that its status counts for every client.
    pub is_malformed: bool,
}

impl Refusal {
    /// A refusal with one error and the status of its code.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self::of(code, vec![Fault::new(code, message)])
    }

    /// A refusal with several errors of one code.
    pub(crate) fn of(code: Code, faults: Vec<Fault>) -> Self {
        Self {
            status: StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::BAD_REQUEST),
            headers: Box::default(),
            faults,
            is_malformed: false,
        }
    }

    /// The request is refused before it is one: its status counts whatever the client takes.
    pub(crate) fn malformed(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            is_malformed: true,
            ..Self::new(Code::Invalid, message)
        }
    }

    /// Whether the request is one, and its operation is what is wrong, or is not known yet.
    pub(crate) fn is_about_the_operation(&self) -> bool {
        matches!(self.status, StatusCode::BAD_REQUEST | StatusCode::OK) && !self.is_malformed
    }
}

impl<E: Coded> From<E> for Refusal {
    fn from(error: E) -> Self {
        let error = Error::from(error);
        if let (Code::Internal, Some(cause)) = (error.code(), error.cause()) {
            tracing::error!(error = %cause, "a request failed");
        }
        let mut fault = Fault::new(error.code(), error.message());
        if let Some(hint) = error.hint() {
            fault = fault.with("hint", hint);
        }
        if let Some(details) = error.details() {
            fault = fault.with("details", details.clone());
        }
        let mut refusal = Self::of(error.code(), vec![fault]);
        if let Ok(status) = StatusCode::from_u16(error.http_status()) {
            refusal.status = status;
        }
        refusal
    }
}
