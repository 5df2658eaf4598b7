//! The key ring: named keys, one of which is active; the others still open what they sealed.

mod document;
mod edit;
mod file;
mod watch;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use platform_config::{Duration, Secret};
use serde::{Deserialize, Serialize};

use self::{
    document::Document,
    file::{Place, in_folder},
    watch::Watched,
};
pub use self::{
    document::{KeyStanding, KeyState},
    edit::RingFile,
};
use crate::{CryptoError, Random, digest::mac};

/// Where the keys are. Section `[keys]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct KeySettings {
    /// The whole ring as text, which is read when the process starts.
    pub ring: Secret<String>,
    /// The file with the ring. Where neither is given the ring is in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_file: Option<PathBuf>,
    /// Whether a ring is made in the data folder where there is none; it is where nothing is said. In production a new
    /// ring means that what the old one sealed is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create: Option<bool>,
    /// How often the ring's file is looked at again.
    pub reload: Duration,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self {
            ring: Secret::default(),
            ring_file: None,
            create: None,
            reload: Duration::from_secs(60),
        }
    }
}

impl KeySettings {
    /// Whether the ring comes from elsewhere than the data folder.
    pub fn is_given(&self) -> bool {
        !self.ring.expose().is_empty() || self.ring_file.is_some()
    }
}

/// Named keys that everything else is derived from. Cheap to clone; clones change together when the ring's file does.
#[derive(Clone)]
pub struct KeyRing(Arc<Inner>);

struct Inner {
    document: ArcSwap<Document>,
    watched: Option<Watched>,
    random: Random,
}

impl KeyRing {
    /// Reads the ring that the settings give, else the one in the data folder, which is made at the first start.
    pub fn open(settings: &KeySettings, data_dir: &Path, random: Random) -> Result<Self, CryptoError> {
        let place = match (settings.ring.expose().as_str(), &settings.ring_file) {
            ("", None) => Place::Ours(in_folder(data_dir)),
            ("", Some(file)) => Place::Named(file.clone()),
            (text, None) => {
                let document = Document::parse(text).map_err(CryptoError::Ring)?;
                return Ok(Self::new(document, None, random));
            }
            (_, Some(_)) => {
                let reason = "the ring is given as text and as a file (keys.ring-file); leave one of them out";
                return Err(CryptoError::Ring(reason.into()));
            }
        };
        let document = place.open(settings.create.unwrap_or(true), random)?;
        Ok(Self::new(document, Some(Watched::new(place, *settings.reload)), random))
    }

    fn new(document: Document, watched: Option<Watched>, random: Random) -> Self {
        Self(Arc::new(Inner {
            document: ArcSwap::from_pointee(document),
            watched,
            random,
        }))
    }

    /// The keys as they are now.
    pub(crate) fn document(&self) -> Arc<Document> {
        if let Some(watched) = &self.0.watched {
            watched.look(&self.0.document);
        }
        self.0.document.load_full()
    }

    /// What each key of the ring is for.
    pub fn keys(&self) -> Vec<KeyStanding> {
        self.document().standings()
    }

    /// The name of the key that seals.
    pub fn active(&self) -> String {
        self.document().active.clone()
    }

    /// A key for one purpose from each key of the ring that is not retired, the active one's first.
    pub fn derive(&self, purpose: &str) -> Vec<[u8; 32]> {
        let document = self.document();
        let keys = document.trusted();
        keys.map(|key| mac(key, purpose.as_bytes())).collect()
    }

    /// A value's tag in one column, for `where column = …` without storing the value: the same for the same value.
    pub fn tag(&self, column: &str, value: &[u8]) -> [u8; 32] {
        mac(&self.derive(&tags_of(column))[0], value)
    }

    /// The tags a value may have been stored under, the active key's first: for `where column in (…)` while keys are
    /// rotated.
    pub fn tags(&self, column: &str, value: &[u8]) -> Vec<[u8; 32]> {
        let keys = self.derive(&tags_of(column));
        keys.iter().map(|key| mac(key, value)).collect()
    }

    /// The same with the keys that are retired: for what was tagged long ago and is only looked at.
    pub fn tags_ever(&self, column: &str, value: &[u8]) -> Vec<[u8; 32]> {
        let purpose = tags_of(column);
        let document = self.document();
        let keys = document.keys.values().map(|key| mac(key, purpose.as_bytes()));
        keys.map(|key| mac(&key, value)).collect()
    }

    pub(crate) fn random(&self) -> Random {
        self.0.random
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.document.load().standings();
        f.debug_struct("KeyRing").field("keys", &keys).finish()
    }
}

fn tags_of(column: &str) -> String {
    format!("tag|{column}")
}
