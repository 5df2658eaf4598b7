//! Whether every query of the composed API can be resolved from the subgraphs.

mod conditions;
mod context;
mod lack;
mod mutation;
mod places;
mod query;
mod reader;
mod report;
mod selection;
mod supergraph;
mod walk;
mod way;

use std::collections::BTreeMap;

use apollo_compiler::{Name, ast::Document};

use self::{
    places::Places,
    supergraph::Supergraph,
    walk::{TooManyPaths, Walk},
};
use crate::{compose::Limits, error::CompositionError, spec::Feature};

/// Checks a finished supergraph, which calls the directives of features by these names: each error names a query that
/// cannot be resolved and says why.
pub(crate) fn check(
    supergraph: &Document,
    features: &BTreeMap<Feature, Name>,
    limits: Limits,
) -> Vec<CompositionError> {
    let supergraph = Supergraph::read(supergraph, features);
    walk(&supergraph, limits).unwrap_or_else(|TooManyPaths| vec![report::too_many_paths(limits)])
}

fn walk(supergraph: &Supergraph, limits: Limits) -> Result<Vec<CompositionError>, TooManyPaths> {
    let mut places = Places::explore(supergraph);
    let roots = supergraph.roots.iter();
    let roots: Vec<_> = roots
        .map(|(operation, root)| (*operation, root, places.roots(root)))
        .collect();
    let mut walk = Walk::new(supergraph, &places, limits);
    for (operation, root, places) in roots {
        walk.begin(operation, root.clone(), &places)?;
    }
    walk.run(0)
}
