//! The key ring: named keys, one of which is active; the others still open what they sealed.

mod file;

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use platform_config::Secret;
use serde::{Deserialize, Serialize};

use crate::{CryptoError, Random, base64url, digest::mac};

const KEY_BYTES: usize = 32;
const LONGEST_NAME: usize = 32;
const FIRST_NAME: &str = "k1";

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
    active: String,
    keys: BTreeMap<String, [u8; KEY_BYTES]>,
    random: Random,
}

/// A ring as text: TOML with the keys in base64url.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    active: String,
    keys: BTreeMap<String, String>,
}

impl KeyRing {
    /// Reads the ring that the settings give, else the one in the data folder, which is made at the first start.
    pub fn open(settings: &KeySettings, data_dir: &Path, random: Random) -> Result<Self, CryptoError> {
        match settings.ring.expose().as_str() {
            "" => file::open(data_dir, settings.create, random),
            text => Self::parse(text, random).map_err(CryptoError::Ring),
        }
    }

    /// A ring as its text.
    fn parse(text: &str, random: Random) -> Result<Self, String> {
        // The library's own explanation quotes the line, and with it a key.
        let document: Document =
            toml::from_str(text).map_err(|_| "it must be TOML with `active = \"k1\"` and a table [keys]".to_owned())?;
        let mut keys = BTreeMap::new();
        for (name, key) in &document.keys {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(is_plain) {
                return Err(format!("a key's name has 1 to {LONGEST_NAME} letters, digits, - and _"));
            }
            let key = BASE64_URL_SAFE_NO_PAD.decode(key.trim_end_matches('=')).ok();
            let key = key
                .and_then(|key| key.try_into().ok())
                .ok_or_else(|| format!("the key {name} must be {KEY_BYTES} random bytes in base64url"))?;
            keys.insert(name.clone(), key);
        }
        if !keys.contains_key(&document.active) {
            return Err("the active key is not among the keys".into());
        }
        let active = document.active;
        Ok(Self(Arc::new(Inner { active, keys, random })))
    }

    /// The text of a new ring with one key.
    pub fn generate(random: Random) -> Secret<String> {
        let key = base64url(&random.bytes::<KEY_BYTES>());
        let document = Document {
            active: FIRST_NAME.into(),
            keys: BTreeMap::from([(FIRST_NAME.to_owned(), key)]),
        };
        Secret::new(toml::to_string(&document).expect("a ring is always TOML"))
    }

    /// The name of the key that seals.
    pub fn active(&self) -> &str {
        &self.0.active
    }

    /// A key for one purpose from each key of the ring, the active one's first.
    pub fn derive(&self, purpose: &str) -> Vec<[u8; 32]> {
        let active = self.0.keys.get_key_value(&self.0.active);
        let others = self.0.keys.iter().filter(|(name, _)| **name != self.0.active);
        active
            .into_iter()
            .chain(others)
            .map(|(_, key)| mac(key, purpose.as_bytes()))
            .collect()
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

    pub(crate) fn key(&self, name: &str) -> Option<&[u8; KEY_BYTES]> {
        self.0.keys.get(name)
    }

    pub(crate) fn random(&self) -> Random {
        self.0.random
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.keys.keys().collect();
        f.debug_struct("KeyRing")
            .field("active", &self.0.active)
            .field("keys", &names)
            .finish()
    }
}

fn tags_of(column: &str) -> String {
    format!("tag|{column}")
}
