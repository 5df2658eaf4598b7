//! A large file on its way into the lake, piece by piece; what is not finished leaves nothing behind.

use std::fs;
use std::io::Write;
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::async_writer::AsyncFileWriter;

use super::local::{self, LocalStorage};
use super::object::ObjectStorage;
use super::parts::{PART, Parts};
use crate::error::{LakeError, Result};

/// A new file being written; dropped before [`Upload::finish`] it is removed.
#[derive(Debug)]
pub struct Upload {
    size: u64,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    Local {
        storage: Arc<LocalStorage>,
        path: PathBuf,
        file: fs::File,
    },
    /// Less than one part so far.
    Small {
        storage: Arc<ObjectStorage>,
        name: String,
        pieces: Vec<Bytes>,
    },
    Parts(Parts),
    Closed,
}

impl Upload {
    pub(super) async fn local(storage: Arc<LocalStorage>, name: String) -> Result<Self> {
        let sink = local::blocking(move || {
            let path = storage.path(&name);
            let file = storage.create(&path)?;
            Ok(Sink::Local { storage, path, file })
        });
        Ok(Self {
            size: 0,
            sink: sink.await?,
        })
    }

    pub(super) fn object(storage: Arc<ObjectStorage>, name: String) -> Self {
        Self {
            size: 0,
            sink: Sink::Small {
                storage,
                name,
                pieces: Vec::new(),
            },
        }
    }

    /// How many bytes were written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a piece.
    pub async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.size += piece.len() as u64;
        // While the piece is being written the sink is closed: an upload that failed cannot be finished.
        self.sink = match mem::replace(&mut self.sink, Sink::Closed) {
            Sink::Local { storage, path, file } => Self::append(storage, path, file, piece).await?,
            Sink::Small {
                storage,
                name,
                mut pieces,
            } => {
                pieces.push(piece);
                match self.size as usize >= PART {
                    true => Self::into_parts(storage, name, pieces).await?,
                    false => Sink::Small { storage, name, pieces },
                }
            }
            Sink::Parts(mut parts) => {
                parts.put(piece).await?;
                Sink::Parts(parts)
            }
            Sink::Closed => return Err(closed()),
        };
        Ok(())
    }

    /// Syncs the file and returns its size; from now on it stays.
    pub async fn finish(&mut self) -> Result<u64> {
        match mem::replace(&mut self.sink, Sink::Closed) {
            Sink::Local { storage, path, file } => {
                let synced = local::sync(storage, vec![(path.clone(), file)]).await;
                if synced.is_err() {
                    local::remove([path].iter());
                }
                synced?;
            }
            Sink::Small { storage, name, pieces } => storage.put(&name, pieces.concat().into()).await?,
            Sink::Parts(mut parts) => parts.finish().await?,
            Sink::Closed => return Err(closed()),
        }
        Ok(self.size)
    }

    async fn append(storage: Arc<LocalStorage>, path: PathBuf, mut file: fs::File, piece: Bytes) -> Result<Sink> {
        local::blocking(move || match file.write_all(&piece) {
            Ok(()) => Ok(Sink::Local { storage, path, file }),
            Err(error) => {
                local::remove([path.clone()].iter());
                Err(LakeError::io("writing", path.display().to_string(), error))
            }
        })
        .await
    }

    async fn into_parts(storage: Arc<ObjectStorage>, name: String, pieces: Vec<Bytes>) -> Result<Sink> {
        let mut parts = Parts::begin(storage, name).await?;
        for piece in pieces {
            parts.put(piece).await?;
        }
        Ok(Sink::Parts(parts))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Sink::Local { path, .. } = &self.sink {
            local::remove([path].into_iter());
        }
    }
}

fn closed() -> LakeError {
    LakeError::Invalid("an upload that failed or was finished cannot be written".to_owned())
}

/// So that Parquet can be written straight into the lake.
impl AsyncFileWriter for Upload {
    fn write(&mut self, piece: Bytes) -> BoxFuture<'_, parquet::errors::Result<()>> {
        async move { Ok(Self::write(self, piece).await?) }.boxed()
    }

    fn complete(&mut self) -> BoxFuture<'_, parquet::errors::Result<()>> {
        async move {
            self.finish().await?;
            Ok(())
        }
        .boxed()
    }
}
