//! Lists of series.

use bytes::Bytes;

use super::text::push_cell;
use super::{Media, OutputError};
use crate::series::Series;

/// A series in a list, with its source's name.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Listed<'a> {
    /// What is known of it.
    #[serde(flatten)]
    pub series: &'a Series,
    /// Who publishes it.
    pub source: &'a str,
}

/// A page of a list of `total` series. CSV leaves out `total` and metadata; Arrow and Parquet are refused.
pub fn series_list(media: Media, list: &[Listed<'_>], total: usize) -> Result<Bytes, OutputError> {
    let mut out = Vec::new();
    match media {
        Media::Json => {
            out.extend_from_slice(format!("{{\"total\":{total},\"series\":").as_bytes());
            serde_json::to_writer(&mut out, list)?;
            out.push(b'}');
        }
        Media::Ndjson => {
            for listed in list {
                serde_json::to_writer(&mut out, listed)?;
                out.push(b'\n');
            }
        }
        Media::Csv => {
            out.extend_from_slice(HEADER);
            list.iter().for_each(|listed| push_row(&mut out, listed));
        }
        Media::Arrow | Media::Parquet => return Err(OutputError::NotInThisFormat(media)),
    }
    Ok(out.into())
}

const HEADER: &[u8] =
    b"id,source,external_id,title,units,frequency,seasonal_adjustment,start_date,end_date,is_active,description\n";

fn push_row(out: &mut Vec<u8>, Listed { series, source }: &Listed<'_>) {
    let date = |date: Option<chrono::NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    let (id, start, end) = (series.id.to_string(), date(series.start_date), date(series.end_date));
    let cells = [
        id.as_str(),
        source,
        &series.external_id,
        &series.title,
        series.units.as_deref().unwrap_or_default(),
        series.frequency.as_str(),
        series.seasonal_adjustment.as_deref().unwrap_or_default(),
        &start,
        &end,
        if series.is_active { "true" } else { "false" },
        series.description.as_deref().unwrap_or_default(),
    ];
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_cell(out, cell);
    }
    out.push(b'\n');
}
