//! The key ring: named keys, one of which is active; the others still open what they sealed.

mod document;
mod edit;
mod file;

use std::{fmt, path::Path, sync::Arc};

use platform_config::Secret;
use serde::{Deserialize, Serialize};

use self::document::{Document, KEY_BYTES};
pub use self::{
    document::{KeyStanding, KeyState},
    edit::RingFile,
};
use crate::{CryptoError, Random, digest::mac};

/// Where the keys are. Section `[keys]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct KeySettings {
    /// The whole ring as text, best given as `ring-file`. Where it is empty the ring is in the data folder.
    pub ring: Secret<String>,
    /// Whether a ring is made in the data folder where there is none. In production a new ring means that what the
    /// old one sealed is lost.
    pub create: bool,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self {
            ring: Secret::default(),
            create: true,
        }
    }
}

/// Named keys that everything else is derived from. Cheap to clone.
#[derive(Clone)]
pub struct KeyRing(Arc<Inner>);

struct Inner {
    document: Document,
    random: Random,
}

impl KeyRing {
    /// Reads the ring that the settings give, else the one in the data folder, which is made at the first start.
    pub fn open(settings: &KeySettings, data_dir: &Path, random: Random) -> Result<Self, CryptoError> {
        match settings.ring.expose().as_str() {
            "" => file::open(data_dir, settings.create, random),
            text => Self::parse(text, random).map_err(CryptoError::Ring),
        }
    }

    fn parse(text: &str, random: Random) -> Result<Self, String> {
        let document = Document::parse(text)?;
        Ok(Self(Arc::new(Inner { document, random })))
    }

    /// The text of a new ring with one key.
    pub fn generate(random: Random) -> Secret<String> {
        Secret::new(Document::new(random).to_string())
    }

    /// What each key of the ring is for.
    pub fn keys(&self) -> Vec<KeyStanding> {
        self.0.document.standings()
    }

    /// The name of the key that seals.
    pub fn active(&self) -> &str {
        &self.0.document.active
    }

    /// A key for one purpose from each key of the ring that is not retired, the active one's first.
    pub fn derive(&self, purpose: &str) -> Vec<[u8; 32]> {
        let keys = self.0.document.trusted();
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
        let keys = self.0.document.keys.values().map(|key| mac(key, purpose.as_bytes()));
        keys.map(|key| mac(&key, value)).collect()
    }

    pub(crate) fn key(&self, name: &str) -> Option<&[u8; KEY_BYTES]> {
        self.0.document.keys.get(name)
    }

    /// Whether what this key sealed is to be sealed anew. What the next key sealed was sealed by a process that has
    /// been told already that it is the active one.
    pub(crate) fn is_behind(&self, name: &str) -> bool {
        let document = &self.0.document;
        name != document.active && document.next.as_deref() != Some(name)
    }

    pub(crate) fn random(&self) -> Random {
        self.0.random
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("keys", &self.keys()).finish()
    }
}

fn tags_of(column: &str) -> String {
    format!("tag|{column}")
}
