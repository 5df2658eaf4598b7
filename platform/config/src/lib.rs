//! One tree of settings from a TOML file, secret files, the environment and flags, read typed by each module.
//!
//! Keys are kebab-case. Later sources win: file < secret files < environment < flags. A secret `x` may be given
//! as `x-file = "/path"`, whose trimmed content becomes the value.

mod error;
mod load;
mod reader;
mod refused;
mod values;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Serialize, de::DeserializeOwned};
use toml::{Table, Value};

pub use crate::{
    error::ConfigError,
    load::{PREFIX, Sources},
    values::{ByteSize, Duration, HIDDEN, Secret, Secrets},
};
use crate::{error::nearest, reader::Reader, refused::origin};

/// The settings of a process. Cheap to clone; clones share what has been asked for.
#[derive(Clone, Debug, Default)]
pub struct Config {
    tree: Arc<Table>,
    /// Where a key came from when not from the file, for instance `environment HANSA_LAKE__CATALOG`.
    origins: Arc<BTreeMap<String, String>>,
    asked: Arc<Mutex<BTreeMap<String, Asked>>>,
}

/// What has been asked of one section: the keys its readers know and the values they got.
#[derive(Debug, Default)]
struct Asked {
    known: BTreeSet<String>,
    effective: Table,
}

impl Config {
    /// Reads all sources. Nothing is checked against a module's settings yet.
    pub fn load<E: Iterator<Item = (String, String)>>(sources: Sources<'_, E>) -> Result<Self, ConfigError> {
        let (tree, origins) = load::merge(sources)?;
        Ok(Self {
            tree: Arc::new(tree),
            origins: Arc::new(origins),
            asked: Arc::default(),
        })
    }

    /// Settings from TOML text alone.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let tree = text
            .parse()
            .map_err(|e| ConfigError::syntax("the given text".into(), text, &e))?;
        Ok(Self {
            tree: Arc::new(tree),
            ..Self::default()
        })
    }

    /// A section as the module's own struct; keys that neither it nor an earlier [`Config::part`] knows are refused.
    pub fn section<T: DeserializeOwned + Serialize>(&self, name: &str) -> Result<T, ConfigError> {
        let section = self.part(name)?;
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let known = &asked[name].known;
        match self.keys_of(name).find(|key| !known.contains(*key)) {
            Some(key) => Err(self.unknown(name, key, known)),
            None => Ok(section),
        }
    }

    /// The keys of a section that `T` knows, leaving the others to whoever reads the rest of the section.
    pub fn part<T: DeserializeOwned + Serialize>(&self, name: &str) -> Result<T, ConfigError> {
        let table = match self.tree.get(name) {
            Some(Value::Table(table)) => table.clone(),
            Some(_) => return Err(ConfigError::NotATable(name.into())),
            None => Table::new(),
        };
        let (part, known): (T, _) = Reader::read_section(name, table, &self.origins)?;
        let effective = Table::try_from(&part).map_err(|e| ConfigError::Value {
            key: name.into(),
            origin: String::new(),
            reason: e.to_string(),
        })?;
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = asked.entry(name.into()).or_default();
        entry.known.extend(known);
        entry.effective.extend(effective);
        Ok(part)
    }

    /// Refuses settings that nobody has asked for. Call it when every module has read its section.
    pub fn refuse_unread(&self) -> Result<(), ConfigError> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        for section in self.tree.keys() {
            let Some(Asked { known, .. }) = asked.get(section) else {
                let nearest = nearest(section, asked.keys().map(String::as_str));
                return Err(ConfigError::UnknownSection {
                    section: section.clone(),
                    nearest,
                });
            };
            if let Some(key) = self.keys_of(section).find(|key| !known.contains(*key)) {
                return Err(self.unknown(section, key, known));
            }
        }
        Ok(())
    }

    /// The settings in effect, defaults included and secrets hidden, of every section asked for so far.
    pub fn print(&self) -> String {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let tree: Table = asked
            .iter()
            .map(|(name, a)| (name.clone(), Value::Table(a.effective.clone())))
            .collect();
        toml::to_string_pretty(&tree).expect("a TOML table is always TOML")
    }

    fn keys_of(&self, section: &str) -> impl Iterator<Item = &String> {
        self.tree
            .get(section)
            .and_then(Value::as_table)
            .into_iter()
            .flat_map(Table::keys)
    }

    fn unknown(&self, section: &str, key: &str, known: &BTreeSet<String>) -> ConfigError {
        let full = format!("{section}.{key}");
        let origin = origin(&self.origins, &full);
        // Every key may also be given as a file; naming those as well would bury the keys themselves.
        let is_plain = |key: &&str| !key.strip_suffix("-file").is_some_and(|plain| known.contains(plain));
        let nearest = nearest(key, known.iter().map(String::as_str).filter(is_plain));
        ConfigError::UnknownKey {
            key: full,
            origin,
            nearest,
        }
    }
}
