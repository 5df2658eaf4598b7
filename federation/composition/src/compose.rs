//! The steps from subgraphs to a supergraph, in order.

use apollo_compiler::Name;

use crate::{
    error::{Code, CompositionError},
    hint::Hint,
    merge::merge,
    satisfiability,
    subgraph::{Schema, check_bases, check_roots, load, prepare},
    supergraph,
};

/// A subgraph: a service's schema under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subgraph {
    /// The name that errors and the supergraph call it by.
    pub name: String,
    /// Where it answers queries.
    pub url: String,
    /// Its schema, as the service publishes it.
    pub sdl: String,
}

/// What subgraphs compose to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composition {
    /// The schema in the join specification, which a gateway plans with.
    pub supergraph_sdl: String,
    /// The schema that clients see.
    pub api_sdl: String,
    /// What deserves a look although the subgraphs compose.
    pub hints: Vec<Hint>,
}

/// How much a composition may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many paths of queries are followed to see whether each can be resolved.
    pub paths: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // As many as Apollo's composer looks at.
            paths: 1_000_000,
        }
    }
}

/// Composes subgraphs into a supergraph. The order in which they are given does not matter.
///
/// Rules are checked in stages: each subgraph by itself, then the merge, then the whole, and at last whether every
/// query can be resolved. All errors of the first stage that has some are returned.
pub fn compose(subgraphs: &[Subgraph]) -> Result<Composition, Vec<CompositionError>> {
    compose_within(subgraphs, Limits::default())
}

/// Composes subgraphs like [`compose`], and refuses those that would cost more than is allowed.
pub fn compose_within(subgraphs: &[Subgraph], limits: Limits) -> Result<Composition, Vec<CompositionError>> {
    let schemas = load_all(subgraphs)?;
    let mut merged = merge(&schemas);
    let mut errors = std::mem::take(&mut merged.errors);
    errors.extend(check_bases(&schemas));
    errors.extend(supergraph::check(&merged, &schemas));
    none(errors)?;
    none(supergraph::check_fields(&merged, &schemas))?;
    let document = supergraph::document(&merged, &schemas);
    none(supergraph::check_graphql(&document))?;
    none(supergraph::check_defaults(&merged, &schemas))?;
    none(supergraph::check_visibility(&merged, &schemas))?;
    let api = supergraph::api(&merged, &schemas);
    none(supergraph::check_graphql(&api))?;
    none(satisfiability::check(&document, &merged.features, limits))?;
    Ok(Composition {
        supergraph_sdl: document.to_string(),
        api_sdl: api.to_string(),
        hints: merged.hints,
    })
}

fn none(errors: Vec<CompositionError>) -> Result<(), Vec<CompositionError>> {
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Loads the subgraphs in the order of their names, and checks each by itself.
fn load_all(subgraphs: &[Subgraph]) -> Result<Vec<Schema>, Vec<CompositionError>> {
    let mut sorted = subgraphs.iter().collect::<Vec<_>>();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut errors = name_errors(&sorted);
    let mut schemas = Vec::new();
    for (subgraph, graph) in sorted.iter().zip(graph_names(&sorted)) {
        match load(subgraph, graph) {
            Ok(schema) => schemas.push(schema),
            Err(found) => errors.extend(found),
        }
    }
    errors.extend(prepare(&mut schemas));
    none(errors)?;
    none(check_roots(&schemas))?;
    Ok(schemas)
}

fn name_errors(sorted: &[&Subgraph]) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for (index, subgraph) in sorted.iter().enumerate() {
        let name = &subgraph.name;
        let fault = match name.as_str() {
            "" | "_" => Some(format!(
                "\"{name}\" cannot be the name of a subgraph: choose another one"
            )),
            _ if sorted[..index].iter().any(|other| other.name == *name) => {
                Some(format!("two subgraphs are called \"{name}\": rename one of them"))
            }
            _ => None,
        };
        let error = |message| CompositionError::new(Code::InvalidSubgraphName, message).subgraph(name);
        errors.extend(fault.map(error));
    }
    errors
}

/// The values of `join__Graph`: the names in capital letters, numbered where that makes them equal.
fn graph_names(sorted: &[&Subgraph]) -> Vec<Name> {
    let plain = sorted.iter().map(|subgraph| {
        let mut name = subgraph
            .name
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter.to_ascii_uppercase()
                } else {
                    '_'
                }
            })
            .collect::<String>();
        // GraphQL has two underscores at the beginning for itself.
        let bare = name.trim_start_matches('_');
        if bare.len() < name.len() || bare.starts_with(|letter: char| letter.is_ascii_digit()) {
            name = format!("_{bare}");
        }
        name
    });
    let plain = plain.collect::<Vec<_>>();
    let mut names: Vec<String> = Vec::new();
    for name in &plain {
        let is_alone = plain.iter().filter(|other| *other == name).count() == 1;
        let stem = name.trim_end_matches('_');
        let mut numbered = (1_usize..).map(|number| format!("{stem}_{number}"));
        let free = match is_alone {
            true => None,
            false => numbered.find(|it| !plain.contains(it) && !names.contains(it)),
        };
        names.push(free.unwrap_or_else(|| name.clone()));
    }
    names.iter().map(|name| Name::new_unchecked(name)).collect()
}
