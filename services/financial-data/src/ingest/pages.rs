//! What a Parquet file promises, checked before the library believes it.
//!
//! The Parquet reader allocates whatever sizes the footer and the page headers claim, and recurses as deep as a schema
//! says. So both are walked first, and files are refused whose pages cannot be unpacked within bounded memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;
use parquet::basic::{Compression, ConvertedType, LogicalType, Type};
use parquet::file::metadata::ColumnChunkMetaData;

use super::thrift::{Broken, Seen, Walk};
use super::{DecodeError, Format, shapes};

const FOOTER_BYTES: u64 = 8 << 20;
const PAGE_BYTES: usize = 64 << 20;
const HEADER_BYTES: usize = 1 << 20;
const FEW_BYTES: usize = 4 << 10;
const MAX_SCHEMA_ELEMENTS: i64 = 256;
const MAX_ROW_GROUPS: i64 = 100_000;

fn malformed(position: u64, reason: &str) -> DecodeError {
    DecodeError::malformed(Format::Parquet, position, reason)
}

/// Walks over the footer of a file of `size` bytes.
pub(super) fn check_footer(file: &mut File, size: u64) -> Result<(), DecodeError> {
    let mut tail = [0; 8];
    if size < 12 {
        return Err(malformed(size, "it is too short"));
    }
    read_at(file, size - 8, &mut tail)?;
    let [l1, l2, l3, l4, magic @ ..] = tail;
    match &magic {
        b"PAR1" => {}
        b"PARE" => return Err(DecodeError::Unsupported("the Parquet file is encrypted".to_owned())),
        _ => {
            return Err(malformed(
                size,
                "it does not end with PAR1: it is no Parquet file or is cut off",
            ));
        }
    }
    let length = u64::from(u32::from_le_bytes([l1, l2, l3, l4]));
    if length > FOOTER_BYTES {
        return Err(DecodeError::too_large(
            "the Parquet footer",
            FOOTER_BYTES as usize,
            size,
        ));
    }
    let start = (size - 8)
        .checked_sub(length)
        .ok_or_else(|| malformed(size, "its footer is longer than the file"))?;
    let mut footer = vec![0; length as usize];
    read_at(file, start, &mut footer)?;
    let (mut elements, mut groups) = (0, 0);
    let mut see = |seen: Seen| match (seen.parent, seen.field) {
        (0, 2) => elements = seen.number,
        (0, 4) => groups = seen.number,
        _ => {}
    };
    Walk::new(&footer, &mut see)
        .structure(shapes::FILE)
        .map_err(|_| malformed(start, "its footer is broken"))?;
    if elements > MAX_SCHEMA_ELEMENTS || groups > MAX_ROW_GROUPS {
        return Err(DecodeError::Columns(format!(
            "a schema of {elements} elements and {groups} row groups is not one of rows"
        )));
    }
    Ok(())
}

#[derive(Default)]
struct Page {
    kind: i64,
    unpacked: i64,
    packed: i64,
    encoding: i64,
    dictionary_values: i64,
}

/// Walks over the pages of a column chunk and says how many bytes they unpack to.
pub(super) fn check_pages(file: &mut File, chunk: &ColumnChunkMetaData) -> Result<u64, DecodeError> {
    let (mut at, length) = chunk.byte_range();
    check_column(chunk)?;
    let end = at
        .checked_add(length)
        .ok_or_else(|| malformed(at, "a column is longer than the file"))?;
    let mut sum = 0_u64;
    while at < end {
        let (page, header) = page_header(file, at)?;
        let (packed, unpacked) = judge(&page, at)?;
        at += header;
        if matches!(chunk.compression(), Compression::GZIP(_)) {
            check_gzip(file, at, packed, unpacked)?;
        }
        at = at
            .checked_add(packed as u64)
            .filter(|at| *at <= end)
            .ok_or_else(|| malformed(at, "a page is longer than its column"))?;
        sum += (unpacked as u64).max(header);
    }
    Ok(sum)
}

