//! What a failure of an object store means, and what it said in one line.

use object_store::Error;

use super::{Cause, Fault, LakeError, Trouble};

/// What S3 calls a bucket that is not there. Some operations have a kind of error for it that others have for a file.
const NO_BUCKET: &str = "NoSuchBucket";

impl LakeError {
    /// A failure of an object store.
    pub(crate) fn object(action: &'static str, uri: impl Into<String>, error: Error) -> Self {
        let document = document(&error);
        let code = document.as_deref().and_then(|document| element(document, "Code"));
        let trouble = match &error {
            _ if code == Some(NO_BUCKET) => Trouble::NoBucket,
            Error::NotFound { .. } => Trouble::Missing,
            Error::AlreadyExists { .. } | Error::Precondition { .. } => Trouble::Exists,
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => Trouble::Denied,
            _ => Trouble::Away,
        };
        let fault = Fault {
            action,
            uri: uri.into(),
            cause: cause(error, document.as_deref()),
        };
        Self::Storage { trouble, fault }
    }
}

/// The document by which the store says what is wrong, wherever in the error it is.
fn document(error: &Error) -> Option<String> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if let Some((_, document)) = text.split_once("<Error>") {
            return Some(document.to_owned());
        }
        next = error.source();
    }
    None
}

/// The error without its document, of which only the code and the sentence are for people.
fn cause(error: Error, document: Option<&str>) -> Cause {
    let Some(document) = document else {
        return error.into();
    };
    let said = ["Code", "Message"].map(|name| element(document, name).unwrap_or("?"));
    said.join(": ").into()
}

fn element<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = document.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text.trim())
}
