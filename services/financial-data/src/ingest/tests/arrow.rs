//! Arrow IPC streams.

use std::sync::Arc;

use ::arrow::array::*;
use ::arrow::datatypes::{Int32Type, i256};
use ::arrow::ipc::CompressionType;
use ::arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};

use super::*;

pub(super) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .expect("a batch")
}

pub(super) fn stream(batch: &RecordBatch, compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default()
        .try_with_compression(compression)
        .expect("options");
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options).expect("a writer");
    writer.write(batch).expect("written");
    writer.into_inner().expect("ended")
}

/// Three rows, of which `value` and `date` may be of any type.
fn upload(date: ArrayRef, value: ArrayRef) -> Vec<u8> {
    let names: ArrayRef = Arc::new(StringArray::from(vec!["GDP"; value.len()]));
    stream(
        &batch(vec![("series_id", names), ("date", date), ("value", value)]),
        None,
    )
}

fn dates(count: usize) -> ArrayRef {
    Arc::new(Date32Array::from(vec![19_723; count]))
}

/// The values of an upload, with `!` for a row that was refused.
fn values(value: impl Array + 'static) -> Vec<String> {
    let count = value.len();
    let (rows, decoded) = read(Format::ArrowStream, &upload(dates(count), Arc::new(value))).expect("readable");
    let mut values: Vec<_> = rows
        .iter()
        .map(|row| row.split(' ').nth(2).unwrap_or_default().to_owned())
        .collect();
    for error in &decoded.errors {
        assert_eq!(error.error_type, RowErrorType::InvalidNumericValue);
        values.insert(error.row as usize - 1, "!".to_owned());
    }
    values
}

#[test]
fn values_of_every_numeric_type_are_read_exactly() {
    let decimal = |precision, scale| {
        Decimal128Array::from(vec![Some(770), None, Some(-5)])
            .with_precision_and_scale(precision, scale)
            .expect("fits")
    };
    assert_eq!(values(decimal(10, 2)), ["7.70", "-", "-0.05"]);
    assert_eq!(values(decimal(10, 0)), ["770", "-", "-5"]);
    assert_eq!(values(decimal(10, -3)), ["770000", "-", "-5000"]);
    assert_eq!(values(decimal(38, 11)), ["0.0000000077", "-", "!"]);
    let wide = i256::from_parts(5, 0).wrapping_mul(i256::from_i128(10_i128.pow(38)));
    let wide = Decimal256Array::from(vec![Some(wide), None, Some(i256::MAX)])
        .with_precision_and_scale(76, 38)
        .expect("fits");
    assert_eq!(values(wide), ["5.0000000000", "-", "!"]);
    assert_eq!(values(Int8Array::from(vec![Some(-7), None])), ["-7", "-"]);
    assert_eq!(
        values(UInt64Array::from(vec![999_999_999_999_999_999, u64::MAX])),
        ["999999999999999999", "!"]
    );
    assert_eq!(
        values(StringArray::from(vec![Some("3.70"), None, Some("NA"), Some("NaN")])),
        ["3.70", "-", "-", "!"]
    );
    assert_eq!(values(LargeStringArray::from(vec!["3.70"])), ["3.70"]);
    assert_eq!(
        values(StringViewArray::from(vec![
            "3.70",
            "a text that is too long to stand in a view"
        ])),
        ["3.70", "!"]
    );
    assert_eq!(values(NullArray::new(2)), ["-", "-"]);
    let texts: DictionaryArray<Int32Type> = vec![Some("1.0"), None, Some("1.0")].into_iter().collect();
    assert_eq!(values(texts), ["1.0", "-", "1.0"]);
}

