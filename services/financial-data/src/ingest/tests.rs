//! What becomes of uploads, good and bad.

mod arrow;
mod csv;
mod envelope;
mod formats;
mod json;
mod limits;
mod parquet;
mod protobuf;
mod refused;
mod values;

use platform_error::Coded;

use super::{DecodeError, Decoded, Format, Limits, RowErrorType, Rows, SeriesName, decode};

fn limits() -> Limits {
    Limits {
        rows: 2_000_000,
        bytes: 256 << 20,
        chunk_bytes: 1 << 20,
        whole_series: false,
        place_refused: false,
        reported_errors: 100,
    }
}

/// Decodes an upload; rows as `series date value revision original metadata`, with `-` for what is absent.
fn read(format: Format, bytes: &[u8]) -> Result<(Vec<String>, Decoded), DecodeError> {
    let mut lines = Vec::new();
    let decoded = decode(format, bytes, &limits(), &mut |_, rows| {
        lines.extend((0..rows.len()).map(|at| line(&rows, at)));
        Ok(())
    })?;
    assert_eq!(decoded.rows, lines.len() as u64 + decoded.failed);
    Ok((lines, decoded))
}

/// The rows of an upload that has no bad ones.
fn rows(format: Format, bytes: &[u8]) -> Vec<String> {
    let (rows, decoded) = read(format, bytes).expect("the upload is readable");
    assert_eq!(decoded.errors, []);
    rows
}

/// The type, field and fix of each refused row, behind its number.
fn faults(format: Format, bytes: &[u8]) -> Vec<(u64, RowErrorType, &'static str, String)> {
    let (_, decoded) = read(format, bytes).expect("the upload is readable");
    decoded
        .errors
        .into_iter()
        .map(|error| {
            (
                error.row,
                error.error_type,
                error.field,
                error.suggested_fix.unwrap_or_default(),
            )
        })
        .collect()
}

/// The status and text of an upload that is refused as a whole.
fn refusal(format: Format, bytes: &[u8]) -> (u16, String) {
    let error = read(format, bytes).expect_err("the upload is refused");
    (error.http_status(), error.to_string())
}

fn line(rows: &Rows, at: usize) -> String {
    let name = match &rows.names[rows.series[at] as usize] {
        SeriesName::Id { id, .. } => id.to_string(),
        SeriesName::External {
            source: None,
            external_id,
        } => external_id.to_string(),
        SeriesName::External {
            source: Some(source),
            external_id,
        } => format!("{source}:{external_id}"),
    };
    let date = |days: i32| chrono::NaiveDate::from_epoch_days(days).map_or("-".to_owned(), |date| date.to_string());
    let value = rows.value(at).map_or("-".to_owned(), |value| value.to_string());
    let original = match rows.originals[at] {
        1 => "original",
        0 => "revised",
        _ => "-",
    };
    let metadata = rows.metadata.get(at).and_then(Option::as_deref).unwrap_or("-");
    let revision = if rows.revisions[at] == super::NO_DATE {
        "-".to_owned()
    } else {
        date(rows.revisions[at])
    };
    format!(
        "{name} {} {value} {revision} {original} {metadata}",
        date(rows.dates[at])
    )
}
