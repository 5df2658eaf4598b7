//! SQL over a lake: DataFusion reads the same snapshots, through the same caches, within the same memory.

mod lead;
mod provider;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use platform_lake::Memory;

pub use provider::SnapshotTable;

/// A session whose queries together use the lake's share of memory for SQL; sorts and joins past it spill to disk.
///
/// # Errors
/// When the directory for spilled data cannot be made.
pub fn session(memory: &Memory) -> Result<SessionContext> {
    let pool = Arc::new(GreedyMemoryPool::new(memory.sql()));
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(pool).build_arc()?;
    let config = SessionConfig::new().with_information_schema(true).with_batch_size(8192);
    Ok(SessionContext::new_with_config_rt(config, runtime))
}
