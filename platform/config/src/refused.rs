//! A setting that is refused, on its way to a text that names its key and where it came from.

use std::{collections::BTreeMap, fmt};

use serde::de;

use crate::ConfigError;

/// Where keys came from that are not of the file.
pub(crate) type Origins = BTreeMap<String, String>;

/// A refusal that may not know its key yet.
#[derive(Debug)]
pub(crate) enum Refused {
    Bare(String),
    Located(ConfigError),
}

impl Refused {
    pub(crate) fn at(self, key: &str, origins: &Origins) -> ConfigError {
        match self {
            Self::Located(error) => error,
            Self::Bare(reason) => ConfigError::Value {
                key: key.into(),
                origin: origin(origins, key),
                reason,
            },
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare(reason) => f.write_str(reason),
            Self::Located(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Bare(message.to_string())
    }
}

/// Where a key came from, as a message says it; nothing for what the file says.
pub(crate) fn origin(origins: &Origins, key: &str) -> String {
    origins
        .get(key)
        .map(|origin| format!(" (from {origin})"))
        .unwrap_or_default()
}
