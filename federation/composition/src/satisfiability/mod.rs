//! Whether every query of the composed API can be resolved from the subgraphs.

mod conditions;
mod places;
mod reader;
mod report;
mod selection;
mod supergraph;
mod walk;

use apollo_compiler::ast::Document;

use self::{places::Places, supergraph::Supergraph, walk::Walk};
use crate::error::CompositionError;

/// Checks a finished supergraph: each error names a query that cannot be resolved and says why.
pub(crate) fn check(supergraph: &Document) -> Vec<CompositionError> {
    let supergraph = Supergraph::read(supergraph);
    let mut places = Places::explore(&supergraph);
    let roots = supergraph
        .roots
        .iter()
        .map(|(operation, root)| (*operation, root.clone(), places.roots(root)));
    let roots = roots.collect();
    Walk::new(&supergraph, &places).run(roots)
}
