//! The names of series and sources, from which everybody derives the same identifiers.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The namespace of our version 5 identifiers: every writer derives the same id from the same names.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f2d_8f0e_5a3b_5c64_9a51_1b0c_7d64_2e90);

/// The identifier of a series: UUIDv5 of its source's id and its external id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeriesId(pub Uuid);

impl SeriesId {
    /// The id of the series that `source` calls `external_id`.
    pub fn of(source: SourceId, external_id: &str) -> Self {
        Self(Uuid::new_v5(&source.0, external_id.as_bytes()))
    }

    /// Reads an id as it is written: 36 characters with hyphens. Hexadecimal digits alone are what a source may call a
    /// series.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
        id.map(Self)
    }

    /// The id that a reference means: an id, or `SOURCE:EXTERNAL_ID`. Nothing for an external id alone, which only who
    /// keeps the series can tell apart.
    pub fn named(reference: &str) -> Option<Self> {
        if let Some(id) = Self::parse(reference) {
            return Some(id);
        }
        let (source, external_id) = reference.split_once(':')?;
        Some(Self::of(SourceId::of(source), external_id))
    }
}

impl std::fmt::Display for SeriesId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The identifier of a source: UUIDv5 of its name in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(pub Uuid);

impl SourceId {
    /// The id of the source called `name`, whatever its case.
    pub fn of(name: &str) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, name.to_lowercase().as_bytes()))
    }
}

impl std::fmt::Display for SourceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_with_hyphens_and_anything_else_is_a_name() {
        let id = SeriesId::of(SourceId::of("FRED"), "GDP");
        let simple = id.0.simple().to_string();

        assert_eq!(SeriesId::named(&id.to_string()), Some(id));
        assert_eq!(SeriesId::named("fred:GDP"), Some(id));
        assert_eq!(SeriesId::named(&simple), None);
        assert_eq!(
            SeriesId::named(&format!("ME:{simple}")),
            Some(SeriesId::of(SourceId::of("ME"), &simple))
        );
    }
}
