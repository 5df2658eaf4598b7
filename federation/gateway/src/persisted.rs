//! Operations known by their hash: from a manifest or a folder, and those that clients register as they go.

mod listed;
mod store;

use std::sync::Arc;

use arc_swap::ArcSwap;
use moka::sync::Cache;
use platform_config::ByteSize;
use platform_error::{Code, Coded};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    fault::{Fault, Refusal},
    request::Request,
};
pub(crate) use store::Store;
pub(crate) use store::{digest, hex};

/// Which operations may run, and how clients name them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct PersistedSettings {
    /// A manifest in Apollo's format (`apollo-persisted-query-manifest`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// A folder of files named `<sha-256 of the text>.graphql`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Which operations may run.
    pub allow: Allow,
    /// Whether clients may register operations by sending text and hash once.
    pub automatic: bool,
    /// The memory for operations that clients registered.
    pub cache: ByteSize,
}

/// Which operations may run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Allow {
    /// Every operation.
    #[default]
    Any,
    /// Those of the manifest and the folder, sent by id or as the very same text.
    Known,
    /// Those of the manifest and the folder, sent by id alone.
    KnownById,
}

impl PersistedSettings {
    /// Whether operations are listed somewhere.
    fn has_list(&self) -> bool {
        self.manifest.is_some() || self.directory.is_some()
    }
}

impl Default for PersistedSettings {
    fn default() -> Self {
        Self {
            manifest: None,
            directory: None,
            allow: Allow::Any,
            automatic: true,
            cache: ByteSize::mb(16),
        }
    }
}

/// An operation that is not known, or may not be sent like this.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PersistedError {
    /// The hash is unknown; the client sends the text as well.
    #[error("PersistedQueryNotFound")]
    NotFound,
    /// Registering is switched off and the hash is unknown.
    #[error("PersistedQueryNotSupported")]
    NotSupported,
    /// The text has another hash.
    #[error("the text of the operation does not have the SHA-256 hash that was sent with it")]
    WrongHash,
    /// Not a persisted query as clients send them.
    #[error("extensions.persistedQuery must be {{\"version\": 1, \"sha256Hash\": \"…\"}}")]
    Malformed,
    /// Not on the list.
    #[error("this operation is not on the list of operations that may run here; add it to the manifest")]
    NotAllowed,
    /// On the list, or not: text is not taken.
    #[error("operations are only taken by their id here; send extensions.persistedQuery without a query")]
    IdRequired,
    /// Only what is listed may run, and there is no list.
    #[error(
        "persisted.allow lets only listed operations run; name the list by persisted.manifest or persisted.directory"
    )]
    NoList,
    /// The manifest cannot be used.
    #[error("the persisted operations in {file} cannot be used: {reason}")]
    Manifest {
        /// Which file or folder.
        file: String,
        /// Why not.
        reason: String,
    },
}

impl PersistedError {
    /// What clients of automatic persisted queries look for.
    fn wire_code(&self) -> Option<&'static str> {
        match self {
            Self::NotFound => Some("PERSISTED_QUERY_NOT_FOUND"),
            Self::NotSupported => Some("PERSISTED_QUERY_NOT_SUPPORTED"),
            _ => None,
        }
    }
}

impl Coded for PersistedError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound | Self::NotSupported => Code::NotFound,
            Self::NotAllowed | Self::IdRequired => Code::Forbidden,
            _ => Code::Invalid,
        }
    }
}

/// The refusal as clients of automatic persisted queries expect it: their own codes, and 200 where a new attempt with
/// the text is the next step.
pub(crate) fn refusal(error: PersistedError) -> Refusal {
    let Some(code) = error.wire_code() else {
        return error.into();
    };
    let mut fault = Fault::new(Code::NotFound, error.to_string());
    fault.code = code.into();
    let mut refusal = Refusal::of(Code::Invalid, vec![fault]);
    refusal.status = axum::http::StatusCode::OK;
    refusal
}

