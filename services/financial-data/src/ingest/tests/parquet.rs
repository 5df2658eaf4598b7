//! Parquet.

use std::sync::Arc;

use ::arrow::array::*;
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel};
use ::parquet::file::properties::WriterProperties;
use ::parquet::schema::types::ColumnPath;

use super::arrow::batch;
use super::*;

fn file(batch: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).expect("a writer");
    writer.write(batch).expect("written");
    writer.into_inner().expect("ended")
}

fn points(count: usize) -> RecordBatch {
    let names: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..count).map(|at| format!("S{}", at / 100)),
    ));
    let dates: ArrayRef = Arc::new(Date32Array::from_iter_values((0..count).map(|at| (at % 100) as i32)));
    let values = Decimal128Array::from_iter_values((0..count).map(|at| at as i128))
        .with_precision_and_scale(28, 10)
        .expect("fits");
    let digits: ArrayRef = Arc::new(Int8Array::from(vec![10; count]));
    batch(vec![
        ("id", Arc::clone(&names)),
        ("series_id", names),
        ("date", dates),
        ("value", Arc::new(values)),
        ("digits", digits),
    ])
}

fn compressed(compression: Compression) -> WriterProperties {
    WriterProperties::builder().set_compression(compression).build()
}

#[test]
fn files_of_every_usual_codec_are_read() {
    let expected = rows(
        Format::Parquet,
        &file(&points(20_000), compressed(Compression::UNCOMPRESSED)),
    );
    assert_eq!(
        (expected.len(), expected[10_001].as_str()),
        (20_000, "S100 1970-01-02 0.0000010001 - - -")
    );
    for codec in [
        Compression::SNAPPY,
        Compression::ZSTD(Default::default()),
        Compression::LZ4_RAW,
        Compression::GZIP(GzipLevel::default()),
    ] {
        assert_eq!(
            rows(Format::Parquet, &file(&points(20_000), compressed(codec))),
            expected,
            "{codec}"
        );
    }
    let small = WriterProperties::builder()
        .set_max_row_group_row_count(Some(3000))
        .set_data_page_row_count_limit(700)
        .build();
    assert_eq!(rows(Format::Parquet, &file(&points(20_000), small)), expected);
}

#[test]
fn what_cannot_be_unpacked_in_bounded_memory_is_refused() {
    let brotli = file(&points(10), compressed(Compression::BROTLI(BrotliLevel::default())));
    assert_eq!(refusal(Format::Parquet, &brotli).0, 422);
    let delta = WriterProperties::builder()
        .set_column_dictionary_enabled(ColumnPath::from("series_id"), false)
        .set_column_encoding(ColumnPath::from("series_id"), Encoding::DELTA_BYTE_ARRAY)
        .build();
    let (status, text) = refusal(Format::Parquet, &file(&points(10), delta));
    assert_eq!(
        (status, text.as_str()),
        (422, "a text column has a DELTA encoding, expected plain or dictionary")
    );
}

#[test]
fn more_rows_than_allowed_are_refused_before_one_is_read() {
    let limits = Limits { rows: 99, ..limits() };
    let bytes = file(&points(100), compressed(Compression::UNCOMPRESSED));
    let error = decode(Format::Parquet, bytes.as_slice(), &limits, &mut |_, _| {
        panic!("a row was read")
    })
    .expect_err("too many");
    assert_eq!(error.to_string(), "the upload has more than 99 rows");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = file(&points(50), compressed(Compression::SNAPPY));
    for end in 0..whole.len() {
        assert_eq!(refusal(Format::Parquet, &whole[..end]).0, 400, "cut at {end}");
    }
}

#[test]
fn a_file_with_any_byte_changed_is_read_or_refused_and_nothing_else() {
    let whole = file(&points(20), compressed(Compression::SNAPPY));
    for at in 0..whole.len() {
        for change in [0x01, 0x80] {
            let mut changed = whole.clone();
            changed[at] ^= change;
            let _ = read(Format::Parquet, &changed);
        }
    }
}

#[test]
fn a_footer_that_promises_more_than_it_holds_is_refused_without_room_for_it() {
    // A list of two thousand million schema elements in a footer of 12 bytes.
    let footer = b"\x15\x02\x19\xfc\xff\xff\xff\xff\x07\x00\x00\x00";
    let mut bytes = b"PAR1".to_vec();
    bytes.extend_from_slice(footer);
    bytes.extend_from_slice(&(footer.len() as u32).to_le_bytes());
    bytes.extend_from_slice(b"PAR1");
    assert_eq!(
        refusal(Format::Parquet, &bytes),
        (
            400,
            "the upload is not a Parquet file: its footer is broken (at byte 4)".to_owned()
        )
    );
}
