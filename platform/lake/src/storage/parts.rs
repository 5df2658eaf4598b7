//! A large file on its way into an object store, in parts. What is given up is taken back: its parts cost what a file does.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayloadMut};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::object::ObjectStorage;
use crate::error::Result;

/// S3 takes parts of 5 MiB and more, 10,000 of them: enough for 80 GB.
pub(super) const PART: usize = 8 << 20;
const IN_FLIGHT: usize = 4;

/// Dropped before [`Parts::finish`] is done it is aborted, also while something waits for it.
#[derive(Debug)]
pub(super) struct Parts {
    storage: Arc<ObjectStorage>,
    name: String,
    /// Nothing once the file is there.
    upload: Option<Box<dyn MultipartUpload>>,
    waiting: PutPayloadMut,
    sending: JoinSet<object_store::Result<()>>,
}

impl Parts {
    pub(super) async fn begin(storage: Arc<ObjectStorage>, name: String) -> Result<Self> {
        let begun = storage.store.put_multipart(&storage.key(&name)).await;
        let upload = begun.map_err(|error| storage.failed("writing", &name, error))?;
        Ok(Self {
            storage,
            name,
            upload: Some(upload),
            waiting: PutPayloadMut::new(),
            sending: JoinSet::new(),
        })
    }

    pub(super) async fn put(&mut self, mut piece: Bytes) -> Result<()> {
        self.sent(IN_FLIGHT - 1).await?;
        while !piece.is_empty() {
            let room = PART - self.waiting.content_length();
            self.waiting.push(piece.split_to(room.min(piece.len())));
            if self.waiting.content_length() == PART {
                self.send();
            }
        }
        Ok(())
    }

    pub(super) async fn finish(&mut self) -> Result<()> {
        if !self.waiting.is_empty() {
            self.send();
        }
        self.sent(0).await?;
        if let Some(upload) = &mut self.upload {
            let completed = upload.complete().await;
            completed.map_err(|error| self.storage.failed("writing", &self.name, error))?;
            self.upload = None;
        }
        Ok(())
    }

    fn send(&mut self) {
        if let Some(upload) = &mut self.upload {
            let part = mem::take(&mut self.waiting);
            self.sending.spawn(upload.put_part(part.into()));
        }
    }

    /// Waits until at most so many parts are still being sent.
    async fn sent(&mut self, most: usize) -> Result<()> {
        while self.sending.len() > most
            && let Some(sent) = self.sending.join_next().await
        {
            let sent = sent.map_err(object_store::Error::from).flatten();
            sent.map_err(|error| self.storage.failed("writing", &self.name, error))?;
        }
        Ok(())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        let (Some(mut upload), Ok(runtime)) = (self.upload.take(), Handle::try_current()) else {
            return;
        };
        let (mut sending, name) = (mem::take(&mut self.sending), mem::take(&mut self.name));
        runtime.spawn(async move {
            sending.shutdown().await;
            if let Err(error) = upload.abort().await {
                tracing::warn!(name, %error, "an unfinished upload stays until the bucket's own rules remove it");
            }
        });
    }
}
