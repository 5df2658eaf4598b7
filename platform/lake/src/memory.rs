//! One limit for all the memory the lake uses, cut into fixed shares.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{LakeError, Result};

const UNIT: usize = 1024;

/// The memory limit and its shares: five eighths for caches, two for writes, one for SQL.
#[derive(Clone, Debug)]
pub struct Memory {
    limit: usize,
    writes: Arc<Semaphore>,
}

/// A reservation for a write; given back when dropped.
#[derive(Debug)]
pub struct Reservation(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Memory {
    /// A budget of `limit` bytes; at least 64 MiB.
    pub fn new(limit: usize) -> Self {
        let limit = limit.max(64 << 20);
        Self {
            limit,
            writes: Arc::new(Semaphore::new(limit / 4 / UNIT)),
        }
    }

    /// The whole limit in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// For decoded series kept by services, in bytes.
    pub fn decoded(&self) -> usize {
        self.limit / 8 * 3
    }

    /// For recent files kept in memory, in bytes.
    pub fn recent(&self) -> usize {
        self.limit / 8
    }

    /// For Parquet footers and page indexes, in bytes.
    pub fn footers(&self) -> usize {
        self.limit / 8
    }

    /// For SQL, in bytes.
    pub fn sql(&self) -> usize {
        self.limit / 8
    }

    /// For all writes together, in bytes.
    pub fn writes(&self) -> usize {
        self.limit / 4
    }

    /// A good size for one chunk of a bulk write: several fit, with their encoded files, into the share of writes.
    pub fn chunk(&self) -> usize {
        (self.writes() / 8).clamp(1 << 20, 32 << 20)
    }

    /// Waits until `bytes` of the share of writes are free. What could never fit is refused.
    pub async fn reserve(&self, bytes: usize) -> Result<Reservation> {
        if bytes > self.writes() {
            return Err(LakeError::MemoryLimit {
                needed: bytes,
                limit: self.writes(),
            });
        }
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let permit = self.writes.clone().acquire_many_owned(units).await;
        Ok(Reservation(permit.map_err(|_| LakeError::MemoryLimit {
            needed: bytes,
            limit: self.writes(),
        })?))
    }
}
