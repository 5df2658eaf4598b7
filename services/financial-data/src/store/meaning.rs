//! Which series the names in rows mean. A name means one series whether it is read or written: one that says too little
//! is refused, and makes no second series.

use std::collections::HashMap;

use platform_error::{Error as Failure, Result};

use super::registry::Registry;
use super::{Store, Upload};
use crate::error::Error;
use crate::ingest::{RowError, RowErrorType, Rows, SeriesDescription, SeriesName};
use crate::series::{DEFAULT_SOURCE, SeriesId, SourceId};

/// So many sources are named that have a series of one name.
const NAMED: usize = 3;

/// The series that a name means, or why it means none.
pub(crate) type Meaning = Result<SeriesId, Unclear>;

/// Why a name means no series.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unclear {
    #[error("there is no series with this id")]
    Unknown,
    /// Beside the source that is named.
    #[error("is the id of a series of another source")]
    Elsewhere(String),
    /// The sources that have it.
    #[error("names no source, and there is a series of this name in {}", .0.join(", "))]
    Unsourced(Vec<String>),
    /// The source that it begins with, and the rest.
    #[error("names no source, and begins with the name of one")]
    Full(String, String),
}

impl Unclear {
    fn fix(&self) -> String {
        match self {
            Self::Unknown => "create the series first, or name it by source and external id".to_string(),
            Self::Elsewhere(source) => format!("leave out the source, or name the series as {source} calls it"),
            Self::Unsourced(sources) => {
                let sources = sources.join(", ");
                format!("say its source: {sources}, or {DEFAULT_SOURCE} for another series")
            }
            Self::Full(source, rest) => format!("write {source} as its source and {rest} as its external id"),
        }
    }

    /// The refusal of a row.
    pub(super) fn refusal(&self, rows: &Rows, at: usize) -> RowError {
        RowError {
            row: rows.numbers[at],
            field: "series_id",
            value: Some(rows.names[rows.series[at] as usize].external().1.to_string()),
            error_type: RowErrorType::InvalidSeriesReference,
            message: self.to_string(),
            suggested_fix: Some(self.fix()),
        }
    }

    /// The refusal of what is said of a series called `name`.
    pub(crate) fn refusing(self, name: &str) -> Failure {
        match self {
            Self::Unknown => Error::NoSuchSeries(name.to_string()).into(),
            unclear => Failure::from(Error::field("series", format!("{name} {unclear}"))).with_hint(unclear.fix()),
        }
    }
}

/// Series that an upload describes or creates: they count as known.
#[derive(Default)]
pub(crate) struct Announced {
    sources: HashMap<SeriesId, SourceId>,
    /// The external ids of those that it describes, each with one of their sources.
    described: HashMap<String, String>,
}

impl Announced {
    /// Takes in the descriptions of an upload of this source or of none. Each of its chunks comes with all of them.
    pub(super) fn describe(&mut self, series: &[SeriesDescription], upload: Option<&str>) {
        if !self.described.is_empty() {
            return;
        }
        for description in series {
            let source = description.source.as_deref().or(upload).unwrap_or(DEFAULT_SOURCE);
            let (id, external_id) = (SourceId::of(source), &description.external_id);
            self.sources.insert(SeriesId::of(id, external_id), id);
            if !self.described.contains_key(external_id) {
                self.described.insert(external_id.clone(), source.to_string());
            }
        }
    }

    /// Whether the series was not announced before.
    pub(super) fn create(&mut self, series: SeriesId, source: SourceId) -> bool {
        self.sources.insert(series, source).is_none()
    }
}

impl Registry {
    /// The series that a row means, in an upload of this source or of none.
    fn meaning(&self, name: &SeriesName, upload: Option<&str>, announced: &Announced) -> Meaning {
        let (own, text) = name.external();
        let source = SourceId::of(own.or(upload).unwrap_or(DEFAULT_SOURCE));
        let external = SeriesId::of(source, text);
        let source_of = |id: &SeriesId| {
            let known = self.series.get(id).map(|series| series.source_id);
            known.or_else(|| announced.sources.get(id).copied())
        };
        if let SeriesName::Id { id, .. } = name {
            return match (source_of(id), own) {
                (Some(found), own) if own.is_none() || found == source => Ok(*id),
                _ if source_of(&external).is_some() => Ok(external),
                (Some(_), Some(own)) => Err(Unclear::Elsewhere(own.to_string())),
                (None, Some(_)) => Ok(external),
                (_, None) => Err(Unclear::Unknown),
            };
        }
        if own.or(upload).is_none() && source_of(&external).is_none() {
            self.unclaimed(text, announced)?;
        }
        Ok(external)
    }

    /// Whether what a row means depends on series that are not known.
    fn is_open(&self, name: &SeriesName, upload: Option<&str>, announced: &Announced) -> bool {
        let id = match name {
            SeriesName::Id { id, .. } => *id,
            SeriesName::External { source, external_id } => match source.as_deref().or(upload) {
                Some(_) => return false,
                None => SeriesId::of(SourceId::of(DEFAULT_SOURCE), external_id),
            },
        };
        !self.series.contains_key(&id) && !announced.sources.contains_key(&id)
    }

    /// Whether a series of no source can get this name: no other has it, and it names no source.
    pub(super) fn unclaimed(&self, name: &str, announced: &Announced) -> Result<(), Unclear> {
        let known = self.called(name).map(|series| self.source_name(series.source_id));
        let described = announced.described.get(name).cloned();
        let sources: Vec<String> = known.chain(described).take(NAMED).collect();
        if !sources.is_empty() {
            return Err(Unclear::Unsourced(sources));
        }
        match name.split_once(':') {
            Some((source, rest)) if self.sources.contains_key(&SourceId::of(source)) => {
                Err(Unclear::Full(source.to_string(), rest.to_string()))
            }
            _ => Ok(()),
        }
    }
}

impl Store {
    /// The series that a row means, in an upload of this source or of none.
    pub(crate) fn meaning(&self, name: &SeriesName, upload: Option<&str>) -> Meaning {
        let registry = self.0.registry.read().expect("no panic while holding the lock");
        registry.meaning(name, upload, &Announced::default())
    }

    /// The series of each name of a chunk. What other processes have created is asked for once, where it matters.
    pub(super) async fn meanings(
        &self,
        names: &[SeriesName],
        upload: &Upload,
        announced: &Announced,
    ) -> Result<Vec<Meaning>> {
        let source = upload.source.as_deref();
        let registry = || self.0.registry.read().expect("no panic while holding the lock");
        let is_open = {
            let registry = registry();
            names.iter().any(|name| registry.is_open(name, source, announced))
        };
        if is_open {
            self.reload().await?;
        }
        let registry = registry();
        Ok(names
            .iter()
            .map(|name| registry.meaning(name, source, announced))
            .collect())
    }
}