fn check_column(chunk: &ColumnChunkMetaData) -> Result<(), DecodeError> {
    let name = chunk.column_path().string();
    match chunk.compression() {
        Compression::UNCOMPRESSED
        | Compression::SNAPPY
        | Compression::ZSTD(_)
        | Compression::LZ4_RAW
        | Compression::GZIP(_) => {}
        other => {
            return Err(DecodeError::Unsupported(format!(
                "column {name} is compressed with {other}, which does not say its size"
            )));
        }
    }
    let descriptor = chunk.column_descr();
    if chunk.column_type() == Type::FIXED_LEN_BYTE_ARRAY && !(1..=32).contains(&descriptor.type_length()) {
        return Err(DecodeError::Columns(format!(
            "{name} has values of {} bytes, expected at most 32",
            descriptor.type_length()
        )));
    }
    let decimal = matches!(descriptor.logical_type_ref(), Some(LogicalType::Decimal { .. }))
        || descriptor.converted_type() == ConvertedType::DECIMAL;
    if chunk.column_type() == Type::BYTE_ARRAY && decimal {
        return Err(DecodeError::Columns(format!(
            "{name} has decimals of any length, expected a fixed length"
        )));
    }
    Ok(())
}

fn page_header(file: &mut File, at: u64) -> Result<(Page, u64), DecodeError> {
    for room in [FEW_BYTES, HEADER_BYTES] {
        let mut bytes = Vec::with_capacity(FEW_BYTES);
        file.seek(SeekFrom::Start(at)).map_err(DecodeError::Spool)?;
        file.take(room as u64)
            .read_to_end(&mut bytes)
            .map_err(DecodeError::Spool)?;
        let mut page = Page::default();
        let mut see = |seen: Seen| match (seen.parent, seen.field) {
            (0, 1) => page.kind = seen.number,
            (0, 2) => page.unpacked = seen.number,
            (0, 3) => page.packed = seen.number,
            (5 | 7, 2) | (8, 4) => page.encoding = seen.number,
            (7, 1) => page.dictionary_values = seen.number,
            _ => {}
        };
        match Walk::new(&bytes, &mut see).structure(shapes::PAGE) {
            Ok(length) => return Ok((page, length as u64)),
            Err(Broken::Short) if bytes.len() == FEW_BYTES => {}
            Err(_) => break,
        }
    }
    Err(malformed(at, "a page header is broken"))
}

/// The packed and unpacked size of a page that can be read.
fn judge(page: &Page, at: u64) -> Result<(usize, usize), DecodeError> {
    let sizes = usize::try_from(page.packed)
        .ok()
        .zip(usize::try_from(page.unpacked).ok());
    let (packed, unpacked) = sizes.ok_or_else(|| malformed(at, "a page has a negative size"))?;
    if packed.max(unpacked) > PAGE_BYTES {
        return Err(DecodeError::too_large("a Parquet page", PAGE_BYTES, at));
    }
    if !matches!(page.kind, 0 | 2 | 3) {
        return Err(malformed(at, "a page is neither data nor a dictionary"));
    }
    if page.dictionary_values < 0 || page.dictionary_values > page.unpacked {
        return Err(malformed(at, "a dictionary has more values than bytes"));
    }
    match page.encoding {
        0 | 2 | 3 | 5 | 8 | 9 => Ok((packed, unpacked)),
        // Both begin with a count of values that the library believes.
        6 | 7 => Err(DecodeError::Unsupported(
            "a text column has a DELTA encoding, expected plain or dictionary".to_owned(),
        )),
        _ => Err(malformed(at, "a page has an unknown encoding")),
    }
}

/// The library unpacks gzip to its end, however long that is, so it is unpacked into nothing first.
fn check_gzip(file: &mut File, at: u64, packed: usize, unpacked: usize) -> Result<(), DecodeError> {
    file.seek(SeekFrom::Start(at)).map_err(DecodeError::Spool)?;
    let room = unpacked as u64 + 1;
    let length = io::copy(
        &mut MultiGzDecoder::new(file.take(packed as u64)).take(room),
        &mut io::sink(),
    );
    match length {
        Ok(length) if length < room => Ok(()),
        Ok(_) => Err(malformed(at, "a page unpacks to more than it says")),
        Err(_) => Err(malformed(at, "a page is broken")),
    }
}

fn read_at(file: &mut File, position: u64, buffer: &mut [u8]) -> Result<(), DecodeError> {
    file.seek(SeekFrom::Start(position)).map_err(DecodeError::Spool)?;
    file.read_exact(buffer).map_err(DecodeError::Spool)
}
