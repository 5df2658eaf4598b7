//! The formats of an upload, and how one is recognised.

use std::fmt;
use std::path::Path;

use serde::de::IgnoredAny;

/// A format in which rows can be uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// An array of rows, or an object that holds one as `data`, `dataPoints` or `rows`.
    Json,
    /// One JSON row per line.
    Ndjson,
    /// Comma separated with a header line.
    Csv,
    /// The Arrow IPC streaming format; the file format (Feather) is read as well.
    ArrowStream,
    /// A Parquet file.
    Parquet,
    /// `BulkDataRequest` of `proto/bulk.proto`.
    Protobuf,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 6] = [
        Self::Json,
        Self::Ndjson,
        Self::Csv,
        Self::ArrowStream,
        Self::Parquet,
        Self::Protobuf,
    ];

    /// Its registered or usual media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv",
            Self::ArrowStream => "application/vnd.apache.arrow.stream",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Protobuf => "application/x-protobuf",
        }
    }

    /// The format of a `Content-Type` header; parameters such as `charset` do not matter.
    pub fn from_content_type(header: &str) -> Option<Self> {
        let media_type = header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media_type.as_str() {
            "application/json" => Some(Self::Json),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/x-jsonlines" => {
                Some(Self::Ndjson)
            }
            "text/csv" => Some(Self::Csv),
            "application/vnd.apache.arrow.stream"
            | "application/vnd.apache.arrow.file"
            | "application/x-apache-arrow" => Some(Self::ArrowStream),
            "application/vnd.apache.parquet" | "application/x-parquet" => Some(Self::Parquet),
            "application/x-protobuf" | "application/protobuf" => Some(Self::Protobuf),
            _ => None,
        }
    }

    /// The format that a file's name ends in; `.gz` and `.zst` behind it are passed over.
    pub fn from_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let name = name
            .strip_suffix(".gz")
            .or_else(|| name.strip_suffix(".zst"))
            .unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            "arrow" | "arrows" | "ipc" | "feather" => Some(Self::ArrowStream),
            "parquet" | "pq" => Some(Self::Parquet),
            "pb" | "binpb" => Some(Self::Protobuf),
            _ => None,
        }
    }

    /// The format that the first bytes of an upload look like. A few hundred bytes are enough.
    pub fn sniff(start: &[u8]) -> Option<Self> {
        if start.starts_with(b"PAR1") {
            return Some(Self::Parquet);
        }
        if start.starts_with(&[0xff; 4]) || start.starts_with(b"ARROW1") {
            return Some(Self::ArrowStream);
        }
        if let [0x0a | 0x12 | 0x1a | 0x22, rest @ ..] = start
            && rest
                .iter()
                .take(64)
                .any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
        {
            return Some(Self::Protobuf);
        }
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
        match text.first()? {
            b'[' => Some(Self::Json),
            b'{' => Some(sniff_object(text)),
            _ => text
                .split(|byte| *byte == b'\n')
                .next()?
                .contains(&b',')
                .then_some(Self::Csv),
        }
    }
}

/// Tells the envelope of a JSON upload from the first row of an NDJSON upload.
fn sniff_object(text: &[u8]) -> Format {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let object: Result<std::collections::HashMap<String, IgnoredAny>, _> = serde_json::from_slice(line);
    match object {
        Ok(object)
            if !["data", "dataPoints", "data_points", "rows", "series"]
                .iter()
                .any(|key| object.contains_key(*key)) =>
        {
            Format::Ndjson
        }
        _ => Format::Json,
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::Ndjson => "NDJSON",
            Self::Csv => "CSV",
            Self::ArrowStream => "an Arrow IPC stream",
            Self::Parquet => "a Parquet file",
            Self::Protobuf => "a protobuf BulkDataRequest",
        })
    }
}
