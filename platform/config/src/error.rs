//! What can be wrong with settings, and which known key was probably meant.

use platform_error::{Code, Coded};

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The settings file or a secret file cannot be read.
    #[error("cannot read {file}: {reason}")]
    Read {
        /// The file that was named.
        file: String,
        /// What the system said.
        reason: String,
    },
    /// The settings file is not TOML.
    #[error("{file} is not valid TOML: {reason}")]
    Syntax {
        /// The file that was named.
        file: String,
        /// Where and why.
        reason: String,
    },
    /// A section is given as a plain value.
    #[error("{0} must be a section, written [{0}]")]
    NotATable(String),
    /// A key that no reader of its section knows.
    #[error("unknown setting {key}{origin}; {nearest}")]
    UnknownKey {
        /// The whole key.
        key: String,
        /// Where it was set when not in the file.
        origin: String,
        /// The known keys nearest to it.
        nearest: String,
    },
    /// A section that no module has.
    #[error("unknown section [{section}]; {nearest}")]
    UnknownSection {
        /// The section's name.
        section: String,
        /// The known sections nearest to it.
        nearest: String,
    },
    /// A value of the wrong kind.
    #[error("setting {key}{origin}: {reason}")]
    Value {
        /// The whole key.
        key: String,
        /// Where it was set when not in the file.
        origin: String,
        /// What was expected.
        reason: String,
    },
}

impl ConfigError {
    /// The library's own explanation quotes the line, and with it what may be a secret.
    pub(crate) fn syntax(file: String, text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|other| *other != '\n').count() + 1;
        Self::Syntax {
            file,
            reason: format!("line {line}, column {column}: {}", error.message()),
        }
    }
}

impl Coded for ConfigError {
    fn code(&self) -> Code {
        Code::Invalid
    }
}

/// A sentence that names the known keys most like `wanted`, or all of them when there are few.
pub(crate) fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let mut known: Vec<_> = known.map(|key| (distance(wanted, key), key)).collect();
    known.sort_unstable();
    let wording = match known.len() {
        0 => return "none is known here".into(),
        n if n <= SHOWN => "known are",
        _ => "the nearest known are",
    };
    let names: Vec<_> = known.iter().take(SHOWN).map(|(_, key)| *key).collect();
    format!("{wording} {}", names.join(", "))
}

/// The edit distance of two keys.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
