//! Fields of a mutation that several subgraphs resolve: a query calls one of them once, so one must lead to everything.

use std::collections::BTreeMap;

use apollo_compiler::ast::OperationType;

use super::{
    report,
    supergraph::GraphId,
    walk::{Candidate, Step, TooManyPaths, Walk},
    way::Labels,
};
use crate::error::CompositionError;

impl<'a> Walk<'a> {
    pub(super) fn follow_mutation(
        &mut self,
        step: &Step<'a, '_>,
        options: &[Candidate<'a>],
        labels: Labels<'a>,
    ) -> Result<(), TooManyPaths> {
        let mut by_graph: BTreeMap<GraphId, Vec<Candidate<'a>>> = BTreeMap::new();
        for option in options {
            by_graph
                .entry(self.places.get(option.0).graph)
                .or_default()
                .push(*option);
        }
        if by_graph.len() < 2 {
            return self.follow(step, options, &labels);
        }
        let mut failed = Vec::new();
        for (graph, options) in by_graph {
            let errors = self.beyond(step, &options, &labels)?;
            if errors.is_empty() {
                return Ok(());
            }
            failed.push((self.supergraph.graphs[graph].as_str(), errors));
        }
        let error = report::no_mutation(step.name, &failed);
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
        Ok(())
    }

    /// What stops a walk of its own, behind one field.
    fn beyond(
        &self,
        step: &Step<'a, '_>,
        options: &[Candidate<'a>],
        labels: &Labels<'a>,
    ) -> Result<Vec<CompositionError>, TooManyPaths> {
        let mut walk = Walk::new(self.supergraph, self.places, self.limits);
        let root = &self.states[step.parent];
        walk.begin(OperationType::Mutation, root.runtime.clone(), &root.places)?;
        let parent = 0;
        walk.follow(&Step { parent, ..*step }, options, labels)?;
        walk.run(1)
    }
}
