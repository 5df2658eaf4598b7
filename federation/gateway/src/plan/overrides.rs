//! What decides, for one request, which of two subgraphs a field is asked of while it moves between them.

use std::{collections::BTreeSet, sync::Arc};

/// The labels of `@override` that hold for a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Names that are switched on.
    pub labels: Arc<BTreeSet<String>>,
    /// What was drawn for the request, in hundred-millionths of a per cent: `percent(n)` holds if it is below n.
    pub draw: u64,
}

impl Overrides {
    /// One per cent, as [`Overrides::draw`] counts.
    pub const PERCENT: u64 = 100_000_000;
}
