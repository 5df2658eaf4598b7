//! The synthetic points: random walks with four decimals on business days, five in a hundred revised a month later.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, Date32Array, Decimal128Array, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::writer::StreamWriter;

/// Points of one series.
pub(crate) const POINTS: usize = 2_500;

/// What a series is called.
pub(crate) fn name(series: usize) -> String {
    format!("SER{series:06}")
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Calls `point` with date, value in ten-thousandths and revision date of every point of a series.
pub(crate) fn walk(series: usize, mut point: impl FnMut(i32, i128, i32)) {
    let mut random = Random(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(series as u64 + 1) | 1);
    for _ in 0..8 {
        random.next();
    }
    let mut value = 1_000_000 + i128::from(random.next() % 5_000_000);
    let mut day = 16_436;
    for _ in 0..POINTS {
        day += 1;
        while (day + 3) % 7 >= 5 {
            day += 1;
        }
        value = (value + i128::from(random.next() % 20_001) - 10_000).max(1_000);
        let revised = random.next().is_multiple_of(20);
        point(day, value, if revised { day + 31 } else { day + 1 });
    }
}

/// Points of some series as one batch in the columns of an upload.
pub(crate) fn batch(series: std::ops::Range<usize>) -> RecordBatch {
    let (mut names, mut dates, mut values, mut revisions) = (StringBuilder::new(), Vec::new(), Vec::new(), Vec::new());
    for series in series {
        let name = name(series);
        walk(series, |date, value, revision| {
            names.append_value(&name);
            dates.push(date);
            values.push(value);
            revisions.push(revision);
        });
    }
    let values = Decimal128Array::from(values).with_data_type(DataType::Decimal128(18, 4));
    let columns: [(&str, ArrayRef); 4] = [
        ("series_id", Arc::new(names.finish())),
        ("date", Arc::new(Date32Array::from(dates))),
        ("value", Arc::new(values)),
        ("revision_date", Arc::new(Date32Array::from(revisions))),
    ];
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), false))
        .collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("columns are made of the same rows")
}

/// Writes the points of the first `series` series as an Arrow stream.
pub(crate) fn write_arrow(path: &Path, series: usize) -> Result<()> {
    let file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut writer = StreamWriter::try_new(file, &batch(0..0).schema())?;
    for start in (0..series).step_by(20) {
        writer.write(&batch(start..(start + 20).min(series)))?;
    }
    Ok(writer.finish()?)
}

/// Writes the same points as text, a line each.
pub(crate) fn write_lines(path: &Path, series: usize, json: bool) -> Result<()> {
    let mut file = std::io::BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    if !json {
        writeln!(file, "series_id,date,value,revision_date")?;
    }
    let day = |days: i32| chrono::NaiveDate::from_epoch_days(days).unwrap_or_default();
    for series in 0..series {
        let name = name(series);
        let mut lines = String::with_capacity(POINTS * 60);
        walk(series, |date, value, revision| {
            let (date, revision) = (day(date), day(revision));
            let value = format!("{}.{:04}", value / 10_000, value % 10_000);
            lines.push_str(&match json {
                true => format!("{{\"series_id\":\"{name}\",\"date\":\"{date}\",\"value\":\"{value}\",\"revision_date\":\"{revision}\"}}\n"),
                false => format!("{name},{date},{value},{revision}\n"),
            });
        });
        file.write_all(lines.as_bytes())?;
    }
    Ok(file.flush()?)
}
