//! A file or standard input on its way to the service: what it is, and how much of it has gone.

use std::{
    io,
    path::{Path, PathBuf},
};

use bytes::{Bytes, BytesMut};
use clap::ValueEnum;
use financial_data::ingest::Format;
use futures::{Stream, StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::io::ReaderStream;

use crate::failure::{Failure, Result};

/// Bytes that tell what a file is.
const START: usize = 4096;
/// Bytes read at a time.
const PIECE: usize = 256 << 10;

/// The formats of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FileFormat {
    /// Comma separated with a header line
    Csv,
    /// An array of rows, or an object that has them as `data`
    Json,
    /// One JSON row a line
    Ndjson,
    /// An Arrow IPC stream or file
    Arrow,
    Parquet,
    /// A `BulkDataRequest`; a server gives its definition at /api/v1/financial-data/bulk.proto
    Protobuf,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Csv => Self::Csv,
            FileFormat::Json => Self::Json,
            FileFormat::Ndjson => Self::Ndjson,
            FileFormat::Arrow => Self::ArrowStream,
            FileFormat::Parquet => Self::Parquet,
            FileFormat::Protobuf => Self::Protobuf,
        }
    }
}

/// Something to be read and sent.
pub(super) struct Input {
    pub(super) format: Format,
    /// How it is packed, as `Content-Encoding` says it.
    pub(super) encoding: Option<&'static str>,
    start: Bytes,
    rest: Box<dyn AsyncRead + Send + Unpin>,
    progress: ProgressBar,
}

impl Input {
    /// Opens a file, or standard input for `-`, and finds out what it is.
    pub(super) async fn open(file: &Path, format: Option<FileFormat>) -> Result<Self> {
        let unreadable = |error: io::Error| Failure::file("read", file, &error);
        let (mut rest, length): (Box<dyn AsyncRead + Send + Unpin>, _) = match file == Path::new("-") {
            true => (Box::new(tokio::io::stdin()), None),
            false => {
                let opened = tokio::fs::File::open(file).await.map_err(unreadable)?;
                let about = opened.metadata().await.map_err(unreadable)?;
                if about.is_dir() {
                    return Err(unreadable(io::ErrorKind::IsADirectory.into()));
                }
                (Box::new(opened), about.is_file().then_some(about.len()))
            }
        };
        let start = begin(&mut rest).await.map_err(unreadable)?;
        let encoding = encoding(&start);
        let format = match format {
            Some(format) => format.into(),
            None => recognised(file, &start, encoding)?,
        };
        Ok(Self {
            format,
            encoding,
            start,
            rest,
            progress: progress(file, length),
        })
    }

    /// Shows how much has gone; hidden where standard error is no terminal.
    pub(super) fn progress(&self) -> ProgressBar {
        self.progress.clone()
    }

    /// All of its bytes.
    pub(super) fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let Self {
            start, rest, progress, ..
        } = self;
        let rest = ReaderStream::with_capacity(rest, PIECE);
        stream::iter([Ok(start)]).chain(rest).inspect(move |piece| {
            if let Ok(piece) = piece {
                progress.inc(piece.len() as u64);
            }
        })
    }
}

async fn begin(input: &mut (impl AsyncRead + Unpin)) -> io::Result<Bytes> {
    let mut start = BytesMut::with_capacity(START);
    while start.len() < START && input.read_buf(&mut start).await? > 0 {}
    Ok(start.freeze())
}

/// Neither beginning is one of any format.
fn encoding(start: &[u8]) -> Option<&'static str> {
    match start {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        _ => None,
    }
}

fn recognised(file: &Path, start: &[u8], encoding: Option<&str>) -> Result<Format> {
    let sniffed = || encoding.is_none().then(|| Format::sniff(start)).flatten();
    let name: PathBuf = file.to_owned();
    Format::from_path(&name).or_else(sniffed).ok_or_else(|| {
        Failure::new(format!(
            "what {} is cannot be told from its name or its beginning",
            file.display()
        ))
        .with_hint("say it with --format: csv, json, ndjson, arrow, parquet or protobuf")
    })
}

fn progress(file: &Path, length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (
            ProgressBar::new(length),
            "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        ),
        None => (ProgressBar::no_length(), "{spinner} {msg} {bytes} {bytes_per_sec}"),
    };
    let style = ProgressStyle::with_template(template).expect("the template is one of the two above");
    let name = file
        .file_name()
        .unwrap_or(file.as_os_str())
        .to_string_lossy()
        .replace(char::is_control, " ");
    bar.with_style(style).with_message(name)
}