/// The operations known by hash. Cheap to clone; clones share what clients registered.
#[derive(Clone)]
pub(crate) struct Persisted {
    allow: Allow,
    automatic: bool,
    known: Arc<ArcSwap<Store>>,
    registered: Cache<[u8; 32], Arc<str>>,
}

impl Persisted {
    /// Reads the manifest and the folder.
    pub(crate) fn new(settings: &PersistedSettings) -> Result<Self, PersistedError> {
        Ok(Self {
            allow: settings.allow,
            automatic: settings.automatic,
            known: Arc::new(ArcSwap::from_pointee(Store::read(settings)?)),
            registered: Cache::builder()
                .max_capacity(settings.cache.bytes())
                .weigher(|_, text: &Arc<str>| u32::try_from(text.len() + 64).unwrap_or(u32::MAX))
                .build(),
        })
    }

    /// The listed operations as they are now.
    pub(crate) fn known(&self) -> Arc<Store> {
        self.known.load_full()
    }

    /// Reads the list again, and says whether it is another one now. What cannot be used changes nothing.
    fn read_again(&self, settings: &PersistedSettings) -> Result<bool, PersistedError> {
        let read = Store::read(settings)?;
        let is_other = read != **self.known.load();
        if is_other {
            self.known.store(Arc::new(read));
        }
        Ok(is_other)
    }

    /// The text that a request stands for.
    pub(crate) fn resolve(&self, request: &Request) -> Result<Option<Arc<str>>, PersistedError> {
        let text = request.query.as_deref().filter(|text| !text.trim().is_empty());
        match (hash_of(request)?, text) {
            (Some(id), None) => self.by_id(id).map(Some),
            (Some(id), Some(text)) => self.registered(id, text).map(Some),
            (None, Some(text)) => self.by_text(text).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn by_id(&self, id: &str) -> Result<Arc<str>, PersistedError> {
        if let Some(text) = self.known.load().by_id(id) {
            return Ok(text.clone());
        }
        if self.allow != Allow::Any {
            return Err(PersistedError::NotAllowed);
        }
        if !self.automatic {
            return Err(PersistedError::NotSupported);
        }
        let key = parse_hash(id).ok_or(PersistedError::NotFound)?;
        self.registered.get(&key).ok_or(PersistedError::NotFound)
    }

    fn registered(&self, id: &str, text: &str) -> Result<Arc<str>, PersistedError> {
        let key = digest(text);
        if parse_hash(id) != Some(key) {
            // Ids of a manifest need not be hashes; its text is what counts.
            let known = self.known.load();
            let is_listed = known.by_id(id).is_some_and(|known| **known == *text);
            return if is_listed {
                self.by_text(text)
            } else {
                Err(PersistedError::WrongHash)
            };
        }
        let text = self.by_text(text)?;
        if self.automatic && self.allow == Allow::Any {
            self.registered.insert(key, text.clone());
        }
        Ok(text)
    }

    fn by_text(&self, text: &str) -> Result<Arc<str>, PersistedError> {
        match self.allow {
            Allow::Any => Ok(text.into()),
            Allow::Known => {
                let known = self.known.load();
                known.by_text(text).cloned().ok_or(PersistedError::NotAllowed)
            }
            Allow::KnownById => Err(PersistedError::IdRequired),
        }
    }
}

fn hash_of(request: &Request) -> Result<Option<&str>, PersistedError> {
    match request.extensions.get("persistedQuery") {
        None | Some(Value::Null) => Ok(None),
        Some(query) if query["version"] == 1 => {
            let hash = query["sha256Hash"].as_str().filter(|hash| !hash.is_empty());
            hash.map(Some).ok_or(PersistedError::Malformed)
        }
        Some(_) => Err(PersistedError::Malformed),
    }
}

/// The SHA-256 hash that is written in hexadecimal digits.
pub(crate) fn parse_hash(id: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if id.len() != 64 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (position, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&id[position * 2..position * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}
