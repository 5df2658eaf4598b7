//! Loads the demo: real series with real vintages, shipped in the binary.

use financial_data::{
    demo::{Demo, DemoSeries},
    ingest::{Head, SeriesDescription},
    store::{Missing, Mode, Store, Upload},
};
use platform_error::Result;

/// What the demo brought.
pub(crate) struct Loaded {
    pub(crate) series: usize,
    pub(crate) vintages: usize,
    /// Rows that were not there before.
    pub(crate) new: u64,
}

/// Loads the demo. What is there already is left alone, and what was deleted comes back.
pub(crate) async fn load(store: &Store) -> Result<Loaded> {
    let demo = Demo::load();
    for source in &demo.sources {
        store
            .describe_source(&source.name, Some(source.description.clone()), Some(source.url.clone()))
            .await?;
    }
    let mut loaded = Loaded {
        series: demo.series.len(),
        vintages: 0,
        new: 0,
    };
    for series in &demo.series {
        let upload = Upload {
            source: Some(series.source.clone()),
            mode: Mode::Changes { missing: Missing::Kept },
            ..Upload::default()
        };
        let head = Head {
            series: vec![description(series)],
            ..Head::default()
        };
        let report = store.upload_rows(upload, head, vec![series.rows()]).await?;
        loaded.new += report.summary.successful - report.summary.unchanged;
        let id = store.find(&series.external_id, Some(&series.source))?.id;
        loaded.vintages += store.history(id).await?.vintages().len();
    }
    Ok(loaded)
}

fn description(series: &DemoSeries) -> SeriesDescription {
    SeriesDescription {
        source: Some(series.source.clone()),
        external_id: series.external_id.clone(),
        title: Some(Some(series.title.clone())),
        description: Some(Some(series.notes.clone())),
        units: Some(Some(series.units.clone())),
        frequency: Some(Some(series.frequency.as_str().to_owned())),
        seasonal_adjustment: Some(Some(series.seasonal_adjustment.clone())),
        ..SeriesDescription::default()
    }
}
