//! Where a page ends, as text that says nothing to its reader.

use async_graphql::types::connection::PageInfo;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::error::Error;
use crate::series::SeriesId;

/// The last item of a page. Days count from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cursor {
    Series(SeriesId),
    Point { date: i32, revision: i32 },
    Vintage(i32),
}

impl Cursor {
    pub(super) fn encode(self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(match self {
            Self::Series(id) => format!("s {id}"),
            Self::Point { date, revision } => format!("p {date} {revision}"),
            Self::Vintage(day) => format!("v {day}"),
        })
    }

    fn decode(text: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let mut parts = text.split(' ');
        Some(match (parts.next()?, parts.next()?, parts.next()) {
            ("s", id, None) => Self::Series(SeriesId(Uuid::try_parse(id).ok()?)),
            ("p", date, Some(revision)) => Self::Point {
                date: date.parse().ok()?,
                revision: revision.parse().ok()?,
            },
            ("v", day, None) => Self::Vintage(day.parse().ok()?),
            _ => return None,
        })
    }

    /// The place in a list of series after which a page begins: a cursor, or the id of the series before it.
    pub(super) fn after_series(after: Option<&str>) -> Result<Option<SeriesId>, Error> {
        let Some(text) = after else { return Ok(None) };
        match (Self::decode(text), Uuid::try_parse(text)) {
            (Some(Self::Series(id)), _) => Ok(Some(id)),
            (_, Ok(id)) => Ok(Some(SeriesId(id))),
            _ => Err(foreign()),
        }
    }

    /// The date and revision date after which a page of points begins.
    pub(super) fn after_point(after: Option<&str>) -> Result<Option<(i32, i32)>, Error> {
        match after.map(Self::decode) {
            None => Ok(None),
            Some(Some(Self::Point { date, revision })) => Ok(Some((date, revision))),
            Some(_) => Err(foreign()),
        }
    }

    /// The vintage after which a page begins.
    pub(super) fn after_vintage(after: Option<&str>) -> Result<Option<i32>, Error> {
        match after.map(Self::decode) {
            None => Ok(None),
            Some(Some(Self::Vintage(day))) => Ok(Some(day)),
            Some(_) => Err(foreign()),
        }
    }
}

fn foreign() -> Error {
    Error::field(
        "after",
        "is not a cursor of this list; take pageInfo.endCursor of the page before",
    )
}

/// Checks the size of a page that was asked for; `most` is also a limit on `usual`.
pub(super) fn page_size(first: Option<i32>, usual: usize, most: usize) -> Result<usize, Error> {
    let Some(first) = first else { return Ok(usual.min(most)) };
    let size = usize::try_from(first).ok().filter(|size| *size <= most);
    size.ok_or_else(|| {
        Error::field(
            "first",
            format!("is {first} and must be from 0 to {most}; use after for more"),
        )
    })
}

/// What Relay wants to know of a page that lies between these cursors.
pub(super) fn page_info((before, after): (bool, bool), (start, end): (Option<Cursor>, Option<Cursor>)) -> PageInfo {
    PageInfo {
        has_previous_page: before,
        has_next_page: after,
        start_cursor: start.map(Cursor::encode),
        end_cursor: end.map(Cursor::encode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_and_to_no_other_list() {
        let id = SeriesId(Uuid::from_u128(7));
        let (series, point) = (
            Cursor::Series(id),
            Cursor::Point {
                date: -400,
                revision: 18_262,
            },
        );

        assert_eq!(Cursor::after_series(Some(&series.encode())).unwrap(), Some(id));
        assert_eq!(Cursor::after_series(Some(&id.to_string())).unwrap(), Some(id));
        assert_eq!(
            Cursor::after_point(Some(&point.encode())).unwrap(),
            Some((-400, 18_262))
        );
        assert_eq!(
            Cursor::after_vintage(Some(&Cursor::Vintage(-1).encode())).unwrap(),
            Some(-1)
        );
        for stranger in [series.encode(), String::new(), "%".into(), "cCAx".into()] {
            assert!(Cursor::after_point(Some(&stranger)).is_err(), "{stranger}");
        }
    }
}
