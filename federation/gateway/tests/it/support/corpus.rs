//! The supergraphs of the composition's corpus.

#[path = "../../../../composition/tests/it/oracle/corpus.rs"]
#[expect(dead_code, reason = "whether a case composes as it says is under test there")]
mod reader;

use federation_composition::{Subgraph, compose};
use federation_gateway::Supergraph;

/// One case that composes and can be served.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) subgraphs: Vec<Subgraph>,
    /// What composition says clients see.
    pub(crate) api_sdl: String,
    pub(crate) supergraph: Supergraph,
}

/// All of them. Some of what composes is refused, with a reason; that is under test elsewhere.
pub(crate) fn cases() -> impl Iterator<Item = Case> {
    reader::load().into_iter().filter_map(|case| {
        let composed = compose(&case.subgraphs).ok()?;
        Some(Case {
            name: case.name,
            subgraphs: case.subgraphs,
            supergraph: Supergraph::parse(&composed.supergraph_sdl).ok()?,
            api_sdl: composed.api_sdl,
        })
    })
}
