//! Where a page of points or vintages ends, as text that says nothing to its reader.

use async_graphql::types::connection::PageInfo;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::error::Error;

/// The last item of a page. Days count from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cursor {
    Point { date: i32, revision: i32 },
    Vintage(i32),
}

impl Cursor {
    pub(super) fn encode(self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(match self {
            Self::Point { date, revision } => format!("p {date} {revision}"),
            Self::Vintage(day) => format!("v {day}"),
        })
    }

    fn decode(text: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let mut parts = text.split(' ');
        Some(match (parts.next()?, parts.next()?, parts.next()) {
            ("p", date, Some(revision)) => Self::Point {
                date: date.parse().ok()?,
                revision: revision.parse().ok()?,
            },
            ("v", day, None) => Self::Vintage(day.parse().ok()?),
            _ => return None,
        })
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
pub(super) fn page_info((before, after): (bool, bool), (start, end): (Option<String>, Option<String>)) -> PageInfo {
    PageInfo {
        has_previous_page: before,
        has_next_page: after,
        start_cursor: start,
        end_cursor: end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_and_to_no_other_list() {
        let point = Cursor::Point {
            date: -400,
            revision: 18_262,
        };

        assert_eq!(
            Cursor::after_point(Some(&point.encode())).unwrap(),
            Some((-400, 18_262))
        );
        assert_eq!(
            Cursor::after_vintage(Some(&Cursor::Vintage(-1).encode())).unwrap(),
            Some(-1)
        );
        for stranger in [Cursor::Vintage(1).encode(), String::new(), "%".into(), "cCAx".into()] {
            assert!(Cursor::after_point(Some(&stranger)).is_err(), "{stranger}");
        }
    }
}
