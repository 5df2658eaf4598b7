//! The body of an upload, read while it arrives.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::{Buf, Bytes};
use futures::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

/// For so long a sender may send nothing.
const STALL: Duration = Duration::from_secs(60);
/// So many bytes of any upload are read. For more of them it waits for its turn, because it may hold chunks of rows.
const LITTLE: usize = 1 << 20;

/// A body, read by a thread that may wait for it.
pub(super) struct Arriving {
    runtime: Handle,
    /// `None` when all of it has arrived.
    body: Option<BodyDataStream>,
    unread: Bytes,
    read: usize,
    turns: Arc<Semaphore>,
    turn: Option<OwnedSemaphorePermit>,
    wanted: watch::Receiver<()>,
}

impl Arriving {
    /// A body that is wanted as long as what stands beside it is held.
    pub(super) fn new(body: Body, turns: Arc<Semaphore>) -> (Self, watch::Sender<()>) {
        let (wanting, wanted) = watch::channel(());
        let arriving = Self {
            runtime: Handle::current(),
            body: Some(body.into_data_stream()),
            unread: Bytes::new(),
            read: 0,
            turns,
            turn: None,
            wanted,
        };
        (arriving, wanting)
    }

    /// Waits for a turn as long as the body is wanted: a thread that waits for nobody would be one less for others.
    fn next_turn(&mut self) -> io::Result<OwnedSemaphorePermit> {
        let (turn, unwanted) = (self.turns.clone().acquire_owned(), self.wanted.changed());
        let turn = self.runtime.block_on(async {
            tokio::select! {
                turn = turn => turn.ok(),
                _ = unwanted => None,
            }
        });
        turn.ok_or_else(|| io::ErrorKind::ConnectionAborted.into())
    }
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read > LITTLE && self.turn.is_none() {
            self.turn = Some(self.next_turn()?);
        }
        while self.unread.is_empty() {
            let Some(body) = &mut self.body else { return Ok(0) };
            match self.runtime.block_on(async { timeout(STALL, body.next()).await })? {
                Some(more) => self.unread = more.map_err(io::Error::other)?,
                None => self.body = None,
            }
        }
        let count = self.unread.len().min(buffer.len());
        self.unread.copy_to_slice(&mut buffer[..count]);
        self.read = self.read.saturating_add(count);
        Ok(count)
    }
}
