//! Tables from outside: durable writes, the newest write of a key, deletes, compaction, time travel, other writers.

mod concurrency;
mod evolution;
mod large;
mod support;
mod upkeep;
