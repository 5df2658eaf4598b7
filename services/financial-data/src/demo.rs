//! Real series with real vintages, shipped in the binary; `demo/README.md` names their sources.

use chrono::NaiveDate;

use crate::ingest::{Rows, SeriesName, WITHDRAWN};
use crate::series::Frequency;
use crate::value::{Value, ValueError};

const CATALOGUE: &str = include_str!("../demo/series.json");
const FILES: [(&str, &str); 7] = [
    ("GDP", include_str!("../demo/GDP.csv")),
    ("CPILFESL", include_str!("../demo/CPILFESL.csv")),
    ("WGS10YR", include_str!("../demo/WGS10YR.csv")),
    (
        "BBKRT.Q.DE.Y.A.AG1.CA010.A.I",
        include_str!("../demo/BBKRT.Q.DE.Y.A.AG1.CA010.A.I.csv"),
    ),
    (
        "BBKRT.M.DE.Y.I.IP1.ACM01.C.I",
        include_str!("../demo/BBKRT.M.DE.Y.I.IP1.ACM01.C.I.csv"),
    ),
    (
        "BBKRT.M.DE.Y.I.IO1.ACM01.C.I",
        include_str!("../demo/BBKRT.M.DE.Y.I.IO1.ACM01.C.I.csv"),
    ),
    (
        "BBKRT.M.DE.Y.P.PC1.PC100.R.I",
        include_str!("../demo/BBKRT.M.DE.Y.P.PC1.PC100.R.I.csv"),
    ),
];

/// What the demo consists of.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// Who publishes the series.
    pub sources: Vec<DemoSource>,
    /// The series; [`DemoSeries::rows`] reads what was published of each.
    pub series: Vec<DemoSeries>,
}

/// A source of the demo.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoSource {
    /// Its name, for instance `FRED`.
    pub name: String,
    /// What it is, in a sentence.
    pub description: String,
    /// Where its data can be found.
    pub url: String,
}

/// A series of the demo.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoSeries {
    /// The name of its source.
    pub source: String,
    /// What its source calls it.
    pub external_id: String,
    /// What it measures.
    pub title: String,
    /// For instance `Billions of Dollars`.
    pub units: String,
    /// How often it has an observation.
    pub frequency: Frequency,
    /// As the source calls it.
    pub seasonal_adjustment: String,
    /// What else there is to know, the publisher of the numbers included.
    pub notes: String,
}

impl Demo {
    /// The demo shipped with this binary.
    pub fn load() -> Self {
        serde_json::from_str(CATALOGUE).expect("demo/series.json is shipped with the binary and read by its tests")
    }
}

impl DemoSeries {
    /// Every revision of the series, as it stands in `demo/`.
    pub fn rows(&self) -> Rows {
        let (_, csv) = FILES
            .iter()
            .find(|(id, _)| *id == self.external_id)
            .expect("every series of the demo has a file");
        let name = SeriesName::External {
            source: Some(self.source.as_str().into()),
            external_id: self.external_id.as_str().into(),
        };
        let mut rows = Rows {
            names: vec![name],
            ..Rows::default()
        };
        for (number, line) in (1..).zip(csv.lines().skip(1)) {
            let (date, value, revision) =
                fields(line).expect("demo/*.csv are shipped with the binary and read by its tests");
            rows.series.push(0);
            rows.dates.push(date);
            rows.values.push(value.map_or(0, Value::unscaled));
            rows.digits.push(value.map_or(WITHDRAWN, |value| value.digits() as i8));
            rows.revisions.push(revision);
            rows.originals.push(-1);
            rows.numbers.push(number);
        }
        rows
    }
}

fn fields(line: &str) -> Option<(i32, Option<Value>, i32)> {
    let (date, rest) = line.split_once(',')?;
    let (value, revision) = rest.split_once(',')?;
    let day = |text: &str| text.parse::<NaiveDate>().ok().map(|date| date.to_epoch_days());
    let value: Result<_, ValueError> = (!value.is_empty()).then(|| Value::parse(value)).transpose();
    Some((day(date)?, value.ok()?, day(revision)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{DateRange, History, Revisions};

    #[test]
    fn every_series_of_the_demo_is_a_history_of_a_known_source() {
        let demo = Demo::load();
        assert_eq!(demo.series.len(), FILES.len());
        for series in &demo.series {
            assert!(
                demo.sources.iter().any(|source| source.name == series.source),
                "{}",
                series.external_id
            );

            let Rows {
                dates,
                values,
                digits,
                revisions,
                originals: declared,
                ..
            } = series.rows();
            let history = History::new(Revisions {
                dates,
                revisions,
                values,
                digits,
                declared,
            });

            let history = history.unwrap_or_else(|error| panic!("{}: {error}", series.external_id));
            assert!(
                history.vintages().len() >= 3,
                "{} shows no revisions",
                series.external_id
            );
            let last = history.latest(DateRange::ALL).last();
            assert!(
                last.is_some_and(|last| last.value.is_some()),
                "{} ends with a number",
                series.external_id
            );
        }
    }

    #[test]
    fn the_demo_stays_small() {
        assert!(FILES.iter().map(|(_, csv)| csv.len()).sum::<usize>() < 1_500_000);
        assert!(FILES.iter().all(|(_, csv)| csv.len() < 400_000));
    }
}
