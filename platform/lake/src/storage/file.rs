//! Ranged reads of one file, for Parquet.

use std::fs;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{self, BoxFuture};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};

use super::local::LocalStorage;
use super::object::ObjectStorage;
use crate::error::{LakeError, Result};

/// How much of a file's end is read in the hope that it holds the footer and the page index.
const FOOTER_GUESS: usize = 64 << 10;

/// An open file; a clone shares it.
#[derive(Clone, Debug)]
pub struct File {
    uri: Arc<str>,
    size: u64,
    source: Source,
    metadata: Option<Arc<ParquetMetaData>>,
}

#[derive(Clone, Debug)]
enum Source {
    Local(Arc<fs::File>),
    Object(Arc<dyn ObjectStore>, Path),
}

impl File {
    pub(super) fn local(storage: &LocalStorage, name: &str, size: u64) -> Result<Self> {
        let path = storage.path(name);
        let uri: Arc<str> = path.display().to_string().into();
        let file = fs::File::open(&path).map_err(|e| LakeError::io("opening", &*uri, e))?;
        Ok(Self {
            uri,
            size,
            source: Source::Local(Arc::new(file)),
            metadata: None,
        })
    }

    pub(super) fn object(storage: &ObjectStorage, name: &str, size: u64) -> Self {
        let key = storage.key(name);
        let store: Arc<dyn ObjectStore> = storage.store.clone();
        Self {
            uri: key.as_ref().into(),
            size,
            source: Source::Object(store, key),
            metadata: None,
        }
    }

    /// The same file with its Parquet footer already known.
    pub fn with_metadata(mut self, metadata: Arc<ParquetMetaData>) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// The length of the file in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads one range of bytes.
    pub async fn read(&self, range: Range<u64>) -> Result<Bytes> {
        match &self.source {
            Source::Local(file) => self.read_local(file, range),
            Source::Object(store, key) => store
                .get_range(key, range)
                .await
                .map_err(|e| LakeError::object("reading", &*self.uri, e)),
        }
    }

    /// Reads several ranges of bytes, near ones in one request.
    pub async fn read_ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        match &self.source {
            Source::Local(file) => ranges
                .iter()
                .map(|range| self.read_local(file, range.clone()))
                .collect(),
            Source::Object(store, key) => store
                .get_ranges(key, ranges)
                .await
                .map_err(|e| LakeError::object("reading", &*self.uri, e)),
        }
    }

    /// Positioned reads only: the offset of a shared descriptor belongs to nobody.
    fn read_local(&self, file: &fs::File, range: Range<u64>) -> Result<Bytes> {
        if range.start > range.end || range.end > self.size {
            let what = format!("expected at least {} bytes, it has {}", range.end, self.size);
            return Err(LakeError::Corrupt {
                uri: self.uri.to_string(),
                what,
            });
        }
        let mut buffer = vec![0; (range.end - range.start) as usize];
        file.read_exact_at(&mut buffer, range.start)
            .map_err(|e| LakeError::io("reading", &*self.uri, e))?;
        Ok(buffer.into())
    }
}

impl AsyncFileReader for File {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        match &self.source {
            Source::Local(file) => future::ready(self.read_local(file, range).map_err(ParquetError::from)).boxed(),
            Source::Object(..) => async move { Ok(self.read(range).await?) }.boxed(),
        }
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, parquet::errors::Result<Vec<Bytes>>> {
        async move { Ok(self.read_ranges(&ranges).await?) }.boxed()
    }

    /// The footer with its page index, whatever the options say: a footer is read once and cached with all it has.
    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        async move {
            if let Some(known) = &self.metadata {
                return Ok(Arc::clone(known));
            }
            let size = self.size;
            let reader = ParquetMetaDataReader::new()
                .with_page_index_policy(PageIndexPolicy::Optional)
                .with_prefetch_hint(Some(FOOTER_GUESS));
            Ok(Arc::new(reader.load_and_finish(self, size).await?))
        }
        .boxed()
    }
}
