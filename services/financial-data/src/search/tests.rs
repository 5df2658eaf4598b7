//! Searches over the metadata of real series of FRED.

use std::sync::Arc;

use chrono::DateTime;

use super::*;

mod listing;
mod ranking;

/// Real metadata as FRED's API gave it in 2024, from the recorded answers of pyfredapi 0.10.2 (MIT); notes are cut.
const SAMPLE: &str = include_str!("../../tests/data/series-sample.json");
const FRED: &str = "FRED";

fn series(external_id: &str, title: &str) -> Series {
    let source = SourceId::of(FRED);
    Series {
        id: SeriesId::of(source, external_id),
        source_id: source,
        external_id: external_id.to_owned(),
        title: title.to_owned(),
        description: None,
        units: None,
        frequency: Frequency::Monthly,
        seasonal_adjustment: None,
        start_date: None,
        end_date: None,
        is_active: true,
        metadata: None,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn sample() -> Vec<Arc<Series>> {
    let recorded: Vec<serde_json::Value> = serde_json::from_str(SAMPLE).unwrap();
    let read = |recorded: &serde_json::Value| {
        let text = |field: &str| recorded[field].as_str().map(str::to_owned);
        let title = text("title").unwrap();
        let frequency = text("frequency").unwrap();
        Arc::new(Series {
            description: text("notes"),
            units: text("units"),
            frequency: Frequency::parse(frequency.split(',').next().unwrap()).unwrap(),
            seasonal_adjustment: text("seasonal_adjustment"),
            is_active: !title.contains("DISCONTINUED"),
            metadata: Some(serde_json::json!({ "popularity": recorded["popularity"] })),
            ..series(&text("id").unwrap(), &title)
        })
    };
    recorded.iter().map(read).collect()
}

/// An index and the series in it.
struct Library {
    index: SearchIndex,
    series: Vec<Arc<Series>>,
}

impl Library {
    fn of(series: Vec<Arc<Series>>) -> Self {
        let library = Self {
            index: SearchIndex::new().unwrap(),
            series,
        };
        library
            .index
            .apply(
                &library
                    .series
                    .iter()
                    .map(|series| (series.clone(), FRED))
                    .collect::<Vec<_>>(),
                &[],
            )
            .unwrap();
        library
    }

    fn titled(titles: &[&str]) -> Self {
        Self::of(
            titles
                .iter()
                .enumerate()
                .map(|(at, title)| Arc::new(series(&format!("X{at}"), title)))
                .collect(),
        )
    }

    /// External ids of the hits, best first.
    fn ask(&self, query: Query<'_>) -> Vec<&str> {
        let hits = self
            .index
            .search(&Query {
                limit: if query.limit == 0 { 50 } else { query.limit },
                ..query
            })
            .unwrap();
        let name = |hit: &SeriesId| {
            self.series
                .iter()
                .find(|series| series.id == *hit)
                .map(|series| series.external_id.as_str())
        };
        hits.hits.iter().map(|hit| name(hit).unwrap()).collect()
    }

    fn find(&self, text: &str) -> Vec<&str> {
        self.ask(Query {
            text,
            ..Query::default()
        })
    }

    /// Titles of the hits, best first.
    fn titles(&self, text: &str) -> Vec<&str> {
        let titles = self.find(text).into_iter().map(|id| {
            self.series
                .iter()
                .find(|series| series.external_id == id)
                .unwrap()
                .title
                .as_str()
        });
        titles.collect()
    }
}
