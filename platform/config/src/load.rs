//! Merges the sources of settings into one tree.

use std::{collections::BTreeMap, fs, path::PathBuf};

use toml::{Table, Value};

use crate::ConfigError;

/// Environment variables that begin with this and hold a `__` are settings: `HANSA_LAKE__MEMORY_LIMIT` is
/// `lake.memory-limit`.
pub const PREFIX: &str = "HANSA_";

/// Where settings come from, weakest first.
pub struct Sources<'a, E> {
    /// A TOML file. When named it must exist.
    pub file: Option<PathBuf>,
    /// The environment's variables.
    pub environment: E,
    /// Flags: a dotted key and its value.
    pub overrides: Vec<(String, String)>,
    /// Other names of environment variables and the dotted keys they stand for. The prefixed name wins.
    pub aliases: &'a [(&'a str, &'a str)],
}

type Origins = BTreeMap<String, String>;

pub(crate) fn merge<E>(sources: Sources<'_, E>) -> Result<(Table, Origins), ConfigError>
where
    E: Iterator<Item = (String, String)>,
{
    let mut tree = match &sources.file {
        Some(file) => read(file)?,
        None => Table::new(),
    };
    let mut origins = Origins::new();
    let (mut aliased, mut named) = (Vec::new(), Vec::new());
    for (name, value) in sources.environment {
        if let Some((_, key)) = sources.aliases.iter().find(|(alias, _)| *alias == name) {
            aliased.push((key.to_string(), value, format!("environment {name}")));
        } else if let Some(key) = name.strip_prefix(PREFIX).filter(|rest| rest.contains("__")) {
            let key = key.to_lowercase().replace("__", ".").replace('_', "-");
            named.push((key, value, format!("environment {name}")));
        }
    }
    let flags = sources.overrides.into_iter().map(|(key, value)| {
        let origin = format!("flag {key}");
        (key, value, origin)
    });
    for (key, value, origin) in aliased.into_iter().chain(named).chain(flags) {
        set(&mut tree, &key, value)?;
        origins.insert(key, origin);
    }
    Ok((tree, origins))
}

fn read(file: &PathBuf) -> Result<Table, ConfigError> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|e| ConfigError::Read {
        file: name.clone(),
        reason: e.to_string(),
    })?;
    text.parse().map_err(|e| ConfigError::syntax(name, &text, &e))
}

fn set(tree: &mut Table, key: &str, value: String) -> Result<(), ConfigError> {
    match key.split_once('.') {
        None => {
            tree.insert(key.into(), Value::String(value));
            Ok(())
        }
        Some((head, rest)) => match tree.entry(head).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(table) => set(table, rest, value),
            _ => Err(ConfigError::NotATable(head.into())),
        },
    }
}