#[test]
fn a_binary_number_is_the_shortest_decimal_that_reads_back() {
    let floats = Float64Array::from(vec![
        Some(0.1),
        Some(1e15),
        Some(0.1 + 0.2),
        Some(f64::NAN),
        Some(f64::NEG_INFINITY),
        Some(1e300),
        None,
    ]);
    assert_eq!(values(floats), ["0.1", "1000000000000000", "!", "!", "!", "!", "-"]);
    let many: Vec<f64> = (0..20_000_u32)
        .map(|at| f64::from(at.wrapping_mul(2_654_435_761)) / [1.0, 4.0, 100.0, 1e4, 3.0][at as usize % 5])
        .collect();
    let expected = many.iter().map(|number| {
        if number
            .to_string()
            .split('.')
            .nth(1)
            .is_some_and(|digits| digits.len() > 10)
        {
            "!".to_owned()
        } else {
            number.to_string()
        }
    });
    assert_eq!(values(Float64Array::from(many.clone())), expected.collect::<Vec<_>>());
    assert_eq!(values(Float32Array::from(vec![0.1, 16_777_216.0])), ["0.1", "16777216"]);
}

#[test]
fn dates_of_every_type_are_days_and_nothing_else() {
    let day = |date: ArrayRef| {
        let value = Arc::new(Int32Array::from(vec![1; date.len()]));
        let (rows, decoded) = read(Format::ArrowStream, &upload(date, value)).expect("readable");
        let mut days: Vec<_> = rows
            .iter()
            .map(|row| row.split(' ').nth(1).unwrap_or_default().to_owned())
            .collect();
        days.extend(decoded.errors.iter().map(|error| error.message.clone()));
        days
    };
    assert_eq!(
        day(Arc::new(Date64Array::from(vec![1_704_067_200_000, -86_400_000]))),
        ["2024-01-01", "1969-12-31"]
    );
    let berlin = TimestampMicrosecondArray::from(vec![1_704_067_200_000_000, 1_704_063_600_000_000])
        .with_timezone("Europe/Berlin");
    assert_eq!(day(Arc::new(berlin)), ["2024-01-01", "has a time of day in UTC"]);
    assert_eq!(day(Arc::new(StringArray::from(vec!["2024-01-01"]))), ["2024-01-01"]);
    let absurd = day(Arc::new(Date32Array::from(vec![Some(i32::MAX), Some(i32::MIN), None])));
    assert_eq!(
        absurd,
        [
            "is outside 1600-01-01 to 2200-12-31",
            "is outside 1600-01-01 to 2200-12-31",
            "date is missing"
        ]
    );
}

#[test]
fn a_series_can_be_named_by_the_bytes_of_its_id() {
    let ids = FixedSizeBinaryArray::try_from_iter([[0x11_u8; 16], [0x22; 16]].into_iter()).expect("ids");
    let upload = stream(
        &batch(vec![
            ("series_id", Arc::new(ids)),
            ("date", dates(2)),
            ("value", Arc::new(Int32Array::from(vec![1, 2]))),
        ]),
        None,
    );
    assert!(rows(Format::ArrowStream, &upload)[1].starts_with("22222222-2222-2222-2222-222222222222 "));
}

#[test]
fn a_column_of_a_type_that_cannot_be_read_is_refused_by_name() {
    let upload = upload(dates(1), Arc::new(BinaryArray::from_vec(vec![b"1"])));
    let (status, text) = refusal(Format::ArrowStream, &upload);
    assert_eq!(status, 422);
    assert_eq!(
        text,
        "the columns do not fit: value has type Binary, expected a decimal, an integer, a float or text"
    );
    let digits = stream(
        &batch(vec![
            ("series_id", Arc::new(StringArray::from(vec!["GDP"]))),
            ("date", dates(1)),
            ("value", Arc::new(Int8Array::from(vec![1]))),
            ("digits", Arc::new(StringArray::from(vec!["2"]))),
        ]),
        None,
    );
    assert_eq!(
        refusal(Format::ArrowStream, &digits).1,
        "the columns do not fit: digits has type Utf8, expected an integer"
    );
    let nameless = stream(
        &batch(vec![("date", dates(1)), ("value", dates(1)), ("x", dates(1))]),
        None,
    );
    assert_eq!(
        refusal(Format::ArrowStream, &nameless).1,
        "the columns do not fit: series_id is missing; unknown: `x`"
    );
}

