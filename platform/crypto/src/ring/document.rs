//! A ring as text: TOML with the keys in base64url, and what each of them is for.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{Random, base64url, from_base64url};

pub(super) const KEY_BYTES: usize = 32;
const LONGEST_NAME: usize = 32;
const FIRST_NAME: &str = "k1";
const NOTE: &str = "\
# The keys of this installation. Keep a copy elsewhere: what they sealed cannot be read without them.
# `hansa keys` changes this file; docs/operations.md says in which steps.
";

/// What a key of a ring is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// It seals.
    Active,
    /// It will be the active one: it opens what processes sealed that take it for that already.
    Next,
    /// It opens what it sealed when it was active, and its credentials hold.
    Old,
    /// It opens what it sealed, and nothing else is believed because of it.
    Retired,
}

/// A key of a ring, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyStanding {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub state: KeyState,
}

/// The keys of a ring.
#[derive(PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) active: String,
    pub(super) next: Option<String>,
    pub(super) retired: Vec<String>,
    pub(crate) keys: BTreeMap<String, [u8; KEY_BYTES]>,
}

/// The same as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    active: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    retired: Vec<String>,
    keys: BTreeMap<String, String>,
}

impl Document {
    /// A ring with one key.
    pub(super) fn new(random: Random) -> Self {
        Self {
            active: FIRST_NAME.into(),
            next: None,
            retired: Vec::new(),
            keys: BTreeMap::from([(FIRST_NAME.to_owned(), random.bytes())]),
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        // The library's own explanation quotes the line, and with it a key.
        let written: Written =
            toml::from_str(text).map_err(|_| "it must be TOML with `active = \"k1\"` and a table [keys]".to_owned())?;
        let mut keys = BTreeMap::new();
        for (name, key) in &written.keys {
            check_name(name)?;
            let key = from_base64url(key.trim_end_matches('='))
                .and_then(|key| key.try_into().ok())
                .ok_or_else(|| format!("the key {name} must be {KEY_BYTES} random bytes in base64url"))?;
            keys.insert(name.clone(), key);
        }
        let named = written.next.iter().chain(&written.retired);
        if !keys.contains_key(&written.active) {
            return Err("the active key is not among the keys".into());
        }
        if let Some(lost) = named.clone().find(|name| !keys.contains_key(*name)) {
            return Err(format!("{lost} is not among the keys"));
        }
        if named.clone().any(|name| *name == written.active) {
            return Err("the active key cannot be the next one or retired too".into());
        }
        Ok(Self {
            active: written.active,
            next: written.next,
            retired: written.retired,
            keys,
        })
    }

    /// The keys that something new is believed because of, the active one first.
    pub(super) fn trusted(&self) -> impl Iterator<Item = &[u8; KEY_BYTES]> {
        let others = self
            .keys
            .iter()
            .filter(|(name, _)| **name != self.active && !self.retired.contains(name));
        self.keys
            .get(&self.active)
            .into_iter()
            .chain(others.map(|(_, key)| key))
    }

    /// Refuses to take the place of a ring whose keys it lacks while they are needed.
    pub(super) fn keeps(&self, before: &Self) -> Result<(), String> {
        for (name, key) in &before.keys {
            match (self.keys.get(name), before.state(name)) {
                (Some(found), _) if found == key => {}
                (Some(_), _) => return Err(format!("{name} is another key than the one of that name before")),
                (None, KeyState::Active | KeyState::Old) => {
                    return Err(format!(
                        "the key {name} is not in it, and what {name} sealed could not be read; put it back, or if it was \
                         retired and is to go, restart the process"
                    ));
                }
                (None, KeyState::Next | KeyState::Retired) => {}
            }
        }
        Ok(())
    }

    /// Whether what this key sealed is to be sealed anew. What the next key sealed was sealed by a process that has
    /// been told already that it is the active one.
    pub(crate) fn is_behind(&self, name: &str) -> bool {
        name != self.active && self.next.as_deref() != Some(name)
    }

    pub(super) fn standings(&self) -> Vec<KeyStanding> {
        let standing = |name: &String| KeyStanding {
            name: name.clone(),
            state: self.state(name),
        };
        self.keys.keys().map(standing).collect()
    }

    pub(super) fn state(&self, name: &String) -> KeyState {
        match name {
            name if *name == self.active => KeyState::Active,
            name if self.next.as_ref() == Some(name) => KeyState::Next,
            name if self.retired.contains(name) => KeyState::Retired,
            _ => KeyState::Old,
        }
    }
}

pub(super) fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(is_plain) {
        true => Err(format!("a key's name has 1 to {LONGEST_NAME} letters, digits, - and _")),
        false => Ok(()),
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys.iter().map(|(name, key)| (name.clone(), base64url(key)));
        let written = Written {
            active: self.active.clone(),
            next: self.next.clone(),
            retired: self.retired.clone(),
            keys: keys.collect(),
        };
        write!(f, "{NOTE}{}", toml::to_string(&written).expect("a ring is always TOML"))
    }
}
