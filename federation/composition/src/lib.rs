//! Composes subgraph schemas into a supergraph, and compares schemas.
//!
//! [`compose`] takes the schemas of Apollo Federation 1 and 2 subgraphs and answers with a supergraph in the join
//! specification, the schema its clients see, and hints; or with everything that keeps the subgraphs from composing.

mod codes;
mod compose;
mod context;
pub mod diff;
mod error;
mod hint;
mod merge;
mod model;
mod satisfiability;
mod spec;
mod subgraph;
mod supergraph;
mod validate;

pub use self::{
    compose::{Composition, Limits, Subgraph, compose, compose_within},
    error::{Code, CompositionError, Location},
    hint::{Hint, HintCode},
};
