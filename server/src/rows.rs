//! Points as rows, read from the CSV that the service answers with: columns are found by their names.

use chrono::NaiveDate;
use financial_data::value::Value;

use crate::failure::{Failure, Result};

/// One observation as one revision published it. Columns that were not asked for are `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) date: NaiveDate,
    /// `None` where it was withdrawn or is missing.
    pub(crate) value: Option<Value>,
    pub(crate) revision_date: Option<NaiveDate>,
    pub(crate) is_original_release: Option<bool>,
    pub(crate) release_rank: Option<u32>,
}

/// Reads an answer about one series.
pub(crate) fn parse(csv: &[u8]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    each(csv, |_, row| {
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

/// Hands on the rows of an answer, each with the series it names, if it does.
pub(crate) fn each(csv: &[u8], mut take: impl FnMut(&str, Row) -> Result<()>) -> Result<()> {
    let broken = || Failure::new("the answer is not CSV with the columns date and value");
    let mut lines = std::str::from_utf8(csv).map_err(|_| broken())?.lines();
    let columns = Columns::of(lines.next().unwrap_or_default()).ok_or_else(broken)?;
    let mut cells = Vec::new();
    for line in lines {
        cells.clear();
        cells.extend(line.split(','));
        take(columns.series(&cells), columns.row(&cells).ok_or_else(broken)?)?;
    }
    Ok(())
}

/// Where the columns stand.
struct Columns {
    date: usize,
    value: usize,
    series: Option<usize>,
    revision_date: Option<usize>,
    is_original_release: Option<usize>,
    release_rank: Option<usize>,
}

impl Columns {
    fn of(header: &str) -> Option<Self> {
        let place = |name: &str| header.split(',').position(|column| column == name);
        Some(Self {
            date: place("date")?,
            value: place("value")?,
            series: place("series_id"),
            revision_date: place("revision_date"),
            is_original_release: place("is_original_release"),
            release_rank: place("release_rank"),
        })
    }

    fn series<'a>(&self, cells: &[&'a str]) -> &'a str {
        self.series.and_then(|at| cells.get(at).copied()).unwrap_or_default()
    }

    fn row(&self, cells: &[&str]) -> Option<Row> {
        let cell = |at: Option<usize>| at.and_then(|at| cells.get(at).copied()).filter(|cell| !cell.is_empty());
        Some(Row {
            date: cells.get(self.date)?.parse().ok()?,
            value: match *cells.get(self.value)? {
                "" => None,
                value => Some(Value::parse(value).ok()?),
            },
            revision_date: cell(self.revision_date).and_then(|cell| cell.parse().ok()),
            is_original_release: cell(self.is_original_release).map(|cell| cell == "true"),
            release_rank: cell(self.release_rank).and_then(|cell| cell.parse().ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_and_an_empty_value_is_a_withdrawal() {
        let rows = parse(b"date,revision_date,value\n1946-01-01,1992-12-22,199.70\n1946-01-01,1996-01-19,\n").unwrap();

        assert_eq!(rows[0].value.map(|value| value.to_string()), Some("199.70".into()));
        assert_eq!(
            (rows[1].value, rows[1].revision_date),
            (None, NaiveDate::from_ymd_opt(1996, 1, 19))
        );
    }

    #[test]
    fn an_answer_of_another_kind_is_refused() {
        assert!(parse(b"<html>").is_err());
        assert!(parse(b"date,value\nyesterday,1\n").is_err());
        assert!(parse(b"date,value\n2020-01-01\n").is_err());
    }
}