#[test]
fn a_file_is_read_as_the_stream_within_it() {
    let columns = batch(vec![
        ("series_id", Arc::new(StringArray::from(vec!["GDP"]))),
        ("date", dates(1)),
        ("value", Arc::new(Int8Array::from(vec![1]))),
    ]);
    let mut writer = FileWriter::try_new(Vec::new(), &columns.schema()).expect("a writer");
    writer.write(&columns).expect("written");
    let file = writer.into_inner().expect("ended");
    assert_eq!(rows(Format::ArrowStream, &file), ["GDP 2024-01-01 1 - - -"]);
    assert_eq!(refusal(Format::ArrowStream, b"ARROW1\0\0").0, 400);
}

#[test]
fn a_stream_behind_another_is_not_left_out_without_a_word() {
    let whole = upload(dates(1), Arc::new(Int8Array::from(vec![7])));
    assert_eq!(
        refusal(Format::ArrowStream, &[whole.as_slice(), &whole].concat()),
        (
            400,
            format!(
                "the upload is not an Arrow IPC stream: something stands after its end (at byte {})",
                whole.len()
            )
        )
    );
}

#[test]
fn a_stream_cut_anywhere_never_yields_a_row_that_was_not_sent() {
    for compression in [None, Some(CompressionType::ZSTD), Some(CompressionType::LZ4_FRAME)] {
        let names: ArrayRef = Arc::new(["a", "b", "a"].into_iter().collect::<DictionaryArray<Int32Type>>());
        let whole = stream(
            &batch(vec![
                ("series_id", names),
                ("date", dates(3)),
                ("value", Arc::new(Float64Array::from(vec![1.5; 3]))),
            ]),
            compression,
        );
        let sent = rows(Format::ArrowStream, &whole);
        for end in 0..whole.len() {
            if let Ok((rows, decoded)) = read(Format::ArrowStream, &whole[..end]) {
                assert!(decoded.failed == 0 && (rows.is_empty() || rows == sent), "cut at {end}");
            }
        }
    }
}

#[test]
fn a_stream_with_any_byte_changed_is_read_or_refused_and_nothing_else() {
    let names: ArrayRef = Arc::new(["a", "b", "a"].into_iter().collect::<DictionaryArray<Int32Type>>());
    let whole = stream(
        &batch(vec![
            ("series_id", names),
            ("date", dates(3)),
            ("value", Arc::new(StringArray::from(vec!["1"; 3]))),
        ]),
        Some(CompressionType::LZ4_FRAME),
    );
    for at in 0..whole.len() {
        for change in [0x01, 0x80] {
            let mut changed = whole.clone();
            changed[at] ^= change;
            let _ = read(Format::ArrowStream, &changed);
        }
    }
}

#[test]
fn a_small_upload_that_unpacks_to_a_large_one_is_refused() {
    let zeros: ArrayRef = Arc::new(Int64Array::from(vec![0; 5_000_000]));
    let names: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::new(
        vec![0; 5_000_000].into(),
        Arc::new(StringArray::from(vec!["a"])),
    ));
    let bomb = batch(vec![("series_id", names), ("date", dates(5_000_000)), ("value", zeros)]);
    for compression in [CompressionType::ZSTD, CompressionType::LZ4_FRAME] {
        let bytes = stream(&bomb, Some(compression));
        assert!(bytes.len() < 1 << 20);
        let limits = Limits {
            bytes: 16 << 20,
            ..limits()
        };
        let error = decode(Format::ArrowStream, bytes.as_slice(), &limits, &mut |_, _| Ok(())).expect_err("too large");
        assert_eq!(error.http_status(), 413);
    }
}
