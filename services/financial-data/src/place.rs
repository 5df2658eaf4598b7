//! Where a page of series ends, as text that says nothing to its reader. A place outlives its series: the list goes on
//! behind it also when the series is deleted between two pages.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::error::Error;
use crate::series::{Series, SeriesId, SourceId};
use crate::store::Store;

/// A place in the order of lists: by external id, then by source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What the source calls the series there.
    pub external_id: String,
    /// Its source.
    pub source: SourceId,
}

impl Place {
    /// The place of a series.
    pub fn of(series: &Series) -> Self {
        Self {
            external_id: series.external_id.clone(),
            source: series.source_id,
        }
    }

    /// The series that stands there, or stood.
    pub fn series(&self) -> SeriesId {
        SeriesId::of(self.source, &self.external_id)
    }

    /// The place as a cursor.
    pub fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(format!("s {} {}", self.source, self.external_id))
    }

    fn decode(cursor: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (source, external_id) = text.strip_prefix("s ")?.split_once(' ')?;
        Some(Self {
            external_id: external_id.to_string(),
            source: SourceId(Uuid::try_parse(source).ok()?),
        })
    }
}

impl Store {
    /// The place that a reader names: a cursor, or the id of a series that is there.
    pub fn place(&self, after: &str) -> Result<Place, Error> {
        match Uuid::try_parse(after) {
            Ok(id) => match self.series(SeriesId(id)) {
                Ok(series) => Ok(Place::of(&series)),
                Err(_) => Err(gone()),
            },
            Err(_) => Place::decode(after).ok_or_else(|| {
                Error::field(
                    "after",
                    "is not a place in this list; take the cursor that came with the page before",
                )
            }),
        }
    }
}

/// What was taken for a place is no longer one.
pub(crate) fn gone() -> Error {
    Error::field(
        "after",
        "is the place of a series that is no longer in the list; take the cursor of a page, or begin again without it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_whatever_the_name() {
        for external_id in ["GDP", "a b  c", "", "ä/ö?&#"] {
            let place = Place {
                external_id: external_id.into(),
                source: SourceId::of("FRED"),
            };

            assert_eq!(Place::decode(&place.encode()), Some(place));
        }
        for stranger in ["", "%", "cCAx", "cyAx", "R0RQ"] {
            assert_eq!(Place::decode(stranger), None, "{stranger}");
        }
    }
}
